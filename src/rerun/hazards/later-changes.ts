import type { Argument, ModelUse, Operation } from '../../django/index.js'
import type { CheckedHazard } from './hazard.js'

/** A recorded migration with its operations, in Django's order. */
export interface Applied {
  app: string
  name: string
  /** The target needs it, or it is the target: what it does was there when the target first ran. */
  before: boolean
  operations: readonly Operation[]
}

/** What is known of a model's table and columns, first as the target saw them, then as later migrations left them. */
interface ModelState {
  table: string
  /** Field to what has become of it: null while it is as it was. */
  fields: Map<string, Field>
  gone: CheckedHazard | null
}

interface Field {
  text: string
  /** It came after the target, which does not know it. */
  later: boolean
  /** The name under which the target knows it. */
  original?: string
}

/**
 * What later recorded migrations have removed, renamed or tightened of what the target uses (a rerun sees the models as they were
 * then, and the tables as they are now). Silent where a later change does not concern it.
 */
export function laterChanges(uses: readonly ModelUse[], history: readonly Applied[]): CheckedHazard[] {
  const models = new Map(uses.map((use) => [`${use.app}.${use.model}`, use]))
  return [...models.values()].flatMap(({ app, model }) => {
    const own = uses.filter((use) => use.app === app && use.model === model)
    return new ModelHistory(app, model, own).follow(history)
  })
}

class ModelHistory {
  readonly #app: string
  #model: string
  readonly #uses: readonly ModelUse[]
  readonly #state: ModelState
  readonly #found = new Map<string, CheckedHazard>()

  constructor(app: string, model: string, uses: readonly ModelUse[]) {
    this.#app = app
    this.#model = model
    this.#uses = uses
    this.#state = { table: `${app}_${model}`, fields: new Map(), gone: null }
  }

  follow(history: readonly Applied[]): CheckedHazard[] {
    for (const migration of history) for (const operation of migration.operations) this.#apply(migration, operation)
    return this.#state.gone ? [this.#state.gone] : [...this.#found.values()]
  }

