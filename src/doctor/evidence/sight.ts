import type { Schema, SchemaTable } from '../../database/index.js'
import type { Key } from '../../migrations/index.js'
import type { Thing } from './things.js'

/** What of the database can be seen under which names. */
export class Sight {
  readonly #tables = new Map<string, SchemaTable>()
  readonly #columns = new Map<SchemaTable, ReadonlySet<string>>()
  readonly #fold: (name: string) => string
  readonly hidden: string | null

  constructor(schema: Schema) {
    this.#fold = schema.foldsCase ? (name) => name.toLowerCase() : (name) => name
    this.hidden = schema.hidden
    for (const table of schema.tables) {
      this.#tables.set(this.#fold(table.name), table)
      this.#columns.set(table, new Set(table.columns.map(({ name }) => this.#fold(name))))
    }
  }

  table(name: string): SchemaTable | undefined {
    return this.#tables.get(this.#fold(name))
  }

  hasColumn(table: SchemaTable, name: string): boolean {
    return this.#columns.get(table)?.has(this.#fold(name)) ?? false
  }

  index(table: SchemaTable, name: string): SchemaTable['indexes'][number] | undefined {
    return table.indexes.find((one) => this.#fold(one.name) === this.#fold(name))
  }

  same(left: string, right: string): boolean {
    return this.#fold(left) === this.#fold(right)
  }
}

/** The names that a thing may have now: the one that the last recorded migration surely gave it, and those of later ones that may have run. */
export function namesNow(thing: Thing, recorded: ReadonlySet<Key>): string[] {
  let from = 0
  thing.names.forEach(({ by, untrue }, index) => {
    if (by !== null && recorded.has(by) && !untrue) from = index
  })
  return thing.names.slice(from).flatMap(({ names }) => names)
}

/** The table, under whichever name, or undefined. */
export function tableNow(sight: Sight, thing: Thing, recorded: ReadonlySet<Key>): SchemaTable | undefined {
  for (const name of namesNow(thing, recorded)) {
    const found = sight.table(name)
    if (found) return found
  }
  return undefined
}

export function isThere(sight: Sight, thing: Thing, recorded: ReadonlySet<Key>): boolean {
  if (!thing.table) return tableNow(sight, thing, recorded) !== undefined
  const table = tableNow(sight, thing.table, recorded)
  return table !== undefined && namesNow(thing, recorded).some((name) => sight.hasColumn(table, name))
}

/** `table shop_order`, `column shop_order.total`. */
export function labelOf(thing: Thing, at = thing.names.length - 1): string {
  const name = (thing.names[Math.max(0, at)] as Thing['names'][number]).names[0] as string
  return thing.table ? `column ${tableName(thing.table)}.${name}` : `table ${name}`
}

function tableName(thing: Thing): string {
  return (thing.names.at(-1) as Thing['names'][number]).names[0] as string
}

/** As an error text would name it. */
export function subjectOf(thing: Thing): string {
  return labelOf(thing).replace(/^\w+ /, '')
}
