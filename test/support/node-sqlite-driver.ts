// @ts-expect-error @types/node of Node 20 does not know it
import { DatabaseSync } from 'node:sqlite'

/** For the tests themselves, on a Node that better-sqlite3 was not built for: as much of its interface as they ask for. */
export default class Sqlite {
  readonly #database: DatabaseSync
  #exact = false

  constructor(file: string, { timeout = 5000, readonly = false }: { timeout?: number; readonly?: boolean } = {}) {
    this.#database = new DatabaseSync(file, { timeout, readOnly: readonly })
  }

  exec(sql: string): this {
    this.#database.exec(sql)
    return this
  }

  pragma(text: string): unknown {
    return this.#database.prepare(`PRAGMA ${text}`).all()
  }

  defaultSafeIntegers(exact: boolean): void {
    this.#exact = exact
  }

  prepare(sql: string) {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(this.#exact)
    return {
      reader: statement.columns().length > 0,
      all: (...values: never[]) => statement.all(...values),
      get: (...values: never[]) => statement.get(...values),
      run: (...values: never[]) => statement.run(...values),
    }
  }

  close(): void {
    this.#database.close()
  }
}
