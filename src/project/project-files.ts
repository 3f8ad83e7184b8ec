import { readApp, readNamedApp } from './apps.js'
import { MigstateError } from '../errors/index.js'
import type { ProjectCache, Remembered } from './cache/project-cache.js'
import { type MigrationContext, readMigration } from './migration-file.js'
import { isCutShort } from '../python/budget.js'
import { type Installed, MOST_WORLDS, readInstalled } from './installed-apps.js'
import type { AppFiles, MigrationFile, Problem, ProjectFiles } from './types.js'

/** All apps of INSTALLED_APPS with their migrations, out of the cache where nothing has changed. */
export function readProjectFiles(
  folder: string,
  djangoVersion: string | null,
  context: Omit<MigrationContext, 'app'>,
  cache: ProjectCache | null,
  onManyFiles?: () => void,
): ProjectFiles {
  const kept = cache?.whole(context.modules.variables.given)
  if (kept) return kept
  const reader = new RememberingReader(context, cache?.remembered() ?? new Map(), onManyFiles)
  const files = readAll(folder, djangoVersion, context, reader)
  cache?.keep(files, { files: context.modules.files, asked: context.modules.variables.asked }, reader.alone)
  return files
}

/**
 * How the lists that INSTALLED_APPS may be differ, by what has migrations.
 * @param labelOf label of a migrated app, null of one without migrations, undefined where the entry was not found
 */
function doubtIn(
  { worlds, open, problems }: Installed,
  labelOf: ReadonlyMap<string, string | null | undefined>,
): Pick<ProjectFiles, 'complete' | 'open' | 'worlds'> {
  if (problems.length === 0) return { complete: true }
  if (worlds === null) return { complete: false }
  const all = new Set([...labelOf.values()].filter((label) => typeof label === 'string'))
  const distinct = new Map<string, string[]>()
  for (const world of worlds) {
    const there = new Set(world.map((entry) => labelOf.get(entry)))
    const without = [...all].filter((label) => !there.has(label)).sort()
    distinct.set(JSON.stringify(without), without)
  }
  if (distinct.size > MOST_WORLDS) return { complete: false }
  // What was not found on disk may have any migrations.
  const lost = [...labelOf].some(([entry, label]) => label === undefined && worlds.some((world) => !world.includes(entry)))
  const several = distinct.size > 1 ? { worlds: [...distinct.values()].map((without) => ({ without })) } : {}
  return { complete: !open && !lost && distinct.size === 1, ...(open || lost ? { open: true } : {}), ...several }
}

/** Of fewer the heap stays small anyway. */
const MANY = 1000

/** Reads a migration file, or takes what an earlier run has read of it where the file says everything by itself. */
class RememberingReader {
  readonly alone = new Map<string, { signature: string; imports: string[] }>()
  readonly #context: Omit<MigrationContext, 'app'>
  readonly #remembered: ReadonlyMap<string, Remembered>
  readonly #onMany: (() => void) | undefined
  #parsed = 0

  constructor(context: Omit<MigrationContext, 'app'>, remembered: ReadonlyMap<string, Remembered>, onMany: (() => void) | undefined) {
    this.#context = context
    this.#remembered = remembered
    this.#onMany = onMany
  }

  read = (file: string, name: string, context: MigrationContext) => {
    const { modules } = this.#context
    const known = this.#remembered.get(file)
    const signature = modules.files.signature(file)
    if (known && known.signature === signature && known.file.app === context.app && known.imports.every((module) => modules.mayImport(module))) {
      this.alone.set(file, { signature, imports: known.imports })
      return known.file
    }
    if (++this.#parsed === MANY) this.#onMany?.()
    const before = modules.consulted
    const imports = modules.watchImports()
    const read = withoutDetails(readMigration(file, name, context))
    const isWhole = read.broken === null && !read.problems.some((one) => isCutShort(one.message))
    if (modules.consulted === before && isWhole) this.alone.set(file, { signature, imports: imports() })
    return read
  }
}

/**
 * Arguments and code, which are functions, hold on to the whole file, its text and its tree; `Project.detailed` reads the few that are asked for
 * again. So does each word that V8 has cut out of the text: what stays is a copy.
 */
function withoutDetails(file: MigrationFile): MigrationFile {
  return JSON.parse(JSON.stringify(file)) as MigrationFile
}

function readAll(folder: string, djangoVersion: string | null, context: Omit<MigrationContext, 'app'>, reader: RememberingReader): ProjectFiles {
  const { settings, rules, overrides = new Map<string, string>() } = context
  const installed = readInstalled(settings)
  const isCertain = installed.problems.length === 0
  const labelOf = new Map<string, string | null | undefined>()
  const apps: AppFiles[] = []
  const notFound: string[] = []
  const refused: Problem[] = []
  const labels = new Set<string>()
  let broken: ProjectFiles['broken'] = null
  for (const entry of installed.items) {
    const app = readApp(entry, context, reader.read)
    labelOf.set(entry, !app || 'code' in app ? undefined : app.migrated ? app.label : null)
    if (!app) notFound.push(entry)
    else if ('code' in app) {
      notFound.push(entry)
      refused.push(app)
    } else if (!labels.has(app.label)) {
      labels.add(app.label)
      apps.push(installed.worlds?.every((world) => world.includes(entry)) === false ? { ...app, inDoubt: true } : app)
    } else if (isCertain && app.problems.length === 0)
      broken ??= { exception: 'ImproperlyConfigured', message: `Application labels aren't unique, duplicates: ${app.label}` }
    else if (app.labelIsGuess) {
      // A guess that meets another app's label is wrong.
      notFound.push(entry)
      refused.push(...app.problems)
    }
  }
  for (const [label, place] of overrides) {
    if (labels.has(label)) continue
    const app = readNamedApp(label, place, context, reader.read)
    if (isCertain && notFound.length === 0)
      throw new MigstateError('unknown-app', `--migrations names the app "${label}", and the settings have none of that label.`, {
        details: { candidates: [...labels] },
      })
    if (app) apps.push(app)
  }
  const doubt = doubtIn(installed, labelOf)
  const useTz = settings.get('USE_TZ')
  const timeZone = settings.get('TIME_ZONE')
  return {
    folder,
    settingsModule: settings.module,
    djangoVersion,
    apps,
    notFound,
    ...doubt,
    problems: [...installed.problems, ...refused, ...apps.flatMap((app) => app.problems)],
    broken,
    // django/conf/global_settings.py: TIME_ZONE is "America/Chicago".
    useTz: useTz?.kind === 'boolean' ? useTz.value : useTz === undefined && djangoVersion !== null ? rules.usesTzByDefault : null,
    timeZone: timeZone?.kind === 'string' ? timeZone.value : timeZone === undefined ? 'America/Chicago' : null,
  }
}
