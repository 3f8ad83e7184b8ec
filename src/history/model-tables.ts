import { createHash } from 'node:crypto'
import type { Argument, Operation } from '../django/types.js'

/** What a migration's state knows of a model, as far as it decides about names in the schema. */
export interface ModelTable {
  table: string
  /** `db_table` is given; else the table follows the model's name. */
  isNamed: boolean
  /** Proxy or `managed = False`; null: cannot be read. */
  isSkipped: boolean | null
  /** The setting that may put another model in its place (`AUTH_USER_MODEL`). */
  swappable: string | null
}

/** The schema that an AddField makes: a column, a table of a many-to-many relation, or nothing that can be told. */
export type FieldPlace = { column: string } | { throughTable: string } | { throughModel: string } | 'nothing' | 'unknown'

/** Names of tables by model, as migrations leave them (django/db/migrations/state.py, django/db/models/options.py `contribute_to_class`). */
export class ModelTables {
  readonly #models = new Map<string, ModelTable>()
  readonly #maxNameLength: number | null

  /** @param maxNameLength of the database's identifiers (`connection.ops.max_name_length()`), null for none */
  constructor(maxNameLength: number | null) {
    this.#maxNameLength = maxNameLength
  }

  get(app: string, model: string): ModelTable | undefined {
    return this.#models.get(`${app}.${model.toLowerCase()}`)
  }

  /** State operations of `SeparateDatabaseAndState` and `RunSQL` included. */
  apply(app: string, operation: Operation): void {
    for (const inner of operation.stateOperations?.() ?? []) this.apply(app, inner)
    const name = operation.model ?? ''
    const key = `${app}.${name.toLowerCase()}`
    const known = this.#models.get(key)
    if (operation.type === 'CreateModel') this.#models.set(key, this.#created(app, name, operation.arguments?.() ?? {}))
    else if (operation.type === 'DeleteModel') this.#models.delete(key)
    else if (operation.type === 'AlterModelTable' && known) {
      const table = operation.arguments?.().table
      this.#models.set(key, { ...known, isNamed: typeof table === 'string', table: typeof table === 'string' ? table : this.#defaultTable(app, name) })
    } else if (operation.type === 'AlterModelOptions' && known) {
      const managed = entry(operation.arguments?.().options, 'managed')
      if (managed !== undefined) this.#models.set(key, { ...known, isSkipped: typeof managed === 'boolean' ? !managed : null })
    } else if (operation.type === 'RenameModel' && operation.oldName !== undefined && operation.newName !== undefined) {
      const old = `${app}.${operation.oldName.toLowerCase()}`
      const before = this.#models.get(old)
      this.#models.delete(old)
      if (before) this.#models.set(key, { ...before, table: before.isNamed ? before.table : this.#defaultTable(app, operation.newName) })
    }
  }

  /** Where a field of this model lies (django/db/models/fields: `get_attname_column`, `_get_m2m_db_table`). */
  placeOf(model: ModelTable, name: string, field: Argument | undefined): FieldPlace {
    const source = typeof field === 'object' && field !== null && 'source' in field ? field.source : undefined
    const type = source && /^(?:[\w.]+\.)?(\w+)\(/s.exec(source)?.[1]
    if (!source || !type) return 'unknown'
    if (type === 'ManyToManyField') {
      const through = textOf(source, 'through')
      if (through !== undefined) return { throughModel: through }
      if (/\bthrough\s*=/.test(source)) return 'unknown'
      const table = textOf(source, 'db_table')
      return table === undefined && /\bdb_table\s*=/.test(source) ? 'unknown' : { throughTable: table ?? this.#short(`${unquoted(model.table)}_${name}`) }
    }
    if (!/^(?:django\.db\.)?models\./.test(source) && /Key|OneToOne|Many|Generic|Relation|Manager|Taggable/.test(type)) return 'unknown'
    const column = textOf(source, 'db_column')
    if (column === undefined && /\bdb_column\s*=\s*(?!None\b)/.test(source)) return 'unknown'
    return { column: column ?? (type === 'ForeignKey' || type === 'OneToOneField' ? `${name}_id` : name) }
  }

  #created(app: string, name: string, { options, bases }: Record<string, Argument>): ModelTable {
    // A proxy lies in the table of what it stands for.
    const parent = entry(options, 'proxy') === true && Array.isArray(bases) && typeof bases[0] === 'string' ? bases[0].split('.') : []
    const table = this.get(parent[0] ?? '', parent[1] ?? '')?.table ?? entry(options, 'db_table')
    const flags = [entry(options, 'proxy') ?? false, negated(entry(options, 'managed') ?? true)]
    const swappable = entry(options, 'swappable')
    const isReadable = options === undefined || (typeof options === 'object' && options !== null && 'dict' in options)
    return {
      table: typeof table === 'string' && table !== '' ? table : this.#defaultTable(app, name),
      isNamed: typeof table === 'string' && table !== '',
      isSkipped: flags.includes(true) ? true : !isReadable || flags.some((one) => typeof one !== 'boolean') || !isPlain(table) ? null : false,
      swappable: typeof swappable === 'string' ? swappable : null,
    }
  }

  #defaultTable(app: string, name: string): string {
    return this.#short(`${app}_${name.toLowerCase()}`)
  }

  /** django/db/backends/utils.py `truncate_name`. */
  #short(name: string): string {
    const length = this.#maxNameLength
    if (length === null || name.length <= length) return name
    return `${name.slice(0, length - 4)}${createHash('md5').update(name).digest('hex').slice(0, 4)}`
  }
}

function entry(options: Argument | undefined, name: string): Argument | undefined {
  return typeof options === 'object' && options !== null && 'dict' in options ? options.dict[name] : undefined
}

function negated(value: Argument): Argument {
  return typeof value === 'boolean' ? !value : value
}

function isPlain(table: Argument | undefined): boolean {
  return table === undefined || table === null || typeof table === 'string'
}

function unquoted(table: string): string {
  return /^"[^"]*"$/.test(table) ? table.slice(1, -1) : table
}

/** A keyword of a call that is a plain text. */
function textOf(source: string, keyword: string): string | undefined {
  return new RegExp(`\\b${keyword}\\s*=\\s*[uU]?(["'])([^"'\\\\\\n]*)\\1\\s*[,)]`).exec(source)?.[2]
}
