// Starts the servers, makes the Django environments, runs vitest, and ends with one line that counts.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the demo
import { root } from '../../bin/bootstrap.mjs'
import { FOREIGN_VARIABLES, makeEnvironment } from './environment.js'
import { ENGINES, type Engine } from './servers/server.js'

const { engines, rest: words } = parse(process.argv.slice(2))
const { node, rest: more } = nodeOf(words)
const keeps = more.includes('--keep-durations')
const rest = more.filter((word) => word !== '--keep-durations')
const environment = await makeEnvironment(engines, (line) => console.error(line))
try {
  for (const line of environment.missing) console.error(line)
  await runVitest(process.env.CI === 'true' ? environment.needed : 0)
} finally {
  await environment.stop()
}

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  /** Times in milliseconds since 1970. */
  testResults: { name: string; startTime: number; endTime: number }[]
}

async function runVitest(problems: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-report-'))
  const report = join(folder, 'report.json')
  const env: NodeJS.ProcessEnv = { ...process.env, ...environment.variables }
  for (const name of FOREIGN_VARIABLES) delete env[name]
  const program = node === undefined ? process.execPath : (JSON.parse(environment.variables.MIGSTATE_TEST_NODES ?? '{}') as Record<string, string>)[node]
  if (program === undefined) throw new Error(`--node ${node}: there is no such Node.`)
  const child = spawn(
    program,
    [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...rest],
    { cwd: root, env, stdio: 'inherit' },
  )
  const status = await new Promise<number>((done) => child.on('close', (code) => done(code ?? 1)))
  const counts: Report = existsSync(report)
    ? (JSON.parse(readFileSync(report, 'utf8')) as Report)
    : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [] }
  if (keeps && status === 0) keepDurations(counts.testResults)
  rmSync(folder, { recursive: true, force: true })
  const failed = Math.max(counts.numFailedTests + problems, status === 0 ? 0 : 1)
  console.log(`${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests} skipped`)
  process.exitCode = failed > 0 ? 1 : 0
}

/** `--keep-durations`, of a whole run on a quiet machine: which file takes how long, for the order of the next runs. */
function keepDurations(files: Report['testResults']): void {
  const seconds = files.map(({ name, startTime, endTime }) => [relative(root, name), Math.round((endTime - startTime) / 1000)] as const)
  const long = seconds.filter(([, took]) => took >= 3).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
  writeFileSync(join(root, 'test', 'durations.json'), `${JSON.stringify(Object.fromEntries(long), null, 2)}\n`)
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

/** `--node 24`: vitest and the program run on it, so that SQLite's driver is Node's own. */
function nodeOf(words: string[]): { node: string | undefined; rest: string[] } {
  const at = words.indexOf('--node')
  return at < 0 ? { node: undefined, rest: words } : { node: words[at + 1], rest: words.toSpliced(at, 2) }
}
