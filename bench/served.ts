import { type Engine } from '../test/support/servers/server.js'
import { startServer, URL_VARIABLES } from '../test/support/servers/start.js'

/** Servers that run for as long as a bench does. */
export class Served {
  readonly #stops: (() => Promise<void>)[] = []

  /** Whether databases of this engine can be made here; says why not. */
  async has(engine: Engine): Promise<boolean> {
    if (engine === 'sqlite') return true
    const server = await startServer(engine)
    if ('missing' in server) {
      console.log(`${engine}: left out, ${server.missing}`)
      return false
    }
    process.env[URL_VARIABLES[engine]] = server.url
    this.#stops.push(server.stop)
    return true
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop()
  }
}

export function median(times: readonly number[]): number {
  return [...times].sort((left, right) => left - right)[Math.floor(times.length / 2)] as number
}
