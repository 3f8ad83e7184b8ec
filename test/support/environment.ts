// What a run of the tests stands on: servers, Djangos, and the variables that tell the tests of them.
// @ts-expect-error plain JavaScript, shared with the demo
import { driversFor, ensureDjango, findPythons } from '../../bin/django-env.mjs'
// @ts-expect-error plain JavaScript, as above
import { ensureNode } from '../../bin/node-env.mjs'
// @ts-expect-error plain JavaScript, as above
import { ensurePytest } from '../../bin/pytest-env.mjs'
import { writeToMemory } from './memory.js'
import type { Engine } from './servers/server.js'
import { startServer, URL_VARIABLES } from './servers/start.js'

const FEW = ['3.2', '4.2', '5.2', '6.0']
/** Beside the Node that runs the tests: those that have SQLite inside. */
const NODES = ['22', '24']
const ALL = ['1.8', '1.11', '2.2', '3.2', '4.2', '5.2', '6.0']

/** What a developer's shell says about a project or a database must not reach the tests. */
export const FOREIGN_VARIABLES = [
  'DATABASE_URL',
  'DJANGO_SETTINGS_MODULE',
  'VIRTUAL_ENV',
  'PYTHONPATH',
  'MIGSTATE_URL',
  'NO_COLOR',
  'FORCE_COLOR',
  'PGHOST',
  'PGUSER',
  'PGPASSWORD',
  'PGDATABASE',
  'PGPORT',
]

export interface TestEnvironment {
  variables: Record<string, string>
  /** Servers and Djangos that are not there, a line each. */
  missing: string[]
  /** How many of them a run with CI=true may not do without. */
  needed: number
  stop(): Promise<void>
}

/** Starts what is not there yet; `say` is told where each server comes from. */
export async function makeEnvironment(engines: readonly Engine[], say: (line: string) => void): Promise<TestEnvironment> {
  const environment: TestEnvironment = { variables: {}, missing: [], needed: 0, stop: async () => {} }
  const stops: (() => void | Promise<void>)[] = [writeToMemory()]
  environment.stop = async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    const available: Engine[] = []
    for (const engine of engines) {
      if (engine !== 'sqlite' && !(await addServer(engine, environment, stops, say))) continue
      available.push(engine)
    }
    environment.variables.MIGSTATE_TEST_ENGINES = available.join(',')
    environment.variables.MIGSTATE_TEST_DJANGO = JSON.stringify(await makeDjango(environment))
    environment.variables.MIGSTATE_TEST_PYTEST = await makePytest(environment)
    environment.variables.MIGSTATE_TEST_NODES = JSON.stringify(await makeNodes(environment))
    return environment
  } catch (error) {
    await environment.stop()
    throw error
  }
}

async function addServer(engine: Exclude<Engine, 'sqlite'>, environment: TestEnvironment, stops: (() => void | Promise<void>)[], say: (line: string) => void) {
  const server = await startServer(engine)
  if ('missing' in server) {
    environment.missing.push(`${engine}: left out, ${server.missing}`)
    if (engine !== 'mysql') environment.needed++
    return false
  }
  say(`${engine}: ${server.from}`)
  environment.variables[URL_VARIABLES[engine]] = server.url
  stops.push(server.stop)
  return true
}

async function makeDjango(environment: TestEnvironment): Promise<Record<string, string>> {
  const pythons = findPythons()
  const wanted = process.env.DJANGO_VERSIONS === 'all' ? ALL : (process.env.DJANGO_VERSIONS?.split(',') ?? FEW)
  const found: Record<string, string> = {}
  for (const version of wanted) {
    const made = await ensureDjango({ version, packages: driversFor(version), pythons, variant: 'test' })
    if (made.missing) environment.missing.push(`Django ${version}: left out, ${made.missing}`)
    else found[version] = made.home
  }
  if (Object.keys(found).length < 2) {
    environment.missing.push('Fewer than two Django versions could be made.')
    environment.needed++
  }
  return found
}

/** The folder of its packages; empty where it could not be made. */
async function makePytest(environment: TestEnvironment): Promise<string> {
  const djangos = JSON.parse(environment.variables.MIGSTATE_TEST_DJANGO ?? '{}') as Record<string, string>
  const home = djangos['5.2'] ?? Object.values(djangos).at(-1)
  const made = home === undefined ? { missing: 'there is no Python with Django' } : await ensurePytest(`${home}/bin/python`)
  if (!made.missing) return made.folder
  environment.missing.push(`pytest: left out, ${made.missing}`)
  environment.needed++
  return ''
}

async function makeNodes(environment: TestEnvironment): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const version of NODES) {
    const made = await ensureNode({ version, pythons: findPythons() })
    if (made.missing) {
      environment.missing.push(`Node ${version}: left out, ${made.missing}`)
      environment.needed++
    } else found[version] = made.node
  }
  return found
}
