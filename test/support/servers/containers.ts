import { existsSync } from 'node:fs'
import type { Engine, Server } from './server.js'

/** Servers of a container runtime, where one answers. */
export async function startContainer(engine: Exclude<Engine, 'sqlite'>): Promise<Server | null> {
  if (!process.env.DOCKER_HOST && !existsSync('/var/run/docker.sock')) return null
  try {
    const container = await start(engine)
    return { url: container.url, from: 'a container', stop: async () => void (await container.stop()) }
  } catch (error) {
    if (/container runtime/i.test((error as Error).message)) return null
    throw error
  }
}

async function start(engine: Exclude<Engine, 'sqlite'>): Promise<{ url: string; stop(): Promise<unknown> }> {
  if (engine === 'postgresql') {
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
    const container = await new PostgreSqlContainer('postgres:17').withCommand(['-c', 'max_connections=300', '-c', 'fsync=off']).start()
    return { url: container.getConnectionUri(), stop: () => container.stop() }
  }
  if (engine === 'mysql') {
    const { MySqlContainer } = await import('@testcontainers/mysql')
    const container = await new MySqlContainer('mysql:8.4').withRootPassword('migstate').start()
    return { url: `mysql://root:migstate@${container.getHost()}:${container.getPort()}/`, stop: () => container.stop() }
  }
  const { MariaDbContainer } = await import('@testcontainers/mariadb')
  const container = await new MariaDbContainer('mariadb:11.4').withRootPassword('migstate').start()
  return { url: `mariadb://root:migstate@${container.getHost()}:${container.getPort()}/`, stop: () => container.stop() }
}
