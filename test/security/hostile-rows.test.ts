import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'

/** Text that a terminal would obey: erase, title, an 8-bit introducer, a text that runs backwards, a line break, a carriage return. */
const OBEYED = '\u061c\ufeff\u2060\u200b\u001b[2J\u001b]0;owned\u0007\u009b31m\u202Etxt\u2066\n\r0001'
const SPECIAL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/

const COMMANDS: string[][] = [
  ['status'],
  ['status', '--json'],
  ['snapshot', 'create', '--json'],
  ['mark', 'applied', 'zoo', '0001_x', '--yes'],
  ['history', '--json'],
  ['rollback', '--yes', '--json'],
  ['snapshot', 'list'],
]

for (const engine of engines)
  describe(`rows of ${engine} as no Django writes them`, () => {
    let database: TestDatabase
    beforeEach(async () => {
      database = await freshDatabase(engine)
      await createHistoryTable(database)
      await record(database, [['shop', '0001_initial']])
      if (engine === 'postgresql') await database.query('ALTER TABLE django_migrations ALTER app TYPE text, ALTER name TYPE text')
      if (engine === 'mysql' || engine === 'mariadb')
        await database.query('ALTER TABLE django_migrations MODIFY app longtext NOT NULL, MODIFY name longtext NOT NULL')
    })
    afterEach(() => database.drop())

    /** Every command answers soon, prints nothing that a terminal obeys, and leaves the rows as they were. */
    async function everythingHolds() {
      const before = await fingerprint(database)
      for (const argv of COMMANDS) {
        const begin = performance.now()
        const { exitCode, stdout, stderr } = await built([...argv, '--no-files', '--url', database.url])
        expect(exitCode, `${argv.join(' ')}: ${stderr.slice(-500)}`).toBe(0)
        expect(performance.now() - begin, argv.join(' ')).toBeLessThan(20_000)
        expect((stdout + stderr).match(SPECIAL), argv.join(' ')).toBeNull()
        if (argv.includes('--json')) expect(JSON.parse(stdout).ok).toBe(true)
      }
      expect(await fingerprint(database)).toEqual(before)
    }

    it('what a terminal would obey', async () => {
      await record(database, [
        ['shop', OBEYED],
        [OBEYED, '0001_initial'],
      ])
      await everythingHolds()
    })

    // MySQL sorts no longer ones in its standard buffer.
    it('a name of ten million characters', async () => {
      await record(database, [['shop', 'x'.repeat(engine === 'mysql' ? 100_000 : 10_000_000)]])
      await everythingHolds()
    })

    it('names of JavaScript', async () => {
      await record(
        database,
        ['__proto__', 'constructor', 'hasOwnProperty', 'toString'].flatMap((word): [string, string][] => [
          [word, '0001_initial'],
          ['shop', word],
        ]),
      )
      await everythingHolds()
      const { result } = (await built(['status', '--json', '--no-files', '--url', database.url])).json
      expect(JSON.stringify(result)).toContain('__proto__')
    })

    it.runIf(engine === 'sqlite').each([
      ['NUL', "'a' || char(0) || 'b'"],
      ['no UTF-8', "CAST(X'41ff42c0' AS TEXT)"],
      ['a blob', "X'00ff1b5b324a'"],
      ['a number', '9223372036854775807'],
    ])('values that are no text: %s', async (_what, value) => {
      await database.query(`INSERT INTO django_migrations (app, name, applied) VALUES ('shop', ${value}, ${value})`)
      await everythingHolds()
    })
  })
