import { afterAll, expect } from 'vitest'
import { startMariadbOf } from './debian-root.js'
import { RELEASES, startPostgresNode } from './postgres-nodes.js'

/**
 * A setup file: the suite that follows runs on the server that MIGSTATE_TEST_RELEASE names ("postgresql 14", "mariadb trixie") and on no other.
 * @throws Error where it cannot be had: a suite that ran on nothing would be green
 */
const MARIADB: Readonly<Record<string, RegExp>> = { trixie: /^11\..*MariaDB/ }

async function versionOf(engine: 'postgresql' | 'mariadb'): Promise<string> {
  // Read once, when it is loaded.
  process.env.MIGSTATE_TEST_ENGINES = engine
  const { freshDatabase } = await import('../databases.js')
  const database = await freshDatabase(engine, { keep: true })
  const [row] = await database.query('SELECT version() AS version')
  await database.drop()
  return String(row?.version)
}

const [engine, release] = (process.env.MIGSTATE_TEST_RELEASE ?? '').split(' ') as [string, string]
if (engine === 'postgresql' && RELEASES[release]) {
  const node = await startPostgresNode(release)
  afterAll(() => node.remove())
  process.env.MIGSTATE_TEST_PG_URL = node.url
  expect(await versionOf('postgresql')).toMatch(new RegExp(`^PostgreSQL ${release}\\.`))
} else if (engine === 'mariadb') {
  const server = await startMariadbOf(release)
  if (!server) throw new Error(`MariaDB of Debian ${release} needs root and debootstrap.`)
  afterAll(() => server.stop())
  process.env.MIGSTATE_TEST_MARIADB_URL = server.url
  expect(await versionOf('mariadb')).toMatch(MARIADB[release] as RegExp)
} else throw new Error(`MIGSTATE_TEST_RELEASE: "${engine} ${release}" is no server that the tests can start.`)
