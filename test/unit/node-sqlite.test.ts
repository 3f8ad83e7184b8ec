import { describe, expect, it } from 'vitest'
import { codeName } from '../../src/database/sqlite/result-codes.js'
import { type Builtin, nodeSqlite } from '../../src/database/sqlite/node-sqlite.js'

/** What is given to `node:sqlite` and what comes back; that it drives is tested with real Nodes in test/terminal/other-nodes.test.ts. */
const seen: unknown[][] = []
class DatabaseSync {
  constructor(...given: unknown[]) {
    seen.push(given)
  }
  prepare(sql: string) {
    const fail = () => {
      throw Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 517 })
    }
    return {
      columns: () => (sql === 'SELECT' ? [1] : []),
      all: (...values: unknown[]) => (seen.push(values), [{ n: 3n, far: 2n ** 60n, bytes: new Uint8Array([104, 105]), text: 'x' }]),
      run: fail,
      setReadBigInts() {},
    }
  }
  close() {}
}
type Shaped = new (
  path: string,
  options: { readonly: boolean },
) => { prepare(sql: string): { reader: boolean; all(values: unknown[]): unknown; run(values: unknown[]): unknown } }
const Database = nodeSqlite({ DatabaseSync } as unknown as Builtin) as Shaped

describe('node:sqlite in the shape of better-sqlite3', () => {
  it('gives absolute paths, whole numbers as such, and SQLite code names', () => {
    const database = new Database('file:x?mode=rwc', { readonly: true })
    expect(seen.at(-1)).toEqual([expect.stringMatching(/^\/.*file:x\?mode=rwc$/), { readOnly: true }])
    const query = database.prepare('SELECT')
    expect(query.reader).toBe(true)
    const rows = query.all([1, 1.5, 'text', null])
    expect(seen.at(-1)).toEqual([1n, 1.5, 'text', null])
    // What better-sqlite3 gives: no number is an error, and bytes have a text.
    expect(rows).toEqual([{ n: 3, far: 2 ** 60, bytes: Buffer.from('hi'), text: 'x' }])
    expect(String((rows as { bytes: unknown }[])[0]?.bytes)).toBe('hi')
    const change = database.prepare('INSERT')
    expect(change.reader).toBe(false)
    expect(() => change.run([])).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY', message: 'database is locked' }))
  })

  it.each([
    [5, 'SQLITE_BUSY'],
    [517, 'SQLITE_BUSY'],
    [1032, 'SQLITE_READONLY_DBMOVED'],
    [1544, 'SQLITE_READONLY'],
    [1555, 'SQLITE_CONSTRAINT_PRIMARYKEY'],
    [2067, 'SQLITE_CONSTRAINT_UNIQUE'],
    [275, 'SQLITE_CONSTRAINT'],
    [26, 'SQLITE_NOTADB'],
    [200, 'SQLITE_200'],
  ])('%i is %s', (code, name) => expect(codeName(code)).toBe(name))
})
