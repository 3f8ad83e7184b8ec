import { spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { freePort, unprivilegedUser } from '../../../bin/private-postgres.mjs'
import { whenTestEnds } from '../endings.js'
import { until } from '../until.js'
import { copyDebianProgram } from './debian.js'
import { listens } from './pgbouncer.js'
import type { PostgresNode } from './postgres-nodes.js'

/**
 * Debian's pgpool-II in front of a primary and its standbys, balancing reads. It goes with the test.
 * @param database its name
 * @returns the URL through it
 */
export async function startPgpool(nodes: readonly PostgresNode[], database: string): Promise<string> {
  const user: { uid?: number; gid?: number } = unprivilegedUser(['postgres', 'nobody'])
  const home = mkdtempSync(join(tmpdir(), 'migstate-pgpool-'))
  const port: number = await freePort()
  const settings: Record<string, string> = {
    listen_addresses: "'127.0.0.1'",
    port: String(port),
    pcp_port: String(await freePort()),
    socket_dir: `'${home}'`,
    unix_socket_directories: `'${home}'`,
    pcp_socket_dir: `'${home}'`,
    wd_ipc_socket_dir: `'${home}'`,
    pid_file_name: `'${join(home, 'pid')}'`,
    logdir: `'${home}'`,
    work_dir: `'${home}'`,
    pool_passwd: "''",
    backend_clustering_mode: "'streaming_replication'",
    load_balance_mode: 'on',
    sr_check_user: "'postgres'",
    sr_check_period: '1',
    num_init_children: '8',
    ...Object.fromEntries(
      nodes.flatMap((node, index) => [
        [`backend_hostname${index}`, "'127.0.0.1'"],
        [`backend_port${index}`, String(node.port)],
        // Every read that may go to a standby goes there.
        [`backend_weight${index}`, index === 0 ? '0' : '1'],
        [`backend_flag${index}`, "'DISALLOW_TO_FAILOVER'"],
      ]),
    ),
  }
  writeFileSync(
    join(home, 'pgpool.conf'),
    Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
  )
  writeFileSync(join(home, 'pcp.conf'), '')
  writeFileSync(join(home, 'pool_hba.conf'), 'host all all 127.0.0.1/32 trust\n')
  const program = copyDebianProgram(home, 'pgpool2', 'usr/sbin/pgpool', ['libpgpool2', 'libmemcached11', 'libhashkit2'])
  if (user.uid !== undefined)
    for (const path of [home, ...['pgpool.conf', 'pcp.conf', 'pool_hba.conf'].map((name) => join(home, name))]) chownSync(path, user.uid, user.gid as number)
  const files = ['-f', join(home, 'pgpool.conf'), '-F', join(home, 'pcp.conf'), '-a', join(home, 'pool_hba.conf')]
  // Its children are told to end with it.
  const child = spawn(program, ['-n', ...files], {
    cwd: home,
    ...user,
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: home },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk) => (log += chunk))
  child.on('error', (error) => (log += error.message))
  const gone = new Promise((resolve) => child.once('close', resolve))
  whenTestEnds(async () => {
    child.kill('SIGINT')
    await gone
    rmSync(home, { recursive: true, force: true })
  })
  await until('pgpool-II listens', () => {
    if (child.exitCode !== null) throw new Error(`pgpool-II ended: ${log.slice(-2000)}`)
    return listens(port)
  })
  return `postgresql://postgres@127.0.0.1:${port}/${database}`
}
