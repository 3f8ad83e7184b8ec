import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { freePort, unprivilegedUser } from '../../../bin/private-postgres.mjs'
import type { Server } from './server.js'

/** The first of these programs on PATH or in the folders where Debian keeps servers. */
export function find(names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  for (const name of names) for (const folder of folders) if (folder && existsSync(join(folder, name))) return join(folder, name)
  return undefined
}

/** How a server is started. */
interface Program {
  /** The file and the first words. */
  words: [string, ...string[]]
  user: { uid?: number; gid?: number }
  /** As the test run tells. */
  from: string
}

/**
 * The MySQL on PATH, else that of another system's files, unpacked in the folder MIGSTATE_TEST_MYSQL_ROOT, which is started through the loader and the
 * libraries of that system.
 */
export function mysqldOf(): string[] | null {
  const own = find(['mysqld'])
  if (own && !isMariadb(own)) return [own, '--no-defaults']
  const root = process.env.MIGSTATE_TEST_MYSQL_ROOT
  const loader = root && join(root, 'lib64', 'ld-linux-x86-64.so.2')
  if (!root || !loader || !existsSync(loader)) return null
  const usr = join(root, 'usr')
  const libraries = [join(usr, 'lib', 'x86_64-linux-gnu'), join(usr, 'lib', 'mysql', 'private')].join(':')
  const places = [`--plugin-dir=${join(usr, 'lib', 'mysql', 'plugin')}`, `--lc-messages-dir=${join(usr, 'share', 'mysql')}`]
  // The folder may be one that nobody else comes through.
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  return [loader, '--library-path', libraries, join(usr, 'sbin', 'mysqld'), '--no-defaults', ...places, ...user]
}

function programOf(engine: 'mariadb' | 'mysql'): Program | null {
  const found = engine === 'mysql' ? mysqldOf() : null
  const daemon = engine === 'mysql' ? found?.[0] : find(['mariadbd'])
  if (!daemon || (engine === 'mariadb' && !isMariadb(daemon))) return null
  const words = (found ?? [daemon, '--no-defaults']) as Program['words']
  return { words, user: words.includes('--user=root') ? {} : unprivilegedUser(['mysql', 'nobody']), from: words.find((word) => word.endsWith('d')) ?? daemon }
}

/** Makes the folder of its data. */
function initialize(engine: 'mariadb' | 'mysql', [file, ...words]: Program['words'], data: string, options: object): void {
  const made =
    engine === 'mariadb'
      ? spawnSync(
          find(['mariadb-install-db', 'mysql_install_db']) as string,
          ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
          { ...options, encoding: 'utf8' },
        )
      : spawnSync(file, [...words, '--initialize-insecure', `--datadir=${data}`], { ...options, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`${engine} could not make its data folder: ${made.error?.message ?? made.stderr}`)
}

/** A private MariaDB or MySQL from local binaries: free port, temporary folder, an unprivileged user when we are root and it can be one. */
export async function startPrivate(engine: 'mariadb' | 'mysql'): Promise<Server | null> {
  const program = programOf(engine)
  if (!program) return null
  const { words, user, from } = program
  const home = mkdtempSync(join(tmpdir(), `migstate-${engine}-`))
  spawnSync('chmod', ['755', home])
  const data = join(home, 'data')
  mkdirSync(data)
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid as number)
  const options = { cwd: home, ...user }
  initialize(engine, words, data, options)
  const port: number = await freePort()
  const flags = [
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${data}/s.sock`,
    `--pid-file=${data}/pid`,
    '--skip-log-bin',
    '--innodb-flush-log-at-trx-commit=0',
    '--max-connections=300',
    // The X protocol has a port of its own, and the folder of --secure-file-priv is that of an installed server.
    ...(engine === 'mysql' ? ['--mysqlx=OFF', '--secure-file-priv='] : []),
  ]
  const [file, ...first] = words
  const server = spawn(file, [...first, ...flags], { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  let ended = false
  server.stderr.on('data', (chunk) => (log += chunk))
  server.on('exit', () => (ended = true))
  for (let turn = 0; !(await answers(port)); turn++) {
    if (ended || turn > 600) throw new Error(`${engine} did not start: ${log.slice(-2000)}`)
    await new Promise((resume) => setTimeout(resume, 50))
  }
  return {
    url: `${engine}://root@127.0.0.1:${port}/`,
    from: `${from} in a temporary folder`,
    async stop() {
      if (!ended) {
        const gone = new Promise((done) => server.once('exit', done))
        server.kill('SIGTERM')
        await gone
      }
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export function isMariadb(daemon: string): boolean {
  return /mariadb/i.test(spawnSync(daemon, ['--version'], { encoding: 'utf8' }).stdout ?? '')
}

/** The server greets first, so a listening port alone is not enough. */
export function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('data', () => {
      socket.destroy()
      done(true)
    })
    socket.on('error', () => done(false))
    socket.setTimeout(1000, () => {
      socket.destroy()
      done(false)
    })
  })
}

/** As root on Debian a missing MariaDB is installed. */
export function installMariadb(): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get') || find(['mariadbd'])) return
  process.stderr.write('Installing mariadb-server …\n')
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
  // The package would start a server of its own on the standard port; the tests bring a private one.
  spawnSync('apt-get', ['install', '-y', '-qq', 'mariadb-server'], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  })
}
