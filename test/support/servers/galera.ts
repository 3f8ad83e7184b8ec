import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { freePort, unprivilegedUser } from '../../../bin/private-postgres.mjs'
import { until } from '../until.js'
import { debianFile } from './debian.js'
import { answers, find } from './private-mysql.js'

export interface Cluster {
  /** One for each node, without a database. */
  urls: string[]
  stop(): Promise<void>
}

interface Node {
  port: number
  /** Group communication, incremental and full state transfer. */
  inner: [number, number, number]
  data: string
  config: string
}

/** A MariaDB Galera cluster on loopback; null where this machine has no MariaDB. The first node makes it, the others copy from it. */
export async function startGalera(size = 3): Promise<Cluster | null> {
  const given = process.env.MIGSTATE_TEST_GALERA_URLS
  if (given) return { urls: given.split(','), stop: async () => {} }
  const daemon = find(['mariadbd'])
  const install = find(['mariadb-install-db'])
  if (!daemon || !install || !find(['rsync'])) return null
  const user: { uid?: number; gid?: number } = unprivilegedUser(['mysql', 'nobody'])
  const home = mkdtempSync(join(tmpdir(), 'migstate-galera-'))
  spawnSync('chmod', ['755', home])
  // The cache of one user may be closed to the one that the servers run as.
  const provider = join(home, 'libgalera_smm.so')
  cpSync(debianFile('galera-4', 'usr/lib/galera/libgalera_smm.so'), provider)
  const nodes: Node[] = []
  for (let index = 0; index < size; index++) {
    const data = join(home, `node${index}`)
    mkdirSync(data)
    if (user.uid !== undefined) chownSync(data, user.uid, user.gid as number)
    nodes.push({ port: await freePort(), inner: [await freePort(), await freePort(), await freePort()], data, config: join(home, `node${index}.cnf`) })
  }
  const processes: ChildProcess[] = []
  const stop = async () => {
    for (const process of processes.reverse()) await ended(process)
    rmSync(home, { recursive: true, force: true })
  }
  try {
    for (const [index, node] of nodes.entries()) {
      writeFileSync(node.config, configOf(node, index, provider, nodes))
      const made = spawnSync(install, ['--no-defaults', `--datadir=${node.data}`, '--auth-root-authentication-method=normal', '--skip-test-db'], {
        cwd: home,
        ...user,
        encoding: 'utf8',
      })
      if (made.status !== 0) throw new Error(`mariadb-install-db: ${made.stderr}`)
      const flags = [`--defaults-file=${node.config}`, ...(index === 0 ? ['--wsrep-new-cluster'] : [])]
      const process = spawn(daemon, flags, { cwd: node.data, ...user, stdio: ['ignore', 'ignore', 'ignore'] })
      processes.push(process)
      await until(`node ${index} is synced`, async () => (await answers(node.port)) && (await isReady(node.port)), 90_000)
    }
    return { urls: nodes.map(({ port }) => `mariadb://root@127.0.0.1:${port}/`), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const gone = new Promise((resolve) => process.once('exit', resolve))
  // A node that waits for the others does not end by asking.
  process.kill('SIGKILL')
  await gone
}

async function isReady(port: number): Promise<boolean> {
  const { createConnection } = await import('mysql2/promise')
  try {
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' })
    const [rows] = await connection.query("SHOW STATUS LIKE 'wsrep_ready'").finally(() => connection.end())
    return (rows as { Value: string }[])[0]?.Value === 'ON'
  } catch {
    return false
  }
}

function configOf(node: Node, index: number, provider: string, nodes: readonly Node[]): string {
  const [group, ist, sst] = node.inner
  return `[mysqld]
datadir=${node.data}
port=${node.port}
socket=${join(node.data, 's.sock')}
pid-file=${join(node.data, 'pid')}
log_error=${join(node.data, 'error.log')}
bind-address=127.0.0.1
binlog_format=ROW
default_storage_engine=InnoDB
innodb_autoinc_lock_mode=2
innodb_flush_log_at_trx_commit=0
innodb_buffer_pool_size=64M
wsrep_on=ON
wsrep_provider=${provider}
wsrep_cluster_name=migstate
wsrep_cluster_address=gcomm://${nodes.map((one) => `127.0.0.1:${one.inner[0]}`).join(',')}
wsrep_node_name=node${index}
wsrep_node_address=127.0.0.1:${group}
wsrep_node_incoming_address=127.0.0.1:${node.port}
wsrep_sst_receive_address=127.0.0.1:${sst}
wsrep_sst_method=rsync
wsrep_provider_options="base_port=${group};ist.recv_addr=127.0.0.1:${ist};gcache.size=16M;gmcast.listen_addr=tcp://127.0.0.1:${group}"
`
}
