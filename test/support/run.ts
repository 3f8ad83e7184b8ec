// Starts the servers, makes the Django environments, runs vitest, and ends with one line that counts.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the demo
import { root } from '../../bin/bootstrap.js'
// @ts-expect-error plain JavaScript, shared with the demo
import { driversFor, ensureDjango, findPythons } from '../../bin/django-env.js'
import { ENGINES, type Engine } from './servers/server.js'
import { startServer, URL_VARIABLES } from './servers/start.js'

const FEW = ['3.2', '4.2', '5.2', '6.0']
const ALL = ['1.8', '1.11', '2.2', '3.2', '4.2', '5.2', '6.0']
const ci = process.env.CI === 'true'

const { engines, rest } = parse(process.argv.slice(2))
const stops: (() => Promise<void>)[] = []
const env: NodeJS.ProcessEnv = { ...process.env }
let problems = 0

try {
  const available = await startServers()
  const django = await makeDjango()
  env.MIGSTATE_TEST_ENGINES = available.join(',')
  env.MIGSTATE_TEST_DJANGO = JSON.stringify(django)
  // What a developer's shell says about a project or a database must not reach the tests.
  for (const name of [
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
  ])
    delete env[name]
  await runVitest()
} finally {
  for (const stop of stops.reverse()) await stop()
}

async function startServers(): Promise<Engine[]> {
  const available: Engine[] = []
  for (const engine of engines) {
    if (engine === 'sqlite') {
      available.push(engine)
      continue
    }
    const server = await startServer(engine)
    if ('missing' in server) {
      console.error(`${engine}: left out, ${server.missing}`)
      if (ci && engine !== 'mysql') problems++
      continue
    }
    console.error(`${engine}: ${server.from}`)
    env[URL_VARIABLES[engine]] = server.url
    stops.push(server.stop)
    available.push(engine)
  }
  return available
}

async function makeDjango(): Promise<Record<string, string>> {
  const pythons = findPythons()
  const wanted = process.env.DJANGO_VERSIONS === 'all' ? ALL : (process.env.DJANGO_VERSIONS?.split(',') ?? FEW)
  const found: Record<string, string> = {}
  for (const version of wanted) {
    const made = await ensureDjango({
      version,
      packages: driversFor(version),
      pythons,
      variant: 'test',
    })
    if (made.missing) console.error(`Django ${version}: left out, ${made.missing}`)
    else found[version] = made.home
  }
  if (ci && Object.keys(found).length < 2) {
    console.error('Fewer than two Django versions could be made, and CI=true.')
    problems++
  }
  return found
}

async function runVitest(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-report-'))
  const report = join(folder, 'report.json')
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...rest],
    { cwd: root, env, stdio: 'inherit' },
  )
  const status = await new Promise<number>((done) => child.on('close', (code) => done(code ?? 1)))
  const counts = existsSync(report)
    ? (JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number; numFailedTests: number; numPendingTests: number })
    : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 }
  rmSync(folder, { recursive: true, force: true })
  const failed = Math.max(counts.numFailedTests + problems, status === 0 ? 0 : 1)
  console.log(`${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests} skipped`)
  process.exitCode = failed > 0 ? 1 : 0
}

function parse(words: string[]): { engines: readonly Engine[]; rest: string[] } {
  const at = words.indexOf('--db')
  if (at < 0) return { engines: ENGINES, rest: words }
  const engines = (words[at + 1] ?? '').split(',') as Engine[]
  const wrong = engines.find((engine) => !ENGINES.includes(engine))
  if (wrong !== undefined) {
    console.error(`--db takes a list of ${ENGINES.join(', ')}; "${wrong}" is none of them.`)
    process.exit(2)
  }
  return { engines, rest: words.toSpliced(at, 2) }
}
