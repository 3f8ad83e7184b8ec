import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { freePort } from '../../../bin/private-postgres.mjs'
import { until } from '../until.js'
import type { Cluster } from './galera.js'
import { answers, mysqldOf } from './private-mysql.js'

interface Member {
  port: number
  /** Group communication. */
  inner: number
  data: string
}

const GROUP = '6d696773-7461-4465-8000-000000000001'

/**
 * Members of a MySQL group on loopback.
 * @param primaries whether one member takes writes, or all of them
 */
export async function startMysqlGroup(primaries: 'one' | 'all', size = 2): Promise<Cluster> {
  const given = process.env.MIGSTATE_TEST_GROUP_URLS
  if (given && primaries === 'all') return { urls: given.split(','), stop: async () => {} }
  const words = mysqldOf()
  // As root a server says so, or ends.
  const program = words && process.getuid?.() === 0 && !words.includes('--user=root') ? [...words, '--user=root'] : words
  if (!program) throw new Error('this machine has no MySQL server')
  const home = mkdtempSync(join(tmpdir(), 'migstate-group-'))
  const members: Member[] = []
  for (let index = 0; index < size; index++) members.push({ port: await freePort(), inner: await freePort(), data: join(home, `member${index}`) })
  const processes: ChildProcess[] = []
  const stop = async () => {
    for (const process of processes) await ended(process)
    rmSync(home, { recursive: true, force: true })
  }
  try {
    for (const [index, member] of members.entries()) {
      mkdirSync(member.data)
      const [file, ...words] = program as [string, ...string[]]
      const made = spawnSync(file, [...words, '--initialize-insecure', `--datadir=${member.data}`], { cwd: home, encoding: 'utf8' })
      if (made.status !== 0) throw new Error(`mysqld could not make its data folder: ${made.error?.message ?? made.stderr}`)
      processes.push(spawn(file, [...words, ...flagsOf(member, index, members, primaries)], { cwd: member.data, stdio: 'ignore' }))
      await until(`member ${index} answers`, () => answers(member.port), 60_000).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${logOf(member)}`)
      })
      await joinGroup(member, index === 0)
    }
    return { urls: members.map(({ port }) => `mysql://root@127.0.0.1:${port}/`), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The first member makes the group, the others catch up with it. */
async function joinGroup(member: Member, first: boolean): Promise<void> {
  const ask = async (sql: string) => {
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection({ host: '127.0.0.1', port: member.port, user: 'root', multipleStatements: true })
    const [rows] = await connection.query(sql).finally(() => connection.end())
    return rows as { state: string }[]
  }
  try {
    // What a member has made for itself is no part of the group's history (MySQL manual, Group Replication, Deploying).
    if (first) await ask('SET GLOBAL group_replication_bootstrap_group = ON')
    await ask("CHANGE REPLICATION SOURCE TO SOURCE_USER = 'root' FOR CHANNEL 'group_replication_recovery'; START GROUP_REPLICATION")
    if (first) await ask('SET GLOBAL group_replication_bootstrap_group = OFF')
    const own = 'SELECT MEMBER_STATE AS state FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid'
    await until('the member is online', async () => (await ask(own))[0]?.state === 'ONLINE', 60_000)
  } catch (error) {
    throw new Error(`${String(error)}: ${logOf(member)}`, { cause: error })
  }
}

function flagsOf(member: Member, index: number, members: readonly Member[], primaries: 'one' | 'all'): string[] {
  const several = primaries === 'all'
  return [
    `--datadir=${member.data}`,
    `--port=${member.port}`,
    '--bind-address=127.0.0.1',
    '--mysqlx=OFF',
    '--secure-file-priv=',
    `--socket=${member.data}/s.sock`,
    `--pid-file=${member.data}/pid`,
    `--log-error=${member.data}/error.log`,
    `--server-id=${index + 1}`,
    '--gtid-mode=ON',
    '--enforce-gtid-consistency=ON',
    '--log-bin=binlog',
    '--sync-binlog=0',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=64M',
    '--report-host=127.0.0.1',
    `--report-port=${member.port}`,
    '--plugin-load-add=group_replication.so',
    `--group-replication-group-name=${GROUP}`,
    '--group-replication-start-on-boot=OFF',
    `--group-replication-local-address=127.0.0.1:${member.inner}`,
    `--group-replication-group-seeds=${members.map(({ inner }) => `127.0.0.1:${inner}`).join(',')}`,
    '--group-replication-recovery-get-public-key=ON',
    `--group-replication-single-primary-mode=${several ? 'OFF' : 'ON'}`,
    `--group-replication-enforce-update-everywhere-checks=${several ? 'ON' : 'OFF'}`,
  ]
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const gone = new Promise((resolve) => process.once('exit', resolve))
  process.kill('SIGKILL')
  await gone
}

function logOf({ data }: Member): string {
  const log = join(data, 'error.log')
  return existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : 'no log'
}
