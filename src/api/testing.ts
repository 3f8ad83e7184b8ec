import { childEnvironment, type ConnectionSpec, loadConfig, Redactor } from '../config/index.js'
import { MigstateError, toFailure } from '../errors/index.js'
import { migrateAll } from '../rerun/index.js'
import { chooseConnection } from './connection.js'
import { type Migstate, open, type OpenOptions } from './library.js'
import { needFiles } from './need-files.js'
import { manageOf } from './run-flow.js'
import { Workspace } from './workspace.js'

/** Opens, works, and puts the history back to what it was, whatever happens: rows, ids, times, counter. */
export async function withRestore<T>(options: OpenOptions, work: (migstate: Migstate) => Promise<T> | T): Promise<T> {
  const migstate = await open(options)
  try {
    return await migstate.withRestore(work)
  } finally {
    await migstate.close()
  }
}

/** A started database of testcontainers: PostgreSQL, MySQL, MariaDB. */
export interface StartedDatabase {
  getConnectionUri(): string
}

export interface MigratedOptions extends Omit<OpenOptions, 'env' | 'url'> {
  /** What the settings read to find the database at `url`; default: DATABASE_URL. It is added to `process.env`. */
  env?: (url: string) => Readonly<Record<string, string | undefined>>
}

/**
 * Runs `manage.py migrate` in a new database, then opens it. Before anything runs, the settings have to name just this database.
 * @param container of testcontainers, or the URL of a database
 * @throws MigstateError `other-database` `database-unknown` where the settings, under this environment, name another one or cannot be read;
 * `manage-failed`
 */
export async function migrated(container: StartedDatabase | string, options: MigratedOptions = {}): Promise<Migstate> {
  const { env: facts = (url: string) => ({ DATABASE_URL: url }), ...rest } = options
  const url = typeof container === 'string' ? container : container.getConnectionUri()
  const env = { ...process.env, MIGSTATE_URL: undefined, ...facts(url) }
  await migrate(url, env, rest)
  const migstate = await open({ ...rest, env, url })
  try {
    const { summary } = await migstate.status()
    if (summary.applied === 0 || summary.unapplied > 0)
      throw new MigstateError('other-database', `"manage.py migrate" has left ${summary.unapplied} migrations unapplied in this database`)
    return migstate
  } catch (error) {
    await migstate.close()
    throw error
  }
}

async function migrate(url: string, env: Record<string, string | undefined>, { cwd = process.cwd(), onOutput, ...rest }: Omit<OpenOptions, 'url' | 'env'>) {
  const { actor: _actor, signal: _signal, ...settings } = rest
  const redactor = new Redactor()
  try {
    const config = loadConfig(settings, env as NodeJS.ProcessEnv, cwd)
    const workspace = await Workspace.open(config, { files: 'required', readOnly: true, filesOnly: true, command: 'migstate/testing', env, cwd, redactor })
    needFiles(workspace, 'A database for a test')
    const { project } = workspace
    if (!project) throw new Error('files without a project')
    const at = { env, readOnly: false }
    const wanted = place(chooseConnection({ ...config, url, urlSource: 'flag' }, null, at))
    const named = place(chooseConnection({ ...config, url: undefined, urlSource: undefined }, project, at))
    if (named !== wanted)
      throw new MigstateError('other-database', `The settings name ${named} under this environment, and not ${wanted}, so manage.py was not started.`, {
        hint: 'Give with "env" what the settings read to find the database.',
      })
    await migrateAll(manageOf(workspace, project), { env: childEnvironment(env), redactor, onOutput: onOutput ?? (() => {}) })
  } catch (error) {
    throw toFailure(error).redacted(redactor)
  }
}

const PORTS = { postgresql: 5432, mysql: 3306 }

/** What tells databases apart, without user and password; names of this machine are one. */
function place(spec: ConnectionSpec): string {
  if (spec.family === 'sqlite') return `sqlite ${spec.path}`
  const { family, socket, host = 'localhost', port = PORTS[family], database } = spec
  return `${family} ${socket ?? (/^(localhost|127\.0\.0\.1|\[?::1\]?)$/i.test(host) ? 'localhost' : host)}:${port}/${database}`
}

/**
 * A fixture for `test.extend` of vitest: the verbs on the database of a test, whose history is put back after it.
 * @param options or a function that gives them, for what is known only when the test runs
 */
export function migstateFixture(options: OpenOptions | (() => OpenOptions | Promise<OpenOptions>)) {
  // vitest reads the parameters of a fixture from its source: the first has to be a pattern.
  return async ({}: object, use: (migstate: Migstate) => Promise<void>): Promise<void> =>
    withRestore(typeof options === 'function' ? await options() : options, use)
}
