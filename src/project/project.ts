import { delimiter, dirname, relative, resolve } from 'node:path'
import { moduleToRun } from '../config/index.js'
import { MigstateError } from '../errors/index.js'
import type { DjangoAnswer } from './ask/answer.js'
import { answeredSettings } from './ask/answered.js'
import type { AskFailure, AskRequest } from './ask/ask-django.js'
import { askOrRemember } from './ask/remember.js'
import { toldFiles } from './ask/told-files.js'
import { withDetails } from './ask/with-details.js'
import { DetailCache } from './cache/detail-cache.js'
import { keepDetails, once, withKept } from './cache/kept-details.js'
import { ProjectCache } from './cache/project-cache.js'
import { digest, Store } from './cache/store.js'
import { readDatabase } from './databases.js'
import { djangoNames, namesBeforeSetup } from './django-names.js'
import { findEnvironment, type PythonEnvironment, versionInText } from '../python/environment/index.js'
import { Files } from '../python/files.js'
import { type MigrationContext, readMigration } from './migration-file.js'
import { Modules } from '../python/modules/modules.js'
import { Places } from '../python/places.js'
import { exhaustion, Pool, spending, tellsOfCut } from '../python/budget.js'
import { readProjectFiles } from './project-files.js'
import { rulesFor } from '../django/rules.js'
import { type DjangoSettings, readSettings, settingsModuleOf } from './settings.js'
import { managePyOf, noSettingsNamed } from './starter.js'
import { settingOfApps } from './settings-of-apps.js'
import { type Unshipped, unshippedMigrations } from './shipped.js'
import type { MigrationFile, Operation, ProjectFiles } from './types.js'

export interface ProjectRequest {
  folder: string
  managePy: string | undefined
  settings: string | undefined
  python: string | undefined
  /** Where relative paths count from; else the process's. */
  cwd?: string | undefined
  /** `--path`, more folders where apps may lie. */
  path: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** `--django-version`: takes the place of the Django that was found. */
  djangoVersion?: string | undefined
  /** `--migrations LABEL=PATH`: folders or dotted packages by label. */
  migrations?: Readonly<Record<string, string>>
  /** Where answers are kept between runs; without it nothing is. */
  cacheFolder?: string | undefined
  /** Called once where thousands of files have to be parsed. */
  onManyFiles?: (() => void) | undefined
  /** `--ask-django`: the words that start the project's Python; the alias whose database is wanted, where no URL names it. */
  ask?: { command: readonly string[]; alias: string | null } | undefined
}

/** A project found on disk; its apps are read when they are first asked for. */
export class Project {
  readonly folder: string
  readonly managePy: string
  readonly settings: DjangoSettings
  readonly djangoVersion: string | null
  /** Why nothing is kept between runs, although it was asked for. */
  readonly cacheRefusal: string | null
  /** Where the project's Python was asked and did not answer, or not all: why, and its last lines. */
  readonly askFailure: AskFailure | null
  readonly #context: Omit<MigrationContext, 'app'>
  readonly #cache: ProjectCache | null
  readonly #answer: DjangoAnswer | null
  readonly #details: DetailCache | null
  readonly #onManyFiles: (() => void) | undefined
  #files: ProjectFiles | undefined
  /** Their operations hold on to text and tree of each file, as long as the project is open. */
  readonly #detailed = new WeakMap<MigrationFile, MigrationFile>()

  constructor(
    { folder, managePy, onManyFiles }: Pick<ProjectRequest, 'folder' | 'onManyFiles'> & { managePy: string },
    context: Omit<MigrationContext, 'app'>,
    djangoVersion: string | null,
    cache: { cache: ProjectCache | null; details: DetailCache | null; refusal: string | null },
    asked: DjangoAnswer | AskFailure | null,
  ) {
    this.folder = folder
    this.managePy = managePy
    this.#onManyFiles = onManyFiles
    this.settings = context.settings
    this.djangoVersion = djangoVersion
    this.#context = context
    this.#cache = cache.cache
    this.#details = cache.details
    this.cacheRefusal = cache.refusal
    this.#answer = asked && 'reason' in asked ? null : asked
    this.askFailure = failureOf(asked)
  }

  /** Where its packages lie; `describeEnvironment` says it in a sentence. */
  get python(): PythonEnvironment {
    return this.#context.modules.environment
  }

  /** What names that place, in words; null where none is known. */
  get environment(): string | null {
    return this.python.because
  }

