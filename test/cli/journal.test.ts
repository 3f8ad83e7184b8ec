import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { root } from '../support/root.js'

/** The journal outlives the program that wrote it. */
let database: TestDatabase
beforeEach(async () => {
  database = await freshDatabase('sqlite')
})
const run = (...argv: string[]) => migstate([...argv, '--url', database.url, '--no-files', '--json'])

describe('ids', () => {
  beforeEach(async () => {
    await createHistoryTable(database)
    await record(database, [['shop', '0001_initial']])
    for (const name of ['0002_a', '0003_b']) await run('mark', 'applied', 'shop', name, '--yes')
    const { operations } = (await run('history')).json.result
    const { snapshots } = (await run('snapshot', 'list')).json.result
    for (const [at, kind] of ['newer', 'older'].entries()) {
      const [operation, snapshot] = [operations[at].id, snapshots[at].id]
      for (const [old, now] of [
        [operation, `abc${kind === 'newer' ? '2' : '1'}00000000`],
        [snapshot, `def${kind === 'newer' ? '2' : '1'}00000000`],
      ] as const) {
        await database.query(`UPDATE migstate_operation SET id = replace(id, '${old}', '${now}'), snapshot = replace(snapshot, '${old}', '${now}')`)
        await database.query(`UPDATE migstate_event SET operation = replace(operation, '${old}', '${now}'), detail = replace(detail, '${old}', '${now}')`)
        await database.query(`UPDATE migstate_snapshot_row SET snapshot = replace(snapshot, '${old}', '${now}')`)
      }
    }
  })

  it.each([
    ['unknown-operation', ['history', 'abc'], ['abc200000000', 'abc100000000']],
    ['unknown-operation', ['rollback', 'abc', '--yes'], ['abc200000000', 'abc100000000']],
    ['unknown-snapshot', ['snapshot', 'show', 'def'], ['def200000000', 'def100000000']],
    ['unknown-snapshot', ['snapshot', 'restore', 'def', '--yes'], ['def200000000', 'def100000000']],
    ['unknown-operation', ['rollback', '', '--yes'], []],
  ])('%s: %j fits several or none, so nothing is taken', async (code, argv, candidates) => {
    const before = await fingerprint(database)
    const refused = await run(...argv)
    expect([refused.exitCode, refused.json.error?.code], refused.stdout).toEqual([2, code])
    expect(refused.json.error.details.candidates).toEqual(candidates)
    expect(await fingerprint(database)).toEqual(before)
  })

  it('a beginning that fits one is enough', async () => {
    expect((await run('history', 'abc1')).json.result.operation).toMatchObject({ id: 'abc100000000' })
    expect((await run('snapshot', 'show', 'def2')).json.result.snapshot).toMatchObject({ id: 'def200000000', rows: 2 })
  })
})

describe('side tables of format 1', () => {
  it('is what this program writes', async () => {
    await createHistoryTable(database)
    await run('mark', 'applied', 'shop', '0001_initial', '--yes')
    expect(await database.query('SELECT format FROM migstate_operation')).toEqual([{ format: '1' }])
  })

  it('written long ago: listed, restored, rolled back exactly', async () => {
    const { default: Sqlite } = await import('better-sqlite3')
    new Sqlite(database.file as string).exec(readFileSync(join(root, 'test', 'fixtures', 'journal', 'format-1.sql'), 'utf8')).close()
    const { operations } = (await run('history')).json.result
    expect(operations.map((one: { id: string; kind: string; status: string }) => [one.id, one.kind, one.status])).toEqual([
      ['3b5c0f2a9d17', 'mark unapplied', 'done'],
      ['a17e44c0b2f3', 'mark applied', 'done'],
    ])
    expect((await run('snapshot', 'list')).json.result.snapshots).toHaveLength(3)
    expect((await run('rollback', '3b5c', '--yes')).exitCode).toBe(0)
    expect((await fingerprint(database)).rows).toContain("2|shop|0002_data|text:'2024-03-10 02:30:01.123456'")
    const before = await fingerprint(database)
    const restored = await run('snapshot', 'restore', 'c0ffee000001', '--yes')
    expect(restored.exitCode, restored.stdout).toBe(0)
    expect((await fingerprint(database)).rows).toEqual([
      "1|shop|0001_initial|text:'2024-03-10 02:30:00.123456'",
      "2|shop|0002_data|text:'2024-03-10 02:30:01.123456'",
      '3|odd|0001_x|integer:1710037800123456',
    ])
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })
})
