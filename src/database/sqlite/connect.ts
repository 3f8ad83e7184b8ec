import { accessSync, constants, statSync } from 'node:fs'
import type { ConnectionSpec, SqliteSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import type { ConnectOptions } from '../dialect.js'
import { pinConnection, type ResponseShape, type Session } from '../session.js'
import { sqliteClient } from './driver.js'
import { classify } from './failures.js'
import { untilFree } from './until-free.js'

const SHAPE: ResponseShape = {
  rows: (response) => (Array.isArray(response) ? response : []),
  affected: (response) => (response as { changes?: number })?.changes ?? 0,
}

const VERSIONS = new WeakMap<Session, string>()

/** Of the SQLite that has the file open. */
export function versionIn(session: Session): string {
  return VERSIONS.get(session) ?? ''
}

/** @throws MigstateError `database-missing`: Knex would create the file */
export async function connect(spec: ConnectionSpec, options: ConnectOptions): Promise<Session> {
  const { path } = spec as SqliteSpec
  checkFile(path)
  const session = await openFile(path, options.readOnly)
  try {
    // Opening reads nothing; this does, so that a wrong file is found here.
    const [found] = await untilFree(
      () => session.rows<{ version: string }>('SELECT sqlite_version() AS version, count(*) AS n FROM sqlite_master'),
      options.patience,
    )
    VERSIONS.set(session, found?.version ?? '')
  } catch (error) {
    await session.close()
    throw error
  }
  return session
}

/** Opens without waiting on locks: Knex's default blocks the event loop for five seconds. */
export async function openFile(path: string, readOnly: boolean): Promise<Session> {
  const session = await pinConnection(
    { client: await sqliteClient(), connection: { filename: path, options: { readonly: readOnly } }, useNullAsDefault: true } as never,
    SHAPE,
    classify,
  )
  try {
    await session.rows('PRAGMA busy_timeout = 0')
    return session
  } catch (error) {
    // Its pool would keep the process alive.
    await session.close()
    throw error
  }
}

/**
 * Looks without opening: closing any descriptor of the file would drop all POSIX locks that this process has on it (fcntl(2)),
 * and in WAL mode another process would then take itself for the last one and remove the WAL under our feet.
 */
function checkFile(path: string): void {
  try {
    if (!statSync(path).isFile()) throw new MigstateError('not-a-database', `${path} is not a file.`)
    accessSync(path, constants.R_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof MigstateError) throw error
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new MigstateError('database-missing', `There is no file ${path}. It was not created.`)
    // Behind a folder that this user may not enter there may be a file, or none.
    throw new MigstateError('missing-rights', `${path} may not be read (${code}).`, { cause: error })
  }
}
