import { beforeEach, describe, expect, it } from 'vitest'
import { open } from '../../src/index.js'
import { built, type CliResult, migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { gate } from '../support/gate.js'
import { createHistoryTable, fingerprint, insertLikeDjango, record } from '../support/history-table.js'
import { EVERYTHING, roleUrl } from '../support/roles.js'
import { holdTable, killSessions, someoneWaits } from '../support/sessions.js'
import { throughProxy } from '../support/tcp-proxy.js'
import { until } from '../support/until.js'

/** Locks that are held by others, that are lost, that exclude nobody. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, [
      ['shop', '0001_initial'],
      ['blog', '0001_initial'],
    ])
  })

  const mark = ['mark', 'unapplied', 'blog', '0001_initial', '--no-files', '--yes', '--json']
  const env = (failpoint?: string) => ({ MIGSTATE_URL: database.url, ...(failpoint ? { MIGSTATE_FAILPOINT: failpoint } : {}) })
  const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json'], { env: env() })
  const expectCode = (result: CliResult, exit: number, code: string) =>
    expect([result.exitCode, result.json.error?.code], result.stdout + result.stderr).toEqual([exit, code])

  it('a table that somebody else holds: exit 5, nothing changed; when it is free the same command works', async () => {
    const before = await fingerprint(database)
    const free = await holdTable(database)
    const refused = await migstate([...mark, '--lock-timeout', '0.5'], { env: env() })
    expectCode(refused, 5, 'lock-timeout')
    expect(refused.json.error.message).toContain('Nothing was changed')
    const since = { postgresql: /session \d+ of .*, in a transaction since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/, mysql: /\b(idle|busy) for \d+ s/ }
    // MariaDB tells who holds a table only with a plugin, SQLite never.
    if (engine === 'postgresql' || engine === 'mysql') expect(refused.json.error.message).toMatch(since[engine])
    await free()
    expect(await fingerprint(database)).toEqual(before)
    const done = await migstate(mark, { env: env() })
    expect(done.exitCode, done.stdout).toBe(0)
  })

  it('while the rows are written nobody else can write, and nobody reads half of it', async () => {
    const hold = gate()
    const before = await fingerprint(database)
    const marking = start(mark, { env: env(hold.at('edit-begun')) })
    await hold.reached()
    if (engine === 'sqlite') {
      const { default: Sqlite } = await import('better-sqlite3')
      const other = new Sqlite(database.file as string, { timeout: 0 })
      expect(() => other.exec('BEGIN IMMEDIATE')).toThrow('database is locked')
      other.close()
      expect(await fingerprint(database)).toEqual(before)
    } else {
      let read = false
      const reading = database.query('SELECT count(*) AS n FROM django_migrations').then((rows) => {
        read = true
        return rows
      })
      await until('the reader waits', () => someoneWaits(database))
      expect(read).toBe(false)
      hold.open()
      expect(await reading).toEqual([{ n: '1' }])
    }
    hold.open()
    expect((await marking.done).exitCode).toBe(0)
  })

  it.runIf(engine === 'sqlite' || engine === 'postgresql')('what comes in between the commit and the report is reported', async () => {
    const hold = gate()
    const marking = start(mark, { env: env(hold.at('after-commit')) })
    await hold.reached()
    await insertLikeDjango(database, 'other')
    hold.open()
    const done = await marking.done
    expect(done.exitCode, done.stdout).toBe(0)
    expect(done.json.warnings).toContainEqual({ code: 'interleaved', message: expect.stringContaining('2 rows instead of 1') })
  })

  it.runIf(engine !== 'sqlite')('a session that is gone at its COMMIT: exit 1, rolled back, and the next command works', async () => {
    const hold = gate()
    const before = await fingerprint(database)
    const marking = start(mark, { env: env(hold.at('before-commit')) })
    await hold.reached()
    await killSessions(database)
    hold.open()
    const lost = await marking.done
    expectCode(lost, 1, 'cannot-connect')
    expect(lost.json.error).toMatchObject({ consequence: 'rolled-back', message: expect.stringContaining('The change was rolled back: nothing was changed.') })
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('history')).json.result.operations).toEqual([])
    expect((await run('recover')).json.result.operation).toBeNull()
    expect((await migstate(mark, { env: env() })).exitCode).toBe(0)
  })

  it.runIf(engine === 'postgresql')('who waits is told for whom, and may give up: exit 130', async () => {
    const free = await holdTable(database)
    const before = await fingerprint(database)
    const waiting = start([...mark, '--lock-timeout', '20'], { env: env() })
    let said = ''
    waiting.process.stderr?.on('data', (chunk) => (said += chunk))
    await until('the holder is named', () => /held by PostgreSQL session \d+ of postgres, "nightly vacuum"/.test(said.replaceAll(/\s+/g, ' ')))
    waiting.process.kill('SIGINT')
    expectCode(await waiting.done, 130, 'interrupted')
    await free()
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(engine !== 'sqlite')('two connections that get the same lock, as through a cluster of servers: refused', async () => {
    const other = await freshDatabase(engine)
    const [here, there] = [database, other].map(({ url }) => new URL(url).pathname.slice(1)) as [string, string]
    expect(here.length).toBe(there.length)
    // The second connection comes out at another server; the names have the same length, so the packet stays whole.
    const url = await throughProxy(database.url, (connection) => ({
      toServer: (data) => (connection === 0 ? data : Buffer.from(data.toString('latin1').replace(here, there), 'latin1')),
    }))
    const before = await fingerprint(database)
    const plain = engine === 'postgresql' ? `${url}?sslmode=disable` : `${url}?ssl-mode=DISABLED`
    const refused = await migstate(mark, { env: { MIGSTATE_URL: plain } })
    expectCode(refused, 4, 'lock-ineffective')
    expect(refused.json.error.message).toContain('Nothing was changed')
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(engine === 'postgresql')('a lock that cannot be proven, for want of a second connection, is given back at once', async () => {
    const url = await roleUrl(database, `${EVERYTHING}; GRANT CREATE ON SCHEMA public TO @; ALTER ROLE @ CONNECTION LIMIT 2`)
    await using m = await open({ url, noFiles: true, cwd: '/', env: {} })
    await expect(m.mark({ applied: false, app: 'blog', migrations: ['0001_initial'] })).rejects.toMatchObject({
      message: expect.stringContaining('too many connections'),
    })
    const theirs = await migstate(mark, { env: env() })
    expect(theirs.exitCode, theirs.stdout).toBe(0)
  })

  it('a library that stays open has given the lock back after each change', async () => {
    await using m = await open({ url: database.url, noFiles: true, cwd: '/', env: {} })
    await m.mark({ applied: false, app: 'blog', migrations: ['0001_initial'] })
    const theirs = await migstate(['mark', 'applied', 'x', '0001', '--no-files', '--yes', '--json', '--lock-timeout', '0.3'], { env: env() })
    expect(theirs.exitCode, theirs.stdout).toBe(0)
    await m.rollback()
  })

  it('the lock of an operation that was killed is free, that of a living one is not', async () => {
    const killed = await built(mark, { env: env('lock-taken') })
    expect(killed.exitCode).toBeNull()
    const hold = gate()
    const holding = start(mark, { env: env(hold.at('lock-taken')) })
    await hold.reached()
    expectCode(await run('mark', 'applied', 'x', '0001', '--yes', '--lock-timeout', '0.3'), 5, 'lock-timeout')
    hold.open()
    expect((await holding.done).exitCode).toBe(0)
  })
})
