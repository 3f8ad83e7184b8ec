import { join } from 'node:path'
import {
  cacheFolder,
  checkConfig,
  type Config,
  type ConnectionSpec,
  isSecretName,
  maskSecrets,
  Redactor,
  type ServerSpec,
  type Settings,
  splitWords,
} from '../config/index.js'
import { type Database, type History, openDatabase } from '../database/index.js'
import { defaultPython, describeEnvironment, openProject, type Project, type ProjectFiles, readDatabase, startersAround } from '../project/index.js'
import { type Effects, MigstateError, Warnings } from '../errors/index.js'
import { type Rules, rulesFor } from '../migrations/index.js'
import { aliasesOf, chooseConnection } from './connection.js'
import { notAnswered, warnOfFiles } from './file-warnings.js'
import { askJournal } from './journal-access.js'
import { actorOf } from './who.js'

export interface WorkspaceOptions {
  /** `required`: no project is an error; `optional`: used when there is one. */
  files: 'required' | 'optional'
  /** Reading commands and dry runs. */
  readOnly: boolean
  /** No database is named, looked for or opened: what is asked has its answer in the files. */
  filesOnly?: boolean | undefined
  /** The command line, masked, for the journal. */
  command: string
  env: Readonly<Record<string, string | undefined>>
  /** Where relative paths of arguments begin. */
  cwd: string
  /** Aborted by Ctrl-C. */
  signal?: AbortSignal | undefined
  /** Who does it, where the caller knows better than the system. */
  actor?: string | undefined
  /** Told each statement of SQL before it is sent, without its values. */
  onStatement?: ((sql: string) => void) | undefined
  /** Told the secrets of this run as they become known. */
  redactor?: Redactor
  /** Told where the connection goes, when a file of the project says it and it is another machine. */
  onConnect?: ((line: string) => void) | undefined
  /** Called once where thousands of files have to be parsed. */
  onManyFiles?: (() => void) | undefined
}

/** Configuration, project and database of one run, joined: Django's settings say which database, the flags say which settings. */
export class Workspace {
  readonly config: Config
  readonly project: Project | null
  readonly #database: Database | null
  readonly warnings: Warnings
  readonly options: WorkspaceOptions

  get redactor(): Redactor {
    return this.#database?.redactor ?? this.options.redactor ?? new Redactor()
  }

