import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { freePort, unprivilegedUser } from '../../../bin/private-postgres.js'
import type { Server } from './server.js'

/** The first of these programs on PATH or in the folders where Debian keeps servers. */
export function find(names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  for (const name of names) for (const folder of folders) if (folder && existsSync(join(folder, name))) return join(folder, name)
  return undefined
}

/** A private MariaDB or MySQL from local binaries: free port, temporary folder, an unprivileged user when we are root. */
export async function startPrivate(engine: 'mariadb' | 'mysql'): Promise<Server | null> {
  const daemon = find(engine === 'mariadb' ? ['mariadbd'] : ['mysqld'])
  if (!daemon || isMariadb(daemon) !== (engine === 'mariadb')) return null
  const user: { uid?: number; gid?: number } = unprivilegedUser(['mysql', 'nobody'])
  const home = mkdtempSync(join(tmpdir(), `migstate-${engine}-`))
  spawnSync('chmod', ['755', home])
  const data = join(home, 'data')
  mkdirSync(data)
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid as number)
  const options = { cwd: home, ...user }
  const made =
    engine === 'mariadb'
      ? spawnSync(
          find(['mariadb-install-db', 'mysql_install_db']) as string,
          ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
          { ...options, encoding: 'utf8' },
        )
      : spawnSync(daemon, ['--no-defaults', '--initialize-insecure', `--datadir=${data}`], { ...options, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`${engine} could not make its data folder: ${made.error?.message ?? made.stderr}`)
  const port: number = await freePort()
  const flags = [
    '--no-defaults',
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${data}/s.sock`,
    `--pid-file=${data}/pid`,
    '--skip-log-bin',
    '--innodb-flush-log-at-trx-commit=0',
    '--max-connections=300',
  ]
  const server = spawn(daemon, flags, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
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
    from: `${daemon} in a temporary folder`,
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
