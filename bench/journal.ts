// Wall time of whole commands with a short and with a long journal, in turn, on each database.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { root } from '../bin/bootstrap.mjs'
import { dropKept, freshDatabase, type TestDatabase } from '../test/support/databases.js'
import { fakeProject, type FakeProject } from '../test/support/fake-project.js'
import { lengthenJournal } from '../test/support/long-journal.js'
import { ENGINES, type Engine } from '../test/support/servers/server.js'
import { startServer, URL_VARIABLES } from '../test/support/servers/start.js'

const ROUNDS = Number(process.argv[2] ?? 5)
const LONG = Number(process.argv[3] ?? 20_000)
const SHORT = 10

const COMMANDS: Record<string, string[]> = {
  status: ['status'],
  'mark unapplied': ['mark', 'unapplied', 'blog', '0001_initial', '--yes'],
  'mark applied': ['mark', 'applied', 'blog', '0001_initial', '--yes'],
  history: ['history'],
  'rollback --dry-run': ['rollback', '--dry-run'],
  show: ['show', 'shop', '0001_initial'],
  recover: ['recover'],
}

interface Journal {
  database: TestDatabase
  project: FakeProject
  times: Record<string, number[]>
}

const stops: (() => Promise<void> | void)[] = []
try {
  console.log(`Median wall time of ${ROUNDS} interleaved rounds in ms, with a journal of ${SHORT} and of ${LONG} operations, Node ${process.version}:\n`)
  console.log(`${''.padEnd(33)} ${String(SHORT).padStart(6)} ${String(LONG).padStart(6)}   ratio`)
  for (const engine of ENGINES) if (await reachable(engine)) await compare(engine)
} finally {
  for (const stop of stops.reverse()) await stop()
}

async function compare(engine: Engine): Promise<void> {
  const [short, long] = [await prepare(engine, SHORT), await prepare(engine, LONG)]
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, argv] of Object.entries(COMMANDS)) {
      for (const journal of [short, long]) {
        const took = time(journal, argv)
        // The first round only warms the caches.
        if (round >= 0) (journal.times[name] ??= []).push(took)
      }
    }
  }
  for (const name of Object.keys(COMMANDS)) {
    const [few, many] = [short, long].map(({ times }) => median(times[name] as number[])) as [number, number]
    console.log(`${engine.padEnd(12)} ${name.padEnd(20)} ${few.toFixed(0).padStart(6)} ${many.toFixed(0).padStart(6)}   × ${(many / few).toFixed(2)}`)
  }
}

async function prepare(engine: Engine, operations: number): Promise<Journal> {
  const database = await freshDatabase(engine, { keep: true })
  stops.push(() => dropKept(engine, engine === 'sqlite' ? (database.file as string) : new URL(database.url).pathname.slice(1)))
  const project = await fakeProject(database)
  stops.push(project.remove)
  const journal = { database, project, times: {} }
  for (const kind of ['unapplied', 'applied']) time(journal, ['mark', kind, 'blog', '0001_initial', '--yes'])
  const [first] = await database.query('SELECT snapshot FROM migstate_operation ORDER BY seq')
  await lengthenJournal(database, operations - 4, { copies: String(first?.snapshot) })
  for (const kind of ['unapplied', 'applied']) time(journal, ['mark', kind, 'blog', '0001_initial', '--yes'])
  return journal
}

function time({ database, project }: Journal, argv: string[]): number {
  const began = performance.now()
  const result = spawnSync(process.execPath, [join(root, 'bin', 'run.js'), ...argv, '--json'], {
    cwd: project.folder,
    env: { ...process.env, MIGSTATE_URL: database.url },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (result.status !== 0) throw new Error(`${argv.join(' ')} failed: ${result.stdout}${result.stderr}`)
  return performance.now() - began
}

async function reachable(engine: Engine): Promise<boolean> {
  if (engine === 'sqlite') return true
  const server = await startServer(engine)
  if ('missing' in server) {
    console.error(`${engine}: left out, ${server.missing}`)
    return false
  }
  stops.push(server.stop)
  process.env[URL_VARIABLES[engine]] = server.url
  return true
}

function median(times: number[]): number {
  return [...times].sort((left, right) => left - right)[Math.floor(times.length / 2)] as number
}
