import { describe } from 'vitest'
import { type Engine, engines } from './databases.js'
import { ENGINES } from './servers/server.js'

/** A suite for each server. Those that this run is without are skipped: a file of nothing else would have no suite, which vitest calls a failure. */
export function eachServer(suite: (engine: Exclude<Engine, 'sqlite'>) => void): void {
  for (const engine of ENGINES) if (engine !== 'sqlite') describe.runIf(engines.includes(engine))(engine, () => suite(engine))
}
