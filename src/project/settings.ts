import { basename, join } from 'node:path'
import { MigstateError } from '../errors/index.js'
import type { Family } from '../django/backends.js'
import { familyOf } from './backend.js'
import { hookThatChanges } from './configuration-hooks.js'
import { configurationValue } from '../python/libraries/configurations.js'
import { parseDotenv } from '../python/libraries/dotenv.js'
import type { Modules } from '../python/modules/modules.js'
import { prefixesOf } from '../python/modules/search-path.js'
import { exhaustion, payValues, Pool, spending } from '../python/budget.js'
import { Evaluator } from '../python/evaluate/evaluator.js'
import { classAttribute } from '../python/evaluate/class-attribute.js'
import { attribute } from '../python/evaluate/members.js'
import { starIn } from '../python/evaluate/stars.js'
import type { ClassValue, Scope, Unknown, Value } from '../python/evaluate/value.js'
import type { Problem } from './types.js'

/** Who named the settings module. Files of other tools are asked last, and never to choose the database of a write (cli.md). */
export type NamedBy = 'flag' | 'environment' | 'manage.py' | 'other file'

/** @property module null: `settings.configure()` in manage.py */
export interface Named {
  module: string | null
  by: NamedBy
}

/** The settings module, evaluated; values are read from it by name. */
export class DjangoSettings {
  /** null: manage.py configures them itself. */
  readonly module: string | null
  /** Of the module, else manage.py. */
  readonly file: string
  readonly namedBy: NamedBy
  readonly #scope: Scope
  readonly #modules: Modules
  readonly #configuration: ClassValue | undefined

  constructor(named: Named, file: string, scope: Scope, modules: Modules) {
    this.module = named.module
    this.namedBy = named.by
    this.file = file
    this.#scope = scope
    this.#modules = modules
    const wanted = modules.env.get('DJANGO_CONFIGURATION')
    const found = wanted === undefined ? undefined : this.resolve(scope.names.get(wanted) ?? { kind: 'none' })
    this.#configuration = found?.kind === 'class' ? found : undefined
  }

  /** The settings end by an exception of their own, here and now: Django does not start with them. */
  get failure(): Unknown | null {
    if (this.module === null) return null
    const raised = this.#modules.raisedIn(this.file)
    if (!raised) return null
    return {
      kind: 'unknown',
      reason: `here the settings raise ${raised.exception}${raised.message ? `: ${raised.message}` : ''}, in Python too`,
      file: raised.file ?? this.file,
      line: raised.line ?? 1,
    }
  }

  /** For sentences. */
  get title(): string {
    return this.module ?? basename(this.file)
  }

  /** What Django itself has told (`--ask-django`). */
  tell(told: ReadonlyMap<string, Value>): void {
    this.#told = told
  }

  #told: ReadonlyMap<string, Value> = new Map()