  get #label(): string {
    return `${this.#app}.${this.#uses[0]?.name ?? this.#model}`
  }

  #inserts(): ModelUse[] {
    return this.#uses.filter((use) => use.kind === 'insert')
  }

  #apply(migration: Applied, operation: Operation): void {
    if (operation.type === 'SeparateDatabaseAndState') {
      for (const inner of operation.inner?.() ?? []) this.#apply(migration, inner)
      return
    }
    if (migration.app !== this.#app) return
    const { type } = operation
    if (type === 'RenameModel' && operation.oldName?.toLowerCase() === this.#model && !migration.before) return this.#renamed(migration, operation)
    if (operation.model?.toLowerCase() !== this.#model) return
    if (type === 'CreateModel') this.#created(operation)
    else if (type === 'DeleteModel' && !migration.before) this.#lost(migration, `removed ${this.#label}: its table is gone`)
    else if (type === 'AlterModelTable') this.#moved(migration, operation)
    else if (type === 'AddField') this.#added(migration, operation)
    else if (type === 'RemoveField') this.#removed(migration, operation.field ?? '', `removed ${this.#label}.${operation.field}`)
    else if (type === 'RenameField') this.#fieldRenamed(migration, operation)
    else if (type === 'AlterField') this.#altered(migration, operation)
    else if (type === 'RemoveConstraint') this.#found.delete(`constraint ${operation.name ?? ''}`)
    else if (type === 'AddConstraint' || type === 'AlterUniqueTogether') this.#constrained(migration, operation)
  }

  #created({ arguments: given }: Operation): void {
    const found = given?.() ?? {}
    const table = dictValue(found.options, 'db_table')
    this.#state.table = typeof table === 'string' ? table : `${this.#app}_${this.#model}`
    this.#state.gone = null
    this.#found.clear()
    this.#state.fields.clear()
    for (const entry of Array.isArray(found.fields) ? found.fields : [])
      if (Array.isArray(entry) && typeof entry[0] === 'string') this.#state.fields.set(entry[0], { text: sourceOf(entry[1]), later: false })
  }

  #renamed(migration: Applied, operation: Operation): void {
    // A table that is named stays, and what comes later for the new name is about it.
    if (this.#state.table !== `${this.#app}_${this.#model}` && operation.newName) {
      this.#model = operation.newName.toLowerCase()
      return
    }
    this.#lost(migration, `renamed ${this.#label} to ${operation.newName}, and with it its table ${this.#state.table}`)
  }

  #moved(migration: Applied, operation: Operation): void {
    const table = operation.arguments?.().table
    const wanted = typeof table === 'string' ? table : `${this.#app}_${this.#model}`
    if (wanted === this.#state.table) return
    if (!migration.before) this.#lost(migration, `moved the table of ${this.#label} from ${this.#state.table} to ${wanted}`)
    else this.#state.table = wanted
  }

  #lost(migration: Applied, what: string): void {
    this.#state.gone = this.#hazard(migration, 'later-table-gone', `${what}: everything that this migration does with it will fail`, {
      table: this.#state.table,
      is: 'missing',
    })
  }

  #added(migration: Applied, operation: Operation): void {
    const field = operation.field ?? ''
    const text = sourceOf(operation.arguments?.().field)
    // A field that was removed and is there again under its name is no hazard for reading.
    this.#found.delete(`gone ${field}`)
    this.#state.fields.set(field, { text, later: !migration.before })
    if (migration.before || !isRequired(text) || /\bdb_default\s*=/.test(text) || this.#inserts().length === 0) return
    this.#add(
      `required ${field}`,
      this.#hazard(
        migration,
        'later-not-null',
        `added ${this.#label}.${field} as NOT NULL: inserts by this migration will fail`,
        this.#column(field, text, 'required'),
      ),
    )
  }

  #removed(migration: Applied, field: string, what: string): void {
    const known = this.#state.fields.get(field)
    this.#state.fields.delete(field)
    // A relation without a column of its own is in no query of the model.
    if (/ManyToManyField|GenericRelation/.test(known?.text ?? '')) return
    this.#found.delete(`required ${field}`)
    this.#found.delete(`unique ${field}`)
    if (migration.before || known?.later) return
    const effect = 'this migration names the column in every query of the model, so its queries will fail'
    this.#add(`gone ${field}`, this.#hazard(migration, 'later-removed', `${what}: ${effect}`, this.#column(field, known?.text ?? '', 'missing')))
  }

  #fieldRenamed(migration: Applied, operation: Operation): void {
    const [old, now] = [operation.oldName ?? '', operation.newName ?? '']
    const known = this.#state.fields.get(old)
    if (known?.original === now) {
      this.#state.fields.delete(old)
      this.#state.fields.set(now, { text: known.text, later: false })
      this.#found.delete(`gone ${now}`)
      return
    }
    if (migration.before || known?.later) {
      this.#state.fields.delete(old)
      this.#state.fields.set(now, known ?? { text: '', later: !migration.before })
      return
    }
    // An explicit db_column stays.
    if (/\bdb_column\s*=/.test(known?.text ?? '')) return
    this.#removed(migration, old, `renamed ${this.#label}.${old} to ${now}`)
    this.#state.fields.set(now, { text: known?.text ?? '', later: true, original: old })
  }

  #altered(migration: Applied, operation: Operation): void {
    const field = operation.field ?? ''
    const before = this.#state.fields.get(field)
    const text = sourceOf(operation.arguments?.().field)
    this.#state.fields.set(field, { text, later: before?.later ?? false })
    if (migration.before) return
    const writes = this.#uses.filter((use) => (use.kind === 'insert' || use.kind === 'update') && names(use, field))
    if (isRequired(text) && before && !isRequired(before.text) && !/\bdb_default\s*=/.test(text)) {
      const leaves = this.#inserts().some((use) => use.fields.length > 0 && !names(use, field))
      if (leaves)
        this.#add(
          `required ${field}`,
          this.#hazard(
            migration,
            'later-not-null',
            `made ${this.#label}.${field} NOT NULL: inserts by this migration that leave it empty will fail`,
            this.#column(field, text, 'required'),
          ),
        )
    } else if (!isRequired(text)) this.#found.delete(`required ${field}`)
    if (isUnique(text) && before && !isUnique(before.text)) this.#unique(migration, field)
    else if (!isUnique(text)) this.#found.delete(`unique ${field}`)
    if (before && columnOf(field, before.text) !== columnOf(field, text) && !before.later)
      this.#add(
        `gone ${field}`,
        this.#hazard(
          migration,
          'later-removed',
          `moved ${this.#label}.${field} to another column: queries by this migration will fail`,
          this.#column(field, before.text, 'missing'),
        ),
      )
    if (before && writes.length > 0) this.#narrower(migration, field, before.text, text)
  }

  #narrower(migration: Applied, field: string, before: string, text: string): void {
    const [old, now] = [maxLength(before), maxLength(text)]
    if (old !== null && now !== null && now < old)
      this.#add(
        `narrow ${field}`,
        this.#hazard(
          migration,
          'later-narrower',
          `shortened ${this.#label}.${field} from ${old} to ${now} characters: longer values by this migration will fail`,
        ),
      )
    const [kind, other] = [fieldClass(before), fieldClass(text)]
    if (kind && other && family(kind) !== family(other))
      this.#add(
        `type ${field}`,
        this.#hazard(migration, 'later-type', `changed ${this.#label}.${field} from ${kind} to ${other}: what this migration writes may not fit`),
      )
  }

  #unique(migration: Applied, what: string): void {
    if (this.#inserts().some((use) => !use.guarded) || this.#uses.some((use) => use.kind === 'update' && names(use, what)))
      this.#add(
        `unique ${what}`,
        this.#hazard(migration, 'later-unique', `made ${this.#label}.${what} unique: rows that this migration adds or changes again may clash`),
      )
  }

  #constrained(migration: Applied, operation: Operation): void {
    if (migration.before || this.#uses.every((use) => use.kind === 'read' || use.kind === 'delete')) return
    const given = operation.arguments?.() ?? {}
    const text = operation.type === 'AddConstraint' ? sourceOf(given.constraint) : JSON.stringify(given.unique_together ?? null)
    const name = operation.type === 'AddConstraint' ? (/\bname\s*=\s*["']([^"']+)["']/.exec(text)?.[1] ?? '') : 'unique_together'
    if (operation.type === 'AlterUniqueTogether' && /^(null|\[\]|\{"source":"set\(\)"\})$/.test(text)) {
      this.#found.delete(`constraint ${name}`)
      return
    }
    const writes = this.#uses.some((use) => use.kind === 'insert' || use.fields.length === 0 || use.fields.some((field) => text.includes(field)))
    if (!writes) return
    const what = operation.type === 'AddConstraint' ? `the constraint ${name}`.trim() : name
    this.#add(
      `constraint ${name}`,
      this.#hazard(migration, 'later-constraint', `added ${what} to ${this.#label}: rows that this migration adds or changes may violate it`),
    )
  }

  #column(field: string, text: string, is: 'missing' | 'required'): CheckedHazard['check'] {
    return { table: this.#state.table, column: columnOf(field, text), is }
  }

  #add(key: string, hazard: CheckedHazard): void {
    this.#found.set(key, hazard)
  }

  #hazard(migration: Applied, code: string, what: string, check?: CheckedHazard['check']): CheckedHazard {
    return { code, message: `${migration.app}.${migration.name} ${what}`, line: null, migration: [migration.app, migration.name], ...(check ? { check } : {}) }
  }
}

