import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MigstateError } from '../errors/index.js'
import type { Modules } from './python/modules.js'
import { parsePython } from './python/parse.js'
import type { Scope } from './python/value.js'
import type { Value } from './python/value.js'
import type { Problem } from './types.js'

/** The settings module, evaluated; values are read from it by name. */
export class DjangoSettings {
  readonly module: string
  readonly file: string
  readonly #scope: Scope

  constructor(module: string, file: string, scope: Scope) {
    this.module = module
    this.file = file
    this.#scope = scope
  }

  get(name: string): Value | undefined {
    const value = this.#scope.names.get(name)
    if (value) return value
    for (const [key, star] of this.#scope.names)
      if (key.startsWith('*') && star.kind === 'unknown') return { ...star, reason: `${name} may come from there: ${star.reason}` }
    return undefined
  }
}

/** `--settings`, else DJANGO_SETTINGS_MODULE, else what manage.py sets by default. */
export function settingsModuleOf(folder: string, managePy: string, flag: string | undefined, modules: Modules): string | null {
  // manage.py is evaluated as the program that it is, `main()` included: it may set DJANGO_SETTINGS_MODULE and sys.path.
  if (existsSync(managePy)) modules.evaluate(managePy, '__main__')
  if (flag !== undefined) return flag
  const named = modules.env.DJANGO_SETTINGS_MODULE
  if (named) return named
  if (!existsSync(managePy)) return null
  const text = readFileSync(managePy, 'utf8').replace(/#.*$/gm, '')
  const found = new Set(
    [...text.matchAll(/environ(?:\.setdefault\(|\[)\s*["']DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*["']([\w.]+)["']/g)].map((match) => match[1] as string),
  )
  if (found.size > 1)
    throw new MigstateError(
      'bad-settings',
      `${managePy} names several settings modules (${[...found].join(', ')}), and which one holds cannot be read. Nothing was read.`,
      {
        hint: 'Name it with --settings, or set DJANGO_SETTINGS_MODULE.',
      },
    )
  return [...found][0] ?? fallbackModule(folder)
}

/** A project whose manage.py hides it: a settings.py beside it. */
function fallbackModule(folder: string): string | null {
  return existsSync(join(folder, 'settings.py')) ? 'settings' : null
}

/** @throws MigstateError `bad-settings` where Django could not import the module either */
export function readSettings(module: string, modules: Modules): DjangoSettings {
  const file = modules.findFile(module)
  if (file === null)
    throw new MigstateError('bad-settings', `The settings module "${module}" was not found on ${modules.searchPath.join(', ')}. Nothing was read.`, {
      hint: 'Check --settings and DJANGO_SETTINGS_MODULE, or give --url and --no-files.',
    })
  const parsed = parsePython(file, readFileSync(file, 'utf8'))
  if (parsed.syntaxError !== null)
    throw new MigstateError('bad-settings', `The settings module ${file} is not valid Python near line ${parsed.syntaxError}. Nothing was read.`)
  return new DjangoSettings(module, file, modules.evaluate(file))
}

/** A list of strings out of a value; what is not certain becomes a problem and `complete: false`. */
export function stringList(value: Value | undefined, setting: string, settings: DjangoSettings): { items: string[]; complete: boolean; problems: Problem[] } {
  const items: string[] = []
  const problems: Problem[] = []
  const visit = (current: Value) => {
    if (current.kind === 'string') items.push(current.value)
    else if ('items' in current) for (const item of current.items) visit(item)
    else if (current.kind === 'either') {
      problems.push({ code: 'depends-on-settings', file: settings.file, line: null, message: `${setting} depends on ${current.dependsOn}` })
      for (const option of current.options) visit(option)
    } else if (current.kind === 'unknown')
      problems.push({ code: 'unreadable-file', file: current.file, line: current.line, message: `${setting}: ${current.reason}` })
    else
      problems.push({
        code: 'unreadable-file',
        file: settings.file,
        line: current.kind === 'call' ? current.line : null,
        message: `an entry of ${setting} cannot be read`,
      })
  }
  if (value) visit(value)
  return { items: [...new Set(items)], complete: problems.length === 0, problems }
}
