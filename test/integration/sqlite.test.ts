import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'

/** What only SQLite has: values of any type in any column, journal modes. */
describe.runIf(engines.includes('sqlite'))('sqlite', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase('sqlite')
    await createHistoryTable(database)
    await record(database, [['shop', '0001_initial']])
  })
  afterEach(() => database.drop())

  const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json', '--url', database.url])

  it.each([
    ['an integer', '1710037800123456', 'integer'],
    ['a real number', '2460379.604166667', 'real'],
    ['a blob', "X'00FF10'", 'blob'],
    ['null', 'NULL', 'null'],
    ['odd text', "'it''s not a date'", undefined],
  ])('%s in applied survives mark, rollback and restore with its type', async (_name, literal, type) => {
    await database.query(`INSERT INTO django_migrations (app, name, applied) VALUES ('odd', '0001_x', ${literal})`)
    const before = await fingerprint(database)
    const { snapshot } = (await run('snapshot', 'create')).json.result
    const unmarked = await run('mark', 'unapplied', 'odd', '0001_x', '--yes')
    expect(unmarked.json.result.changes.removed[0].appliedType).toBe(type)
    await run('rollback', '--yes')
    expect(await fingerprint(database)).toEqual(before)
    await run('mark', 'unapplied', 'odd', '0001_x', '--yes')
    expect((await run('snapshot', 'restore', snapshot.id, '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it('works in WAL mode', async () => {
    await database.query('PRAGMA journal_mode = WAL')
    const before = await fingerprint(database)
    expect((await run('mark', 'applied', 'shop', '0002_x', '--yes')).exitCode).toBe(0)
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it('a relative URL and a symbolic link mean the same file and the same lock', async () => {
    const { symlinkSync } = await import('node:fs')
    const { dirname, join } = await import('node:path')
    const folder = dirname(database.file as string)
    symlinkSync(database.file as string, join(folder, 'link.sqlite3'))
    const marked = await migstate(['mark', 'applied', 'shop', '0002_x', '--no-files', '--yes', '--json', '--url', 'sqlite:///link.sqlite3'], { cwd: folder })
    expect(marked.exitCode, marked.stdout).toBe(0)
    expect((await fingerprint(database)).rows).toHaveLength(2)
  })
})
