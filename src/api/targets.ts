import { realpathSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { Row } from '../database/index.js'
import type { ProjectFiles } from '../project/index.js'
import { MigstateError, type Warnings } from '../errors/index.js'
import { resolveMigration } from '../migrations/index.js'

/** A migration as a user has named it: the name may still be the beginning of one. */
export interface NamedTarget {
  app: string
  text: string
}

export interface TargetContext {
  /** null: `--no-files`. */
  project: ProjectFiles | null
  rows: readonly Row[]
  /** Where relative paths begin. */
  cwd: string
}

/**
 * The migrations that words name, in their order: `shop 0003 0004`, `shop.0003 blog.0002`, `shop/migrations/0003_x.py`, mixed.
 * @throws MigstateError `usage` for an app without a name, `unknown-migration` for a file that is none
 */
export function namedTargets(words: readonly string[], context: TargetContext): NamedTarget[] {
  const targets: NamedTarget[] = []
  let app: string | undefined
  let used = true
  for (const word of words) {
    const whole = asPath(word, context) ?? asDotted(word, app, context)
    if (whole) targets.push(whole)
    else if (app === undefined || (isLabel(word, context) && !hasName(app, word, context))) {
      if (!used) throw withoutName(app as string)
      ;[app, used] = [word, false]
    } else {
      targets.push({ app, text: word })
      used = true
    }
  }
  if (!used) throw withoutName(app as string)
  if (targets.length === 0) throw new MigstateError('usage', 'Name at least one migration.', { hint: 'Write it as "shop 0003" or "shop.0003".' })
  return targets
}

/** The same with whole names, each migration once. */
export function resolveTargets(words: readonly string[], context: TargetContext, warnings: Warnings): [app: string, name: string][] {
  const found = new Map<string, [string, string]>()
  for (const { app, text } of namedTargets(words, context)) {
    const name = resolveMigration({ ...context, app, text }, warnings)
    found.set(`${app}\0${name}`, [app, name])
  }
  return [...found.values()]
}

/** `[APP [MIGRATION]]` of the commands that mirror Django: an app alone is a target too. */
export function djangoTarget(
  app: string | undefined,
  migration: string | undefined,
  context: TargetContext,
): { app: string; name: string | undefined } | undefined {
  if (app === undefined) return undefined
  if (migration !== undefined) return { app, name: migration }
  const whole = asPath(app, context) ?? asDotted(app, undefined, context)
  return whole ? { app: whole.app, name: whole.text } : { app, name: undefined }
}

function asPath(word: string, { project, cwd }: TargetContext): NamedTarget | null {
  if (!word.endsWith('.py') && !/[/\\]/.test(word)) return null
  const path = resolve(cwd, word.endsWith('.py') ? word : `${word}.py`)
  const found = project?.apps.flatMap((app) => app.migrations.map((file) => ({ app: app.label, file }))).find(({ file }) => samePath(file.file, path))
  if (found) return { app: found.app, text: found.file.name }
  const folder = dirname(path)
  if (project === null && basename(folder) === 'migrations') return { app: basename(dirname(folder)), text: basename(path, '.py') }
  throw new MigstateError('unknown-migration', `${word} is not the file of a migration of an installed app.`, {
    hint: 'See "migstate status" for the names.',
  })
}

function samePath(left: string, right: string): boolean {
  if (left === right) return true
  try {
    return realpathSync(left) === realpathSync(right)
  } catch {
    return false
  }
}

/** Labels hold no dots, so the first one ends the label; behind an app a name may hold one. */
function asDotted(word: string, app: string | undefined, context: TargetContext): NamedTarget | null {
  const at = word.indexOf('.')
  if (at <= 0 || at === word.length - 1) return null
  const [label, text] = [word.slice(0, at), word.slice(at + 1)]
  return app === undefined || isLabel(label, context) ? { app: label, text } : null
}

function isLabel(word: string, { project, rows }: TargetContext): boolean {
  return (project?.apps.some((app) => app.label === word) ?? false) || rows.some((row) => row.app === word)
}

function hasName(app: string, word: string, { project, rows }: TargetContext): boolean {
  const files = project?.apps.find((one) => one.label === app)?.migrations ?? []
  return files.some((file) => file.name.startsWith(word)) || rows.some((row) => row.app === app && row.name.startsWith(word))
}

function withoutName(app: string): MigstateError {
  return new MigstateError('usage', `Name a migration of ${app}.`, { hint: `See "migstate status ${app}" for the names.` })
}