  get(name: string): Value | undefined {
    const told = this.#told.get(name)
    if (told) return told
    // Django would not start: nothing of them holds.
    if (this.failure) return this.failure
    if (this.#configuration) return this.#fromConfiguration(this.#configuration, name)
    const value = this.#scope.names.get(name)
    if (value) return this.resolve(value)
    const star = starIn(this.#scope)
    return star && { ...star, reason: `${name} may come from there: ${star.reason}` }
  }

  /** What the backend of an ENGINE talks to; null where nothing says it. */
  familyOf(engine: string): Family | null {
    return familyOf(engine, this.#modules)
  }

  /** The settings with such names that are text. */
  texts(wanted: (name: string) => boolean): string[] {
    const names = [...this.#scope.names.keys()].filter((name) => /^[A-Z]/.test(name) && wanted(name))
    return names.flatMap((name) => {
      const value = this.get(name)
      return value?.kind === 'string' ? [value.value] : []
    })
  }

  /** The value behind an imported name. */
  resolve(value: Value): Value {
    return value.kind === 'reference' ? (this.#modules.lookUp(value.name) ?? value) : value
  }

  /** django-configurations: an attribute or property of the class, its `values` read from the environment. */
  #fromConfiguration(owner: ClassValue, name: string): Value | undefined {
    const py = new Evaluator(owner.file, this.#modules)
    const node = owner.file.tree.topNode
    if (!classAttribute(py, owner, name)) return undefined
    const hook = hookThatChanges(py, owner, name)
    if (hook) return { kind: 'unknown', reason: `${owner.name}.${hook} may change it`, file: owner.file.file, line: owner.line }
    const object: Value = { kind: 'call', callee: owner.name, target: owner, args: [], keywords: new Map(), line: owner.line, node, file: owner.file }
    const value = this.resolve(attribute(py, object, name, node))
    return configurationValue(name, value, this.#modules, this.file) ?? value
  }
}

/** `--settings`, else what manage.py configures by itself, else DJANGO_SETTINGS_MODULE, else what manage.py sets by default, else what other tools' files name. */
export function settingsModuleOf(folder: string, managePy: string, flag: string | undefined, modules: Modules): Named | null {
  const fromEnvironment = modules.env.get('DJANGO_SETTINGS_MODULE')
  // manage.py is evaluated as the program that it is, `main()` included: it may set DJANGO_SETTINGS_MODULE and sys.path.
  const text = modules.files.read(managePy)
  if (text !== null) modules.evaluate(managePy, '__main__')
  if (flag !== undefined) return { module: flag, by: 'flag' }
  if (modules.configured) return { module: null, by: 'manage.py' }
  if (modules.configured === null)
    throw new MigstateError('bad-settings', `${managePy} calls settings.configure() where something holds that cannot be read.`, {
      hint: 'Name the settings module with --settings, or give --url and --no-files.',
    })
  if (fromEnvironment) return { module: fromEnvironment, by: 'environment' }
  const byManagePy = modules.env.get('DJANGO_SETTINGS_MODULE')
  if (byManagePy) return { module: byManagePy, by: 'manage.py' }
  const named = namedInText(managePy, text ?? '')
  if (named !== undefined) return { module: named, by: 'manage.py' }
  const other = namedByOtherFiles(folder, modules)
  if (other !== undefined) return { module: other, by: 'other file' }
  // A project whose manage.py hides it: a settings.py beside it.
  return text !== null && modules.files.isFile(join(folder, 'settings.py')) ? { module: 'settings', by: 'manage.py' } : null
}

function namedInText(managePy: string, text: string): string | undefined {
  const mentions = text.replace(/#.*$/gm, '').matchAll(/environ(?:\.setdefault\(|\[)\s*["']DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*["']([\w.]+)["']/g)
  const found = new Set([...mentions].map((match) => match[1] as string))
  if (found.size > 1)
    throw new MigstateError('bad-settings', `${managePy} names several settings modules (${[...found].join(', ')}), and which one holds cannot be read.`, {
      hint: 'Name it with --settings, or set DJANGO_SETTINGS_MODULE.',
    })
  return [...found][0]
}

const OTHER_FILES = ['setup.cfg', 'pyproject.toml', 'pytest.ini', 'tox.ini']

function namedByOtherFiles(folder: string, { files }: Modules): string | undefined {
  const dotenv = files.read(join(folder, '.env'))
  const named = dotenv === null ? undefined : parseDotenv(dotenv).get('DJANGO_SETTINGS_MODULE')
  if (named) return named
  for (const name of OTHER_FILES) {
    const match = /^[ \t]*(?:DJANGO_SETTINGS_MODULE|django_settings_module)[ \t]*=[ \t]*["']?([\w.]+)["']?/m.exec(files.read(join(folder, name)) ?? '')
    if (match) return match[1]
  }
  return undefined
}

/** @throws MigstateError `bad-settings` where Django could not import the module either */
export function readSettings(named: Named, managePy: string, modules: Modules): DjangoSettings {
  const { module } = named
  if (module === null) return new DjangoSettings(named, managePy, modules.ownSettings, modules)
  const file = modules.findFile(module)
  if (file === null)
    throw new MigstateError('bad-settings', `The settings module "${module}" was not found on ${modules.path.folders.join(', ')}.`, {
      hint: 'Check --settings and DJANGO_SETTINGS_MODULE, or give --url and --no-files.',
    })
  // Python runs the packages above a module first.
  for (const above of prefixesOf(module).slice(0, -1)) modules.importModule(above, file)
  const scope = modules.evaluate(file)
  const line = modules.syntaxErrorOf(file)
  if (line !== null) throw new MigstateError('bad-settings', `The settings module ${file} is not valid Python near line ${line}.`)
  return new DjangoSettings(named, file, scope, modules)
}

/** A list of strings out of a value; what is not certain becomes a problem and `complete: false`. */
export function stringList(value: Value | undefined, setting: string, settings: DjangoSettings): { items: string[]; complete: boolean; problems: Problem[] } {
  const items: string[] = []
  const problems: Problem[] = []
  const visit = (written: Value) => {
    payValues(1)
    const current = settings.resolve(written)
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
        file: current.kind === 'call' ? current.file.file : settings.file,
        line: current.kind === 'call' ? current.line : null,
        message: current.kind === 'call' ? `${setting}: ${current.callee}() is not evaluated` : `an entry of ${setting} cannot be read`,
      })
  }
  try {
    if (value) spending(new Pool(), 0, () => visit(value))
  } catch (error) {
    const reason = exhaustion(error)
    if (reason === null) throw error
    items.length = 0
    problems.push({ code: 'unreadable-file', file: settings.file, line: null, message: `${setting}: ${reason}` })
  }
  // What two branches both have is one entry; what a plain list names twice Django refuses.
  return { items: problems.length === 0 ? items : [...new Set(items)], complete: problems.length === 0, problems }
}
