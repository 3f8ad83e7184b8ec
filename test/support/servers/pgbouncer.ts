import { spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { freePort, unprivilegedUser } from '../../../bin/private-postgres.mjs'
import { whenTestEnds } from '../endings.js'
import { until } from '../until.js'
import { copyDebianProgram } from './debian.js'

/** Debian's PgBouncer in front of a server, in a folder of its own. It goes with the test. @returns the URL through it */
export async function startPgbouncer(target: string, mode: 'session' | 'transaction' | 'statement', more: Record<string, string> = {}): Promise<string> {
  const to = new URL(target)
  const user: { uid?: number; gid?: number } = unprivilegedUser(['postgres', 'nobody'])
  const home = mkdtempSync(join(tmpdir(), 'migstate-pgbouncer-'))
  const port: number = await freePort()
  writeFileSync(join(home, 'users'), '"postgres" ""\n')
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: mode,
    default_pool_size: '10',
    ignore_startup_parameters: 'extra_float_digits,options',
    logfile: join(home, 'log'),
    ...more,
  }
  const file = `[databases]\n* = host=${to.hostname} port=${to.port} user=postgres\n[pgbouncer]\n${Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join('\n')}\n`
  writeFileSync(join(home, 'pgbouncer.ini'), file)
  if (user.uid !== undefined) for (const path of [home, join(home, 'pgbouncer.ini')]) chownSync(path, user.uid, user.gid as number)
  const program = copyDebianProgram(home, 'pgbouncer', 'usr/sbin/pgbouncer', ['libevent-2.1-7', 'libc-ares2'])
  const child = spawn(program, [join(home, 'pgbouncer.ini')], {
    cwd: home,
    ...user,
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: home },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  let ended: string | null = null
  child.stderr.on('data', (chunk) => (log += chunk))
  child.on('error', (error) => (ended = error.message))
  child.on('exit', (code) => (ended ??= `exit ${code}`))
  whenTestEnds(async () => {
    child.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  })
  await until('PgBouncer listens', async () => {
    if (ended !== null) throw new Error(`PgBouncer ended (${ended}): ${log}`)
    return listens(port)
  })
  const url = new URL(target)
  url.port = String(port)
  return url.href
}

/** Whether somebody answers there. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
