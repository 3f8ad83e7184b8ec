import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Until the first change is written, whoever ends the program gets none: exit 130 and nothing changed. */
describe.each(engines)('a signal before the edit is done, %s', (engine) => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })
  afterEach(async () => {
    project.remove()
    await database.drop()
  })

  const points = engine === 'sqlite' ? ['lock-taken', 'edit-begun', 'rows-written', 'before-commit'] : ['lock-taken', 'before-commit']
  it.each(points.flatMap((point) => (engine === 'sqlite' ? SIGNALS : [SIGNALS[1]]).map((signal) => [signal, point] as const)))(
    '%s at %s',
    async (signal, point) => {
      const before = await fingerprint(database)
      const hold = gate()
      const running = start(['mark', 'unapplied', 'blog', '0001', '--yes', '--json'], {
        cwd: project.folder,
        env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: hold.at(point) },
      })
      await hold.reached()
      running.process.kill(signal)
      hold.open()
      const done = await running.done
      expect([done.exitCode, done.json.error?.code], done.stdout + done.stderr).toEqual([130, 'interrupted'])
      expect(done.json.error.message).toMatch(/Nothing was changed|The history is as before/)
      expect(['nothing', 'rolled-back']).toContain(done.json.error.consequence)
      expect(await fingerprint(database)).toEqual(before)
      // And nothing is left behind that stands in the way.
      const again = await migstate(['mark', 'unapplied', 'blog', '0001', '--yes', '--json'], { cwd: project.folder, env: { MIGSTATE_URL: database.url } })
      expect(again.exitCode, again.stdout).toBe(0)
    },
  )
})

describe('a signal while a server says nothing', () => {
  let server: Server
  let url: string
  beforeEach(async () => {
    server = createServer(() => {})
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    url = `postgresql://nobody@127.0.0.1:${(server.address() as { port: number }).port}/x?connect_timeout=100`
  })
  afterEach(() => void server.close())

  it.each(SIGNALS.flatMap((signal) => [['status'], ['mark', 'applied', 'shop', '0001', '--yes']].map((argv) => [signal, argv] as const)))(
    '%s: %j ends at once',
    { timeout: 20_000 },
    async (signal, argv) => {
      const met = new Promise((resolve) => server.once('connection', resolve))
      const running = start([...argv, '--no-files', '--json'], { env: { MIGSTATE_URL: url } })
      await met
      running.process.kill(signal)
      const done = await running.done
      expect([done.exitCode, done.json.error?.code], done.stdout + done.stderr).toEqual([130, 'interrupted'])
    },
  )
})