function sourceOf(value: Argument | undefined): string {
  return typeof value === 'object' && value !== null && 'source' in value ? String(value.source) : ''
}

function dictValue(value: Argument | undefined, key: string): Argument | undefined {
  return typeof value === 'object' && value !== null && 'dict' in value ? (value.dict as Record<string, Argument>)[key] : undefined
}

/** NOT NULL in the table: neither null=True, nor a relation without a column, nor one that the database fills. */
function isRequired(text: string): boolean {
  return (
    text !== '' &&
    !/\bnull\s*=\s*True/.test(text) &&
    !/ManyToManyField|GenericRelation|GeneratedField|NullBooleanField|\bAutoField|BigAutoField|GenericForeignKey/.test(text)
  )
}

function isUnique(text: string): boolean {
  return /\bunique\s*=\s*True|\bOneToOneField\(|\bprimary_key\s*=\s*True/.test(text)
}

/** `author` and `author_id` are one field. */
function names(use: ModelUse, field: string): boolean {
  return use.fields.includes(field) || use.fields.includes(`${field}_id`)
}

function columnOf(field: string, text: string): string {
  const given = /\bdb_column\s*=\s*["'](\w+)["']/.exec(text)?.[1]
  return given ?? (/\b(ForeignKey|OneToOneField|TreeForeignKey|ParentalKey)\(/.test(text) ? `${field}_id` : field)
}

function fieldClass(text: string): string | null {
  return /(?:^|\.)(\w+)\(/.exec(text)?.[1] ?? null
}

function maxLength(text: string): number | null {
  const found = /\bmax_length\s*=\s*(\d+)/.exec(text)?.[1]
  return found === undefined ? null : Number(found)
}

/** Field classes whose columns take the same values. */
function family(kind: string): string {
  if (/Char|Text|Slug|Email|URL|File|Image|UUID/.test(kind)) return 'text'
  if (/Integer|ForeignKey|OneToOne|Auto/.test(kind)) return 'number'
  if (/Decimal|Float/.test(kind)) return 'decimal'
  return kind
}