  /** Whether `allow_migrate` of a router may keep tables away from a database; also where that cannot be read. */
  get hasRouters(): boolean {
    const routers = this.settings.get('DATABASE_ROUTERS')
    if (routers === undefined || routers.kind === 'none') return false
    return !((routers.kind === 'list' || routers.kind === 'tuple') && routers.items.length === 0)
  }

  /** Apps and migrations of INSTALLED_APPS, in its order. */
  files(): ProjectFiles {
    this.#files ??= this.#told() ?? bounded(this.folder, () => readProjectFiles(this.folder, this.djangoVersion, this.#context, this.#cache, this.#onManyFiles))
    return this.#files
  }

  /** Does the work of {@link files} for a caller that waits for something else: where all that an earlier run has kept still holds, it is quick. */
  readKept(): void {
    if (this.#answer === null) this.#files ??= this.#cache?.whole(this.#context.modules.variables.given) ?? undefined
  }

  /** What Django's own loader says takes the place of what is read, but for what `--migrations` says otherwise. */
  #told(): ProjectFiles | null {
    const { settings, rules, overrides } = this.#context
    if (!this.#answer?.loader || (overrides && overrides.size > 0)) return null
    const place = { folder: this.folder, settingsModule: settings.module, djangoVersion: this.djangoVersion }
    return toldFiles({ ...this.#answer, loader: this.#answer.loader }, place, rules)
  }

  /** The same migration with the arguments of its operations, which are not kept between runs. */
  detailed(file: MigrationFile): MigrationFile {
    if (!file.operations?.some((one) => one.arguments === undefined)) return file
    const known = this.#detailed.get(file)
    if (known) return known
    const read = once(() => readMigration(file.file, file.name, { ...this.#context, app: file.app }))
    const detailed = this.files().told ? withDetails(file, read()) : (this.#kept(file, read) ?? read())
    this.#detailed.set(file, detailed)
    return detailed
  }

  /** From an earlier run, else for the next one; null where it cannot be kept. */
  #kept(file: MigrationFile, read: () => MigrationFile): MigrationFile | null {
    const details = this.#details?.of(file)
    if (details)
      return { ...file, operations: details.map((one, at) => withKept((file.operations as Operation[])[at] as Operation, one, () => read().operations?.[at])) }
    const { operations } = read()
    const made = this.#details && operations && keepDetails(operations)
    if (made && !tellsOfCut(JSON.stringify(made))) this.#details?.add(file, made)
    return null
  }

  /** What was read in detail, for the next run. */
  keepDetails(): void {
    const { files, variables } = this.#context.modules
    this.#details?.keep({ files, asked: variables.asked })
  }

  /** Migrations that lie in installed packages and did not come with them. */
  unshipped(): Unshipped[] {
    const { environment, files } = this.#context.modules
    return bounded(this.folder, () => unshippedMigrations(this.files(), files, environment.sitePackages))
  }

  /** The text of a migration file, read as everything of the project is; null where it cannot be. */
  source({ file }: MigrationFile): string | null {
    return this.#context.modules.files.read(file)
  }
}

/**
 * What lies between the files has a budget too, and nothing to say without it.
 * @throws MigstateError `bad-settings`
 */
function bounded<T>(folder: string, read: () => T): T {
  try {
    return spending(new Pool(), 0, read)
  } catch (error) {
    const reason = exhaustion(error)
    if (reason === null) throw error
    throw new MigstateError('bad-settings', `The project in ${folder} cannot be read without running it: ${reason}.`)
  }
}

/**
 * @throws MigstateError `bad-settings` when the settings module is not there or is not Python; `usage` when the program of `--python`
 * does not exist
 */
export function openProject(request: ProjectRequest): Project {
  return bounded(request.folder, () => open(request))
}

function open(request: ProjectRequest): Project {
  const files = new Files()
  const environment = findEnvironment({ folder: request.folder, cwd: request.cwd, python: request.python, env: request.env })
  const pythonPath = (request.env.PYTHONPATH ?? '').split(delimiter).filter(Boolean)
  const folders = [request.folder, ...request.path.map((folder) => resolve(request.cwd ?? '', folder)), ...pythonPath]
  const overrides = new Map(Object.entries(request.migrations ?? {}))
  const besides = request.managePy === undefined || moduleToRun(request.managePy) !== null ? [] : [dirname(resolve(request.managePy))]
  const named = [...besides, ...folders.slice(1), ...[...overrides.values()].filter(isPath).map((place) => resolve(place))]
  const places = new Places({ folder: request.folder, named })
  places.addPackages([...environment.sitePackages, ...(environment.standardLibrary === null ? [] : [environment.standardLibrary])])
  files.limitTo(places)
  const modules = new Modules({ folders, env: request.env, environment, files, places })
  const version = () => request.djangoVersion ?? versionOnPath(modules) ?? environment.djangoVersion
  modules.useDjangoNames(namesBeforeSetup(version, modules), () => undefined)
  const managePy = managePyOf(request.folder, request.managePy, modules)
  const settingsModule = settingsModuleOf(request.folder, managePy, request.settings, modules)
  if (settingsModule === null) {
    const { said, hint } = noSettingsNamed(managePy, environment, modules)
    throw new MigstateError('bad-settings', `No settings module is known for ${request.folder}: ${said}.`, { hint })
  }
  for (const [label, place] of overrides)
    if (isPath(place) && !files.isFolder(resolve(place)))
      throw new MigstateError('bad-file', `--migrations ${label}=${place}: there is no such folder.`, {
        hint: 'Give a folder, or a dotted package.',
      })
  const settings = readSettings(settingsModule, managePy, modules)
  const store = request.cacheFolder === undefined ? null : new Store(request.cacheFolder)
  const question = questionOf(request, managePy, settingsModule.module, environment)
  const asked = request.ask ? askOrRemember(toAsk(request.ask, settings), toldOf(request, managePy, settings), { store, question, modules }) : null
  const answer = asked && 'reason' in asked ? null : asked
  if (answer) settings.tell(answeredSettings(answer))
  const djangoVersion = request.djangoVersion ?? answer?.version ?? version()
  const rules = rulesFor(djangoVersion)
  const context: Omit<MigrationContext, 'app'> = {
    modules,
    settings,
    rules,
    overrides,
    ...(answer ? { labels: new Map(answer.apps.map(({ name, label }) => [name, label])) } : {}),
  }
  modules.useDjangoNames(djangoNames(settings, djangoVersion, modules), (name) => settingOfApps(name, context))
  const about = `files ${djangoVersion} ${answer ? digest(JSON.stringify(answer)) : ''} ${question}`
  const again = (file: MigrationFile) => readMigration(file.file, file.name, { ...context, app: file.app })
  const [cache, details] = store ? [new ProjectCache(store, about, again), new DetailCache(store, about, modules.variables.given)] : [null, null]
  return new Project({ ...request, managePy }, context, djangoVersion, { cache, details, refusal: store?.refusal ?? null }, asked)
}

/** A kept answer names no database; it is enough where the files name it. */
function toAsk({ command, alias }: NonNullable<ProjectRequest['ask']>, settings: DjangoSettings): { command: readonly string[]; needsDatabase: boolean } {
  if (alias === null) return { command, needsDatabase: false }
  try {
    return { command, needsDatabase: readDatabase(settings, alias) === null }
  } catch {
    return { command, needsDatabase: true }
  }
}

/** As the command that starts Python sees it, which may be in a container: beside the folder by its name, else by its whole path. */
function toldOf({ folder, env, managePy: named }: ProjectRequest, managePy: string, { module: settings }: DjangoSettings): Omit<AskRequest, 'command'> {
  const module = moduleToRun(named)
  if (module !== null) return { folder, env, settings, manage: `-m ${module}` }
  const near = relative(folder, managePy)
  return { folder, env, settings, manage: near.startsWith('..') ? managePy : near }
}

function failureOf(asked: DjangoAnswer | AskFailure | null): AskFailure | null {
  if (asked === null) return null
  if ('reason' in asked) return asked
  return asked.failed === null ? null : { reason: `its loader of migrations ended by ${asked.failed.at(-1) ?? 'an error'}`, tail: asked.failed }
}

/** Of the Django that this path finds first: PYTHONPATH, `--path`, what manage.py adds, a vendored copy, the environment. */
function versionOnPath(modules: Modules): string | null {
  const file = modules.findFile('django')
  return versionInText(file === null ? null : modules.files.read(file))
}

/** `--migrations`: a folder, or a dotted package. */
function isPath(place: string): boolean {
  return /[/\\]/.test(place)
}

/** Everything that the user has said about the project, and where that leads. */
function questionOf(request: ProjectRequest, managePy: string, settings: string | null, environment: PythonEnvironment): string {
  const { folder, python, path, env, migrations, ask, cwd = '' } = request
  const places = Object.entries(migrations ?? {}).map(([label, place]) => [label, place, resolve(place)])
  const { passedOver: _, ...chosen } = environment
  return JSON.stringify([folder, managePy, settings, python, path.map((one) => resolve(cwd, one)), env.PYTHONPATH, places, ask?.command, chosen])
}
