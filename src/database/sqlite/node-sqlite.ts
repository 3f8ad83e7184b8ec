import { resolve } from 'node:path'
import { codeName } from './result-codes.js'

/** What is used of `node:sqlite` (Node's manual, SQLite); @types/node of Node 20 does not know it. */
export interface Builtin {
  DatabaseSync: new (path: string, options: { readOnly: boolean }) => BuiltinDatabase
}
interface BuiltinDatabase {
  prepare(sql: string): BuiltinStatement
  close(): void
}
interface BuiltinStatement {
  columns(): unknown[]
  all(...values: unknown[]): Record<string, unknown>[]
  run(...values: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  setReadBigInts(enabled: boolean): void
}

/** Node's own SQLite; null before Node 22.16, whose statements do not tell their columns. */
export function builtinSqlite(): Builtin | null {
  const emit = process.emitWarning
  // It is "experimental" for Node until 25.7; the word would stand above every answer.
  process.emitWarning = () => {}
  try {
    const found = process.getBuiltinModule?.('node:sqlite') as (Builtin & { StatementSync: { prototype: object } }) | undefined
    return found && 'columns' in found.StatementSync.prototype ? found : null
  } finally {
    process.emitWarning = emit
  }
}

/** `node:sqlite` in the shape of better-sqlite3, as far as Knex's dialect of that name asks for it. */
export function nodeSqlite({ DatabaseSync }: Builtin): unknown {
  return class {
    readonly #database: BuiltinDatabase

    constructor(path: string, { readonly }: { readonly: boolean }) {
      // Node lets SQLite take a name that begins with "file:" for a URI with parameters; an absolute path never does.
      this.#database = naming(() => new DatabaseSync(resolve(path), { readOnly: readonly }))
    }

    prepare(sql: string) {
      const statement = naming(() => this.#database.prepare(sql))
      // Else a number beyond 2^53 is an error.
      statement.setReadBigInts(true)
      return {
        reader: statement.columns().length > 0,
        all: (values: readonly unknown[]) => naming(() => statement.all(...values.map(exact))).map(asNumbers),
        run: (values: readonly unknown[]) => asNumbers({ ...naming(() => statement.run(...values.map(exact))) }),
      }
    }

    close(): void {
      naming(() => this.#database.close())
    }
  }
}

/** Node binds every number as a REAL. */
const exact = (value: unknown) => (Number.isSafeInteger(value) ? BigInt(value as number) : value)

/** As better-sqlite3 hands values out: numbers, exact or not, and bytes as a Buffer. */
function asNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint') row[name] = Number(value)
    else if (value instanceof Uint8Array) row[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return row
}

/** Node's errors carry SQLite's code as a number, better-sqlite3's as its name. */
function naming<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { errcode } = error as { errcode?: unknown }
    if (typeof errcode === 'number') (error as { code: string }).code = codeName(errcode)
    throw error
  }
}
