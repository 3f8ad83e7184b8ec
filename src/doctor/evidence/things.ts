import type { Key } from '../../migrations/index.js'

/** A table or a column that migrations make, under the names that it has had. */
export interface Thing {
  /** Of a column: the table that it lies in. */
  table: Thing | null
  /**
   * In order; more than one name at a time where a field's column cannot be told. `by`: null where nobody made it; `untrue`: the schema shows
   * that it was never given, whatever is recorded.
   */
  names: { names: readonly string[]; by: Key | null; untrue?: boolean }[]
  /** null: it was there before, or no migration says so. */
  madeBy: Key | null
  goneBy: Key | null
  /** Why its absence proves nothing. */
  unsure: string | null
}

/** The tables and columns of the database as they would be if all migrations had run, by their names. */
export class Things {
  readonly #tables = new Map<string, Thing>()
  readonly #columns = new Map<Thing, Map<string, Thing>>()
  readonly #made = new Map<Thing | null, Thing[]>([[null, []]])
  /** Tables of models that are not managed: whoever makes them. */
  readonly claimed = new Set<string>()

  /** Named indexes and constraints, by how often an operation makes one of the name. */
  readonly #indexes = new Map<string, number>()

  makeIndex(name: string): void {
    this.#indexes.set(name, this.timesMade(name) + 1)
  }

  timesMade(index: string): number {
    return this.#indexes.get(index) ?? 0
  }

  /** All tables that ever were, or all columns of one table. */
  beside({ table }: Pick<Thing, 'table'>): readonly Thing[] {
    return this.#made.get(table) ?? []
  }

  table(name: string): Thing {
    return this.#tables.get(name) ?? this.makeTable(name, null, 'no migration makes it')
  }

  makeTable(name: string, by: Key | null, unsure: string | null): Thing {
    const thing: Thing = { table: null, names: [{ names: [name], by }], madeBy: by, goneBy: null, unsure }
    this.#tables.set(name, thing)
    this.#columns.set(thing, new Map())
    this.#made.set(thing, [])
    this.#made.get(null)?.push(thing)
    return thing
  }

  column(table: Thing, names: readonly string[]): Thing {
    return this.#columns.get(table)?.get(names.join('\0')) ?? this.makeColumn(table, names, null, 'no migration makes it')
  }

  makeColumn(table: Thing, names: readonly string[], by: Key | null, unsure: string | null): Thing {
    const thing: Thing = { table, names: [{ names, by }], madeBy: by, goneBy: null, unsure }
    this.#columns.get(table)?.set(names.join('\0'), thing)
    this.#made.get(table)?.push(thing)
    return thing
  }

  rename(thing: Thing, names: readonly string[], by: Key): void {
    this.#forget(thing)
    thing.names.push({ names, by })
    if (thing.table) this.#columns.get(thing.table)?.set(names.join('\0'), thing)
    else this.#tables.set(names[0] as string, thing)
  }

  drop(thing: Thing, by: Key): void {
    this.#forget(thing)
    thing.goneBy = by
    for (const column of this.#columns.get(thing)?.values() ?? []) column.goneBy ??= by
  }

  #forget(thing: Thing): void {
    const now = (thing.names.at(-1) as Thing['names'][number]).names.join('\0')
    const map = thing.table ? this.#columns.get(thing.table) : this.#tables
    if (map?.get(now) === thing) map.delete(now)
  }
}