  /** Not of files only. */
  get database(): Database {
    if (this.#database === null) throw new MigstateError('internal-error', 'A database was asked for where only files are read.')
    return this.#database
  }

  /** What this run has done to the database so far; none of files only. */
  get effects(): Effects | undefined {
    return this.#database?.effects
  }

  private constructor(config: Config, project: Project | null, database: Database | null, warnings: Warnings, options: WorkspaceOptions) {
    this.config = config
    this.project = project
    this.#database = database
    this.warnings = warnings
    this.options = options
  }

  /** @param warnings gets what is to be said also where no workspace comes of it */
  static async open(config: Config, options: WorkspaceOptions, warnings = new Warnings()): Promise<Workspace> {
    warnOfUntrusted(config, warnings)
    const project = openConfiguredProject(config, options)
    const redactor = options.redactor ?? new Redactor()
    learnSecrets(redactor, config, project, options)
    if (options.filesOnly) return new Workspace(config, project, null, warnings, { ...options, redactor })
    const spec = chooseConnection(config, project, options)
    learnConnection(redactor, spec)
    if (config.urlSource === 'file' || (config.urlSource === undefined && project)) sayWhere(spec, options)
    return new Workspace(config, project, await connect(spec, config, { ...options, redactor }, warnings, project), warnings, options)
  }

  /** The same project and database over a connection of its own that may write. */
  async forWriting(): Promise<Workspace> {
    const options = { ...this.options, readOnly: false }
    const warnings = this.warnings.copy()
    return new Workspace(
      this.config,
      this.project,
      await connect(this.database.spec, this.config, { ...options, redactor: this.redactor }, warnings),
      warnings,
      options,
    )
  }

  /** The same project and database with other flags, and warnings of its own. */
  withSettings({ lockTimeout, mode, manage, managePy, python, timeout }: Settings): Workspace {
    const given = Object.entries({ lockTimeout, mode, manage, managePy, python, timeout }).filter(([, value]) => value !== undefined)
    const config = checkConfig({ ...this.config, ...Object.fromEntries(given) })
    return new Workspace(config, this.project, this.#database, this.warnings.copy(), this.options)
  }

  get alias(): string {
    return this.config.database
  }

  /** Named in output when there are several. */
  get aliases(): string[] {
    return aliasesOf(this.project)
  }

  /** null with `--no-files`, or when a command that needs no files found none. What could not be read is warned of. */
  files(): ProjectFiles | null {
    if (!this.project || this.config.noFiles) return null
    const files = this.project.files()
    const { cacheRefusal, askFailure } = this.project
    if (askFailure !== null) this.warnings.add('django-does-not-start', notAnswered(askFailure))
    if (cacheRefusal !== null) this.warnings.add('cache-not-used', `nothing is kept between runs: ${cacheRefusal}`)
    warnOfFiles(files, this.warnings, { askDjango: this.config.askDjango ?? false, environment: this.environment ?? '' })
    return files
  }

  /** Who does it, for the journal. */
  get actor(): string {
    return this.options.actor ?? actorOf(this.options.env)
  }

  /** Where Django was found, in words; null without one. */
  get environment(): string | null {
    return this.project ? describeEnvironment(this.project.python) : null
  }

  /** Asks the journal, in a transaction that cannot write; null, with a warning, where this role may not read it. */
  async askJournal<T>(question: () => Promise<T>): Promise<T | null> {
    return askJournal(this.database, this.warnings, question)
  }

  rules(): Rules {
    return rulesFor(this.project?.djangoVersion ?? null)
  }

  /** Rows and counter, in a transaction that cannot write. */
  async read(): Promise<History> {
    return this.database.reading(() => this.database.readHistory())
  }

  async close(): Promise<void> {
    await this.#database?.close()
  }
}

/** What it fails with, reading the files fails with. */
function readKept(project: Project): void {
  try {
    project.readKept()
  } catch {
    // Told by whoever asks for the files.
  }
}

/** @param project is read while the server answers, where the command reads it anyway */
function connect(
  spec: ConnectionSpec,
  config: Config,
  options: WorkspaceOptions & { redactor: Redactor },
  warnings: Warnings,
  project: Project | null = null,
): Promise<Database> {
  const { schema, table, lockTimeout } = config
  const { readOnly, signal, onStatement, redactor } = options
  const meanwhile = project && options.files === 'required' && !config.noFiles ? () => readKept(project) : undefined
  return openDatabase(spec, { schema, table, readOnly, patience: lockTimeout * 1000, signal, onStatement, redactor, meanwhile }, warnings)
}

function learnSecrets(redactor: Redactor, config: Config, project: Project | null, { env }: WorkspaceOptions): void {
  redactor.learnEnvironment(env)
  for (const text of [config.url, config.manage, config.python]) redactor.learnUrls(text)
  if (!project) return
  for (const text of project.settings.texts(isSecretName)) redactor.learn(text)
  for (const alias of aliasesOf(project)) redactor.learn(passwordOf(project, alias))
}

/** Of an alias that this run does not use, as far as it can be read. */
function passwordOf(project: Project, alias: string): string | undefined {
  try {
    return readDatabase(project.settings, alias)?.password
  } catch {
    return undefined
  }
}

function learnConnection(redactor: Redactor, spec: ConnectionSpec): void {
  if (spec.family === 'sqlite') return
  redactor.learn(spec.password)
  redactor.allow(spec.user, spec.database, spec.host)
}

function warnOfUntrusted({ untrusted }: Config, warnings: Warnings): void {
  if (!untrusted || untrusted.keys.length === 0) return
  const keys = untrusted.keys.map((key) => `"${key}"`).join(', ')
  const one = untrusted.keys.length === 1
  warnings.add(
    'untrusted-config',
    `${keys} of ${untrusted.file} ${one ? 'does' : 'do'} not count, for you have not trusted this file; look at it, and then: migstate trust`,
  )
}

/** A checkout may name any server: the person sees it before the password goes there. */
function sayWhere(spec: ConnectionSpec, { onConnect }: WorkspaceOptions): void {
  if (!onConnect || spec.family === 'sqlite' || isLocal(spec)) return
  const user = spec.user === undefined ? '' : ` as ${spec.user}`
  onConnect(`Connecting to ${spec.host}${spec.port === undefined ? '' : `:${spec.port}`}${user} …`)
}

function isLocal({ socket, host }: ServerSpec): boolean {
  return socket !== undefined || host === undefined || /^(localhost|127(\.\d+){3}|::1|\[::1\])$/i.test(host)
}

function noProject(scripts: readonly string[]): MigstateError {
  const none = 'There is no manage.py in this folder or above it, so no project was read'
  if (scripts.length === 0) return new MigstateError('no-project', `${none}.`)
  const found = `${scripts.length === 1 ? 'A console script of the environment starts' : 'Console scripts of the environment start'} Django: ${scripts.join(', ')}.`
  return new MigstateError('no-project', `${none}. ${found}`, { hint: `Give --manage-py ${scripts[0]}, or name the settings with --settings.` })
}

function openConfiguredProject(config: Config, options: WorkspaceOptions): Project | null {
  const folder = config.projectFolder
  const interpreter = { folder: folder ?? options.cwd, cwd: options.cwd, python: config.python, env: options.env }
  // What cannot be started is refused wherever it is typed, whether it would be started or not.
  if (config.python !== undefined) defaultPython(interpreter)
  if (folder === undefined) {
    if (options.files === 'required' && !config.noFiles) throw noProject(startersAround(interpreter))
    return null
  }
  // With --no-files the settings are still asked for the database, unless a URL names it.
  if (config.noFiles && config.url !== undefined) return null
  try {
    const cacheDirectory = config.noCache ? undefined : join(cacheFolder(options.env), 'files')
    const words = config.askDjango ? splitWords(defaultPython(interpreter)) : undefined
    return openProject({
      folder,
      cacheFolder: cacheDirectory,
      ask: words && { command: words, alias: config.url === undefined ? config.database : null },
      managePy: config.managePy,
      settings: config.settings,
      python: config.python,
      cwd: options.cwd,
      path: config.path,
      env: options.env,
      djangoVersion: config.djangoVersion,
      onManyFiles: options.onManyFiles,
      migrations: Object.fromEntries((config.migrations ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)])),
    })
  } catch (error) {
    const usable = config.url !== undefined && options.files === 'optional'
    if (usable && error instanceof MigstateError && error.code === 'bad-settings') return null
    throw error
  }
}

/** The arguments as typed, every secret in them masked. */
export function maskedCommand(argv: readonly string[]): string {
  return ['migstate', ...argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? maskSecrets(word) : `'${maskSecrets(word).replaceAll("'", "'\\''")}'`))].join(' ')
}
