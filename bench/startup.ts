// Wall time of whole processes, in turn: each round runs every command once, so that a busy machine slows all of them alike.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { root } from '../bin/bootstrap.mjs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { ensureDjango, findPythons } from '../bin/django-env.mjs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { buildWheel } from '../bin/wheel.mjs'
import { ENGINES, type Engine } from '../test/support/servers/server.js'
import { startServer, URL_VARIABLES } from '../test/support/servers/start.js'

const ROUNDS = Number(process.argv[2] ?? 11)
const VERSION = '5.2'

interface Subject {
  name: string
  command: string
  args: string[]
  env: NodeJS.ProcessEnv
  cwd: string
  times: number[]
}

const stops: (() => Promise<void>)[] = []
const folder = mkdtempSync(join(tmpdir(), 'migstate-bench-'))
try {
  const django = await ensureDjango({ version: VERSION, packages: ['psycopg2-binary', 'PyMySQL'], pythons: findPythons(), variant: 'test' })
  if (django.missing) throw new Error(django.missing)
  const subjects = await prepare(django.home)
  for (let round = -1; round < ROUNDS; round++) {
    for (const subject of subjects) {
      const began = performance.now()
      const result = spawnSync(subject.command, subject.args, { cwd: subject.cwd, env: subject.env, encoding: 'utf8' })
      if (result.status !== 0) throw new Error(`${subject.name} failed: ${result.stdout}${result.stderr}`)
      // The first round only warms the caches.
      if (round >= 0) subject.times.push(performance.now() - began)
    }
  }
  print(subjects)
  comparison(subjects)
  memory(subjects)
} finally {
  for (const stop of stops) await stop()
  rmSync(folder, { recursive: true, force: true })
}

async function prepare(home: string): Promise<Subject[]> {
  const migstate = [join(root, 'bin', 'run.js')]
  const python = join(home, 'bin', 'python')
  const subjects: Subject[] = [{ name: 'bare node -e 0', command: process.execPath, args: ['-e', '0'], env: process.env, cwd: folder, times: [] }]
  for (const engine of ENGINES) {
    const env = await environment(engine, home)
    if (!env) continue
    const cwd = join(folder, engine)
    cpSync(join(root, 'examples', 'shop'), cwd, { recursive: true })
    const made = spawnSync(python, ['manage.py', 'migrate', '-v0'], { cwd, env, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(made.stderr)
    const run = (name: string, command: string, args: string[]) => subjects.push({ name: `${name}, ${engine}`, command, args, env, cwd, times: [] })
    run('migstate status --json', process.execPath, [...migstate, 'status', '--json'])
    const wheel = engine === 'sqlite' ? installedWheel(python) : null
    if (wheel !== null) {
      // Another build than that of the checkout takes nothing that this one has kept of the project: they would make each other start cold.
      const own = { ...env, XDG_CACHE_HOME: join(folder, 'cache-of-wheel') }
      subjects.push({ name: `the wheel: migstate status --json, ${engine}`, command: wheel, args: ['status', '--json'], env: own, cwd, times: [] })
    }
    run(`Django ${VERSION} showmigrations`, python, ['manage.py', 'showmigrations'])
    if (engine !== 'sqlite' && engine !== 'postgresql') continue
    // Each round un-marks and marks the same migration, so the table is the same in every round.
    run('migstate mark unapplied', process.execPath, [...migstate, 'mark', 'unapplied', 'reports', '0001', '--yes'])
    run('migstate mark applied', process.execPath, [...migstate, 'mark', 'applied', 'reports', '0001', '--yes'])
    run(`Django ${VERSION} migrate --fake reports zero`, python, ['manage.py', 'migrate', '--fake', 'reports', 'zero'])
    run(`Django ${VERSION} migrate --fake reports`, python, ['manage.py', 'migrate', '--fake', 'reports'])
  }
  return subjects
}

/** As pip installs it, with Node from PyPI. */
function installedWheel(python: string): string | null {
  const home = join(folder, 'wheel')
  const { wheel } = buildWheel(join(folder, 'archives')) as { wheel: string }
  for (const [program, ...args] of [
    [python, '-m', 'venv', home],
    [join(home, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', wheel],
  ] as [string, ...string[]][]) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    if (status === 0) continue
    console.error(`The wheel is left out: ${stderr.trim().split('\n').at(-1)}`)
    return null
  }
  return join(home, 'bin', 'migstate')
}

async function environment(engine: Engine, home: string): Promise<NodeJS.ProcessEnv | null> {
  const env: NodeJS.ProcessEnv = { ...process.env, VIRTUAL_ENV: home }
  if (engine === 'sqlite') return env
  const server = await startServer(engine)
  if ('missing' in server) {
    console.error(`${engine}: left out, ${server.missing}`)
    return null
  }
  stops.push(server.stop)
  const url = new URL(server.url)
  let name = url.pathname.slice(1)
  if (engine !== 'postgresql') {
    name = `bench_${process.pid}`
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection({ host: url.hostname, port: Number(url.port), user: url.username || 'root', password: url.password })
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
    await connection.end()
  }
  const backend = engine === 'postgresql' ? 'postgresql' : 'mysql'
  const shop = { ENGINE: `django.db.backends.${backend}`, NAME: name, HOST: url.hostname, PORT: url.port, USER: url.username || 'root', PASSWORD: url.password }
  for (const [key, value] of Object.entries(shop)) env[`SHOP_DB_${key}`] = value
  if (process.env[URL_VARIABLES[engine]]) console.error(`${engine}: ${URL_VARIABLES[engine]}`)
  return env
}

function print(subjects: Subject[]): void {
  const median = (times: number[]) => [...times].sort((left, right) => left - right)[Math.floor(times.length / 2)] as number
  const bare = median((subjects[0] as Subject).times)
  console.log(`\nMedian wall time of ${ROUNDS} interleaved rounds, Node ${process.version}:\n`)
  for (const { name, times } of subjects) {
    const middle = median(times)
    const range = `${Math.min(...times).toFixed(0)}-${Math.max(...times).toFixed(0)}`
    console.log(`${name.padEnd(52)} ${middle.toFixed(0).padStart(6)} ms   bare node ${middle >= bare ? '+' : ''}${(middle - bare).toFixed(0)} ms   (${range})`)
  }
}

/** Paired: in each round both ran one after the other. The goal is 1.3. */
function comparison(subjects: Subject[]): void {
  const times = (name: string) => subjects.find((one) => one.name === `${name}, sqlite`)?.times
  const [wheel, program] = [times('the wheel: migstate status --json'), times('migstate status --json')]
  if (!wheel || !program) return
  const ratios = wheel.map((time, round) => time / (program[round] as number)).sort((left, right) => left - right)
  console.log(`\nThe wheel takes ${(ratios[Math.floor(ratios.length / 2)] as number).toFixed(2)} times as long as "node bin/run.js" (median of the rounds).`)
}

/** Peak resident memory, as the kernel counts it for the child (getrusage: ru_maxrss in kB). */
function memory(subjects: Subject[]): void {
  console.log('')
  for (const { name, args, cwd, env } of subjects.filter((one) => one.name.startsWith('migstate status'))) {
    const program = `process.argv.splice(1, 1); import(process.argv[1]).then(() => process.on('exit', () => console.error(process.resourceUsage().maxRSS)))`
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', program, '--', '-', ...args], { cwd, env, encoding: 'utf8' })
    console.log(`${name.padEnd(52)} ${(Number(result.stderr.trim().split('\n').at(-1)) / 1024).toFixed(0).padStart(6)} MB peak`)
  }
}
