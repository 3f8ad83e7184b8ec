import type { Operation } from '../../project/types.js'
import type { Given } from '../../project/written/types.js'
import { isKnown, type Fact } from './fact.js'
import { type Place, placeOf } from './fields.js'
import { FIELD_CHANGES } from './field-changes.js'
import { create, MODEL_CHANGES, rename } from './model-changes.js'
import { isManaged, modelKey, type ModelState, withOption } from './model-state.js'
import { type Columns, type RelationTable, Tables } from './tables.js'

/** What of a state may be otherwise, since files do not tell. */
export interface Doubt {
  app: string
  /** Lower case; null: any model of the app. */
  model: string | null
  /** The migration that makes it so. */
  migration: [app: string, name: string] | null
  reason: string
}

/** A migration with the arguments of its operations. */
export interface StateStep {
  /** The label that its operations are about. */
  app: string
  name: string
  /** null: they cannot be read. */
  operations: readonly Operation[] | null
}

/**
 * What is followed: the models as Django's migrations see them, or the tables that are theirs. They part at `SeparateDatabaseAndState`
 * and where a model is not managed.
 */
export type Side = 'state' | 'database'

/** The models of all apps after a list of migrations, as far as their files tell (django/db/migrations/state.py, `ProjectState`). */
export class ProjectState {
  readonly #models: Map<string, ModelState>
  readonly #doubts: Doubt[]
  readonly #maxNameLength: number | null
  #migration: Doubt['migration'] = null

  /** @param maxNameLength of the database's identifiers (`connection.ops.max_name_length()`), null for none */
  constructor(maxNameLength: number | null, models: Iterable<[string, ModelState]> = [], doubts: readonly Doubt[] = []) {
    this.#maxNameLength = maxNameLength
    this.#models = new Map(models)
    this.#doubts = [...doubts]
  }

  get models(): ReadonlyMap<string, ModelState> {
    return this.#models
  }

  get doubts(): readonly Doubt[] {
    return this.#doubts
  }

  get(app: string, name: string): ModelState | undefined {
    return this.#models.get(modelKey(app, name))
  }

  /** Those about one model, and about its app as a whole. */
  doubtsAbout(app: string, model: string): Doubt[] {
    return this.#doubts.filter((doubt) => doubt.app === app && (doubt.model === null || doubt.model === model.toLowerCase()))
  }

  clone(): ProjectState {
    return new ProjectState(this.#maxNameLength, this.#models, this.#doubts)
  }

  /** @param after called after each operation, those inside of others included */
  step({ app, name, operations }: StateStep, side: Side = 'state', after?: (operation: Operation) => void): void {
    this.#migration = [app, name]
    if (operations === null) this.#doubt(app, null, 'its operations cannot be read')
    for (const operation of operations ?? []) this.apply(app, operation, side, after)
    this.#migration = null
  }

  apply(app: string, operation: Operation, side: Side = 'state', after?: (operation: Operation) => void): void {
    const inner = side === 'state' ? operation.stateOperations?.() : operation.inner?.()
    for (const one of inner ?? []) this.apply(app, one, side, after)
    const given = operation.given?.()
    if (!given || given.kind === null) this.#doubt(app, operation.model ?? null, `${operation.type} is not known and may change anything`)
    else {
      if (given.overrides[side]) this.#doubt(app, operation.model ?? null, `${operation.type} changes the ${side} in a way of its own`)
      const reason = this.#change(app, operation, given, side)
      if (reason !== null) this.#doubt(app, operation.model ?? null, `${operation.summary}: ${reason}`)
    }
    after?.(operation)
  }

  /** @returns why it cannot be followed */
  #change(app: string, operation: Operation, { kind, values }: Given, side: Side): string | null {
    if (kind === 'CreateModel') return create(this.#models, app, values)
    const changes = MODEL_CHANGES.get(kind ?? '') ?? FIELD_CHANGES.get(kind ?? '')
    if (kind !== 'RenameModel' && !changes) return null
    const name = kind === 'RenameModel' ? operation.oldName : operation.model
    if (name === undefined) return 'which model it is about cannot be read'
    const model = this.#models.get(modelKey(app, name))
    if (!model) return `the model ${app}.${name} is not known`
    const isOutside = side === 'database' && !(isKnown(isManaged(model)) && (isManaged(model) as { value: boolean }).value)
    if (kind === 'RenameModel') {
      if (operation.newName === undefined) return 'its new name cannot be read'
      const table = isOutside ? this.tableOf(model) : null
      rename(
        this.#models,
        model,
        operation.newName,
        table && isKnown(table) ? (one) => withOption(one, 'db_table', { kind: 'text', value: table.value }) : null,
      )
      return null
    }
    // What is not managed stays as it is in the database.
    if (isOutside && kind !== 'AlterModelOptions') return null
    return changes?.({ models: this.#models, model, operation, values }) ?? null
  }

  #doubt(app: string, model: string | null, reason: string): void {
    this.#doubts.push({ app, model: model === null ? null : model.toLowerCase(), migration: this.#migration, reason })
  }

  get #tables(): Tables {
    return new Tables(this.#models, this.#maxNameLength)
  }

  tableOf(model: ModelState): Fact<string> {
    return this.#tables.tableOf(model)
  }

  /** The models in whose tables the rows of a model lie: itself and those that it extends, or what a proxy stands for. */
  lineOf(model: ModelState): ModelState[] {
    return this.#tables.lineOf(model)
  }

  columnsOf(model: ModelState): Columns {
    const found = this.#tables.columnsOf(model)
    return { ...found, open: found.open ?? this.doubtsAbout(model.app, model.name)[0]?.reason ?? null }
  }

  relationTablesOf(model: ModelState): RelationTable[] {
    return this.#tables.relationTablesOf(model)
  }

  tableOfRelation(model: ModelState, field: string): Fact<string> | null {
    return this.#tables.tableOfRelation(model, field)
  }

  placeOf({ fields }: ModelState, name: string): Place {
    const field = fields.get(name)
    return field ? placeOf(name, field) : { unknown: `the field ${name} is not known`, candidates: [name, `${name}_id`] }
  }
}
