import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { whenTestEnds } from '../support/endings.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { until } from '../support/until.js'

/** Seconds of silence after which the balancer forgets a connection: the program says something every ten. */
const PATIENCE = 12

/** Balancers and NAT end a connection on which nothing passes, and tell nobody what the server would have told. */
describe.each(engines.filter((engine) => engine !== 'sqlite'))('%s', (engine) => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })

  it('a rerun through a balancer that forgets idle connections ends well; the system keeps both connections alive', async () => {
    const balancer = await throughBalancer(database.url)
    const before = await fingerprint(database)
    const running = start(['rerun', 'shop.0002', '--force', '--yes', '--json', ...project.manage('record')], {
      cwd: project.folder,
      env: { MIGSTATE_URL: balancer.url, FAKE_MIGRATE_SECONDS: String(PATIENCE + 3) },
    })
    const pid = running.process.pid as number
    if (process.platform === 'linux') {
      const timers = await until('two connections are open and silent', () => {
        const found = socketsTo(balancer.port, pid)
        return found.length === 2 && found.every(({ timer }) => timer === 'keep-alive') ? found : null
      })
      for (const { seconds } of timers) expect(seconds).toBeLessThanOrEqual(30)
    }
    const ran = await running.done
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    expect(balancer.forgotten()).toBe(0)
    expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
  })
})

/** Each connection through it is ended after {@link PATIENCE} seconds without a byte. */
async function throughBalancer(target: string): Promise<{ url: string; port: number; forgotten(): number }> {
  const to = new URL(target)
  const sockets = new Set<Socket>()
  let forgotten = 0
  const server = createServer((client) => {
    const upstream = connect(Number(to.port), to.hostname)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    client.setTimeout(PATIENCE * 1000, () => {
      forgotten += 1
      client.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenTestEnds(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const url = new URL(target)
  url.port = String(port)
  return { url: url.href, port, forgotten: () => forgotten }
}

/** The connections of a process to a port of this machine, with the timer that the kernel has set on each (proc(5), /proc/net/tcp; 2 is keep-alive). */
function socketsTo(port: number, pid: number): { timer: string; seconds: number }[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? []
      } catch {
        return []
      }
    }),
  )
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/net/tcp', 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[2]?.endsWith(remote) && own.has(fields[9] as string))
    .map((fields) => {
      const [kind, ticks] = (fields[5] as string).split(':')
      return { timer: kind === '02' ? 'keep-alive' : `timer ${kind}`, seconds: Number.parseInt(ticks as string, 16) / 100 }
    })
}
