import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, insertLikeDjango, record } from '../support/history-table.js'

const [OPERATION, EVENT, ROWS] = ['migstate_operation', 'migstate_event', 'migstate_snapshot_row']

/** Where DDL commits by itself a killed one leaves some of the side tables: the next command goes on from there. */
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

  const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json'], { env: { MIGSTATE_URL: database.url } })
  const drop = async (...tables: string[]) => {
    for (const table of tables) await database.query(`DROP TABLE ${table}`)
  }
  const mark = () => run('mark', 'unapplied', 'blog', '0001_initial', '--yes')
  const sideTables = async () =>
    (
      await database.query(
        engine === 'sqlite'
          ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'migstate%'"
          : `SELECT table_name AS name FROM information_schema.tables WHERE table_name LIKE 'migstate%' AND table_schema = ${engine === 'postgresql' ? "'public'" : 'DATABASE()'}`,
      )
    ).map(({ name }) => name)

  it.each([
    ['only the first one was made', [EVENT, ROWS]],
    ['the last one was not made', [ROWS]],
  ])('%s: the next change makes the others', async (_name, missing) => {
    expect((await mark()).exitCode).toBe(0)
    for (const table of [OPERATION, EVENT, ROWS]) await database.query(`DELETE FROM ${table}`)
    await drop(...missing)
    await record(database, [['blog', '0001_initial']])
    const before = await fingerprint(database)
    expect((await run('status')).exitCode).toBe(0)
    const shown = await run('mark', 'unapplied', 'blog', '0001_initial', '--dry-run')
    expect(shown.json.result.creates.map((name: string) => name.replace('public.', '')).sort(), shown.stdout).toEqual([...missing].sort())
    const marked = await mark()
    expect([marked.exitCode, marked.json.result?.operation?.status], marked.stdout).toEqual([0, 'done'])
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it.each([
    ['the operations are gone', [OPERATION]],
    ['the operations and events are gone', [OPERATION, EVENT]],
    ['the copies are gone', [ROWS]],
  ])('uninstall was interrupted and %s: once more ends it', async (_name, gone) => {
    expect((await mark()).exitCode).toBe(0)
    await drop(...gone)
    expect((await run('status')).exitCode).toBe(0)
    const again = await run('uninstall', '--no-export', '--yes')
    expect([again.exitCode, again.json.result?.dropped?.length], again.stdout).toEqual([0, 3 - gone.length])
    expect(await sideTables()).toEqual([])
    expect((await run('uninstall', '--no-export', '--yes')).json.result.dropped).toEqual([])
  })

  it.each([
    ['the operations are gone', [OPERATION]],
    ['the operations and events are gone', [OPERATION, EVENT]],
  ])('uninstall was interrupted and %s: nothing counts as unfinished, and changes go on', async (_name, gone) => {
    expect((await mark()).exitCode).toBe(0)
    await drop(...gone)
    expect((await run('recover')).json.result.operation).toBeNull()
    const before = await fingerprint(database)
    const marked = await run('mark', 'unapplied', 'shop', '0001_initial', '--yes')
    expect([marked.exitCode, marked.json.result?.operation?.status], marked.stdout).toEqual([0, 'done'])
    expect((await run('history')).json.result.operations).toHaveLength(1)
    expect((await run('snapshot', 'list')).exitCode).toBe(0)
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
    await insertLikeDjango(database)
  })
})
