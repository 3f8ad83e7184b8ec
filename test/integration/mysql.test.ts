import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'

/** What only MySQL and MariaDB have. */
describe.each(['mysql', 'mariadb'] as const)('%s', (engine) => {
  describe.runIf(engines.includes(engine))('only here', () => {
    let database: TestDatabase
    let user: string
    beforeEach(async () => {
      database = await freshDatabase(engine)
      user = `u${Math.random().toString(36).slice(2, 10)}`
      await createHistoryTable(database)
      await record(database, [['shop', '0001_initial']])
    })
    afterEach(async () => {
      await database.query(`DROP USER IF EXISTS '${user}'@'%'`)
      await database.drop()
    })

    const run = (argv: string[], url = database.url) => migstate([...argv, '--no-files', '--json', '--url', url])
    const as = (password: string) => {
      const url = new URL(database.url)
      url.username = user
      url.password = password
      return url.href
    }

    it('a wrong password, a percent-encoded right one', async () => {
      await database.query(
        `CREATE USER '${user}'@'%' IDENTIFIED BY 'p@ss/w?rd#1'; GRANT ALL ON \`${new URL(database.url).pathname.slice(1)}\`.* TO '${user}'@'%'`,
      )
      expect((await run(['status'], as('nope'))).json.error).toMatchObject({ code: 'wrong-password', exitCode: 1 })
      expect((await run(['status'], as(encodeURIComponent('p@ss/w?rd#1')))).exitCode).toBe(0)
    })

    it('no such database', async () => {
      expect((await run(['status'], database.url.replace(/\/ms_\w+/, '/nowhere'))).json.error).toMatchObject({ code: 'database-missing' })
      expect((await run(['status'], database.url.replace(/\/ms_\w+/, '/'))).json.error).toMatchObject({ code: 'bad-url' })
    })

    it('without ALTER the rows come back exactly and the counter stays higher, which is said', async () => {
      const name = new URL(database.url).pathname.slice(1)
      await database.query(
        `CREATE USER '${user}'@'%' IDENTIFIED BY 'x'; GRANT SELECT, INSERT, UPDATE, DELETE, LOCK TABLES, CREATE ON \`${name}\`.* TO '${user}'@'%'`,
      )
      const before = await fingerprint(database)
      expect((await run(['mark', 'applied', 'shop', '0002_x', '--yes'], as('x'))).exitCode).toBe(0)
      const undone = await run(['rollback', '--yes'], as('x'))
      expect(undone.exitCode, undone.stdout).toBe(0)
      expect(undone.json.warnings).toMatchObject([{ code: 'sequence-not-restored' }])
      expect((await fingerprint(database)).rows).toEqual(before.rows)
      expect((await run(['recover'])).json.result.operation).toBeNull()
    })

    it('an engine without transactions is refused', async () => {
      await database.query('ALTER TABLE django_migrations ENGINE=MyISAM')
      expect((await run(['mark', 'applied', 'shop', '0002_x', '--yes'])).json.error).toMatchObject({ code: 'non-transactional-table', exitCode: 4 })
      expect((await run(['status'])).exitCode).toBe(0)
    })

    it('odd rows are kept: a zero date, id 0', async () => {
      await database.query(
        "SET sql_mode='NO_AUTO_VALUE_ON_ZERO'; INSERT INTO django_migrations (id, app, name, applied) VALUES (0, 'odd', '0001_x', '0000-00-00 00:00:00')",
      )
      const before = await fingerprint(database)
      expect((await run(['mark', 'unapplied', 'odd', '0001_x', '--yes'])).exitCode).toBe(0)
      expect((await run(['rollback', '--yes'])).exitCode).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
    })
  })
})
