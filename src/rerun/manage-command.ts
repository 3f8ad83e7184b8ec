import { basename, resolve } from 'node:path'
import { MigstateError } from '../errors/index.js'
import { moduleToRun, splitWords } from '../config/index.js'

/** Programs that start Python on this machine; whatever else stands before it may start it anywhere. */
const LAUNCHERS = new Set(['uv', 'poetry', 'pipenv', 'pdm', 'rye', 'hatch', 'conda', 'mamba', 'micromamba', 'env', 'nice', 'pyenv'])

/** Programs that start others elsewhere. */
const CLIENTS = new Set([
  'docker',
  'docker-compose',
  'podman',
  'podman-compose',
  'nerdctl',
  'kubectl',
  'oc',
  'ssh',
  'lxc',
  'heroku',
  'fly',
  'flyctl',
  'aws',
  'gcloud',
  'nomad',
])

export interface ManageRequest {
  /** Folder of the project, where the child runs. */
  folder: string
  /** A path, or a command such as `docker compose exec -T web python`. */
  python: string
  managePy: string | undefined
  settings: string | undefined
  /** `--manage`: anything else that runs one migration. */
  manage: string | undefined
  alias: string
  severalDatabases: boolean
}

/** How Django is started, as words for the system, never through a shell. */
export class ManageCommand {
  readonly folder: string
  readonly #request: ManageRequest
  readonly #python: string[]
  readonly #manageWords: string[] | undefined

  /** @throws MigstateError `manage-without-target`, `usage` for a command that cannot be split into words */
  constructor(request: ManageRequest) {
    this.folder = request.folder
    this.#request = request
    this.#python = splitWords(request.python)
    if (this.#python.length === 0) throw new MigstateError('usage', '--python is empty.')
    if (request.manage === undefined) return
    this.#manageWords = splitWords(request.manage)
    const wanted = ['APP', 'NAME', ...(request.severalDatabases ? ['ALIAS'] : [])]
    const missing = wanted.filter((word) => !new RegExp(`\\b${word}\\b`).test(request.manage as string))
    if (missing.length > 0)
      throw new MigstateError(
        'manage-without-target',
        `--manage "${request.manage}" does not contain the word${missing.length > 1 ? 's' : ''} ${missing.join(' and ')}: a bare migrate would run every lifted migration.`,
      )
  }

  /** Django answers `showmigrations` only when migstate builds the command line itself. */
  get canAsk(): boolean {
    return this.#request.manage === undefined
  }

  /** The process that is started here is the one that works, or its parent; its environment is ours. */
  get local(): boolean {
    return this.#request.manage === undefined && (this.#python.length === 1 || LAUNCHERS.has(basename(this.#python[0] as string)))
  }

  /** What is started here may be only the client of a container or another machine: when it ends, manage.py may go on. */
  get mayBeRemote(): boolean {
    return (this.#manageWords ?? this.#python).some((word) => CLIENTS.has(basename(word)))
  }

  /** Python with its words and a program to come on standard input; plain words only, because a remote shell reads them again. */
  shim(operation: string): string[] {
    const plain = /^[\w./-]+$/.test(this.managePy) ? [this.managePy] : []
    return [...this.#python, '-', ...plain, operation]
  }

  /** manage.py as the child finds it, or `-m MODULE`. */
  get managePy(): string {
    const { managePy } = this.#request
    const module = moduleToRun(managePy)
    if (module !== null) return `-m ${module}`
    // Inside a container the project lies elsewhere: then manage.py is named as it is there, not by a path of this machine.
    return managePy === undefined ? 'manage.py' : this.#python.length > 1 ? managePy : resolve(managePy)
  }

  /** The interpreter with its words, for people. */
  get python(): string {
    return this.#request.python
  }

  get settings(): string | undefined {
    return this.#request.settings
  }

  showMigrations(app: string): string[] {
    return [...this.#manage(), 'showmigrations', app, '--list', '--database', this.#request.alias, ...this.#settings()]
  }

  migrate(app: string, name: string): string[] {
    const { alias } = this.#request
    if (this.#manageWords === undefined) return [...this.#manage(), 'migrate', app, name, '--database', alias, '--noinput', ...this.#settings()]
    return this.#manageWords.map((word) => word.replace(/\b(APP|NAME|ALIAS)\b/g, (mark) => ({ APP: app, NAME: name, ALIAS: alias })[mark] as string))
  }

  /** All that is pending, in every app. */
  migrateAll(): string[] {
    return [...this.#manage(), 'migrate', '--database', this.#request.alias, '--noinput', '--verbosity', '0', ...this.#settings()]
  }

  #manage(): string[] {
    const module = moduleToRun(this.managePy)
    return [...this.#python, ...(module === null ? [this.managePy] : ['-m', module])]
  }

  #settings(): string[] {
    return this.#request.settings === undefined ? [] : ['--settings', this.#request.settings]
  }
}
