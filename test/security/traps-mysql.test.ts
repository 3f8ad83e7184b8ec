import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'

const READING = [['status'], ['history'], ['snapshot', 'list'], ['show', 'shop', '0001_initial']]
const WRITING = [
  ['mark', 'applied', 'shop', '0002_x', '--yes'],
  ['mark', 'applied', 'shop', '0002_x', '--dry-run'],
  ['snapshot', 'create'],
]

const VIEW = 'SELECT trap() AS seq, 1 AS operation, 2 AS history_table, 3 AS at, 4 AS event, 5 AS detail'

const TRAPS: Record<string, [sql: string[], named: string][]> = {
  mysql: [
    [['DROP TABLE migstate_event', `CREATE SQL SECURITY INVOKER VIEW migstate_event AS ${VIEW}`], 'migstate_event is a view'],
    [['CREATE TRIGGER audit BEFORE INSERT ON migstate_operation FOR EACH ROW SET NEW.actor = trap()'], 'migstate_operation has the trigger audit'],
    [['ALTER TABLE migstate_snapshot_row ENGINE = MyISAM'], 'migstate_snapshot_row uses the engine MyISAM'],
    [['ALTER TABLE migstate_event DROP COLUMN detail'], 'migstate_event has no column detail'],
  ],
  sqlite: [
    [['DROP TABLE migstate_event', `CREATE VIEW migstate_event AS ${VIEW.replace('trap()', '1')}`], 'migstate_event is a view'],
    [['CREATE TRIGGER audit AFTER INSERT ON migstate_operation BEGIN DELETE FROM migstate_event; END'], 'migstate_operation has the trigger audit'],
    [
      ['DROP TABLE migstate_event', 'CREATE VIRTUAL TABLE migstate_event USING fts5(operation, history_table, at, event, detail)'],
      'migstate_event is a virtual table',
    ],
    [['ALTER TABLE migstate_event DROP COLUMN detail'], 'migstate_event has no column detail'],
  ],
}

for (const engine of engines.filter((one) => one !== 'postgresql'))
  describe(`traps in a database of ${engine}`, () => {
    let database: TestDatabase
    beforeEach(async () => {
      database = await freshDatabase(engine)
      await createHistoryTable(database)
      await record(database, [['shop', '0001_initial']])
      if (engine === 'sqlite') return
      // MyISAM keeps what a transaction takes back.
      await database.query('CREATE TABLE calls (n int) ENGINE=MyISAM')
      await database.query('CREATE FUNCTION trap() RETURNS int SQL SECURITY INVOKER BEGIN INSERT INTO calls VALUES (1); RETURN 1; END')
    })
    afterEach(() => database.drop())

    const run = (argv: string[]) => migstate([...argv, '--no-files', '--json', '--url', database.url])
    const trapped = async () => (engine === 'sqlite' ? 0 : Number((await database.query('SELECT count(*) AS n FROM calls'))[0]?.n))

    it.each(TRAPS[engine === 'sqlite' ? 'sqlite' : 'mysql'] as [string[], string][])(
      '%j: not read, with a warning, and nothing is written',
      async (statements, named) => {
        expect((await run(['mark', 'applied', 'shop', '0003_y', '--yes'])).exitCode).toBe(0)
        for (const sql of statements) await database.query(sql)
        const before = await fingerprint(database)
        for (const argv of READING) {
          const read = await run(argv)
          expect([read.exitCode, read.json.warnings], argv.join(' ')).toEqual([0, [{ code: 'damaged-journal', message: expect.stringContaining(named) }]])
        }
        for (const argv of [...WRITING, ['rollback', '--yes'], ['recover']])
          expect((await run(argv)).json.error, argv.join(' ')).toMatchObject({ code: 'damaged-journal', exitCode: 2, message: expect.stringContaining(named) })
        expect(await trapped()).toBe(0)
        expect(await fingerprint(database)).toEqual(before)
      },
    )

    it.runIf(engine !== 'sqlite')('the trap is one: whoever reads the view runs the function', async () => {
      await database.query(`CREATE SQL SECURITY INVOKER VIEW migstate_event AS ${VIEW}`)
      await database.query('SELECT * FROM migstate_event')
      expect(await trapped()).toBe(1)
    })

    it.runIf(engine !== 'sqlite')('a view that takes the place of a side table after an account with SUPER has looked is met under the lock', async () => {
      const account = `'u${randomBytes(4).toString('hex')}'@'127.0.0.1'`
      const folder = mkdtempSync(join(tmpdir(), 'migstate-trap-'))
      const gate = join(folder, 'gate')
      await database.query(`CREATE USER ${account}`)
      try {
        await database.query(`GRANT ALL ON ${new URL(database.url).pathname.slice(1)}.* TO ${account}`)
        const running = start(['mark', 'applied', 'shop', '0002_x', '--no-files', '--yes', '--json'], {
          env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: `journal-made@${gate}` },
        })
        await expect.poll(() => existsSync(`${gate}.reached`), { timeout: 10_000 }).toBe(true)
        await database.query('DROP TABLE migstate_event')
        await database.query(`CREATE SQL SECURITY INVOKER VIEW migstate_event AS ${VIEW}`)
        writeFileSync(gate, '')
        expect((await running.done).json.error).toMatchObject({ code: 'damaged-journal', message: expect.stringContaining('migstate_event is a view') })
        expect(await trapped()).toBe(0)
      } finally {
        rmSync(folder, { recursive: true })
        await database.query(`DROP USER ${account}`)
      }
    })

    it.runIf(engine !== 'sqlite')('an account with SUPER in the database of another is told whose rights are enough, once', async () => {
      expect((await run(['status'])).json.warnings).toEqual([])
      const account = `'u${randomBytes(4).toString('hex')}'@'127.0.0.1'`
      await database.query(`CREATE USER ${account}`)
      try {
        await database.query(`GRANT ALL ON ${new URL(database.url).pathname.slice(1)}.* TO ${account}`)
        expect((await run(['status'])).json.warnings).toEqual([{ code: 'privileged-role', message: expect.stringContaining(`that of ${account}`) }])
        const url = new URL(database.url)
        url.username = account.slice(1, 10)
        url.password = ''
        expect((await migstate(['status', '--no-files', '--json', '--url', url.href])).json).toMatchObject({ ok: true, warnings: [] })
        expect((await run(['mark', 'applied', 'shop', '0002_x', '--yes'])).exitCode).toBe(0)
      } finally {
        await database.query(`DROP USER ${account}`)
      }
    })
  })
