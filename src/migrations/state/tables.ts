import type { Written } from '../../project/written/types.js'
import { type Fact, isKnown, known, textOf, unknown, valueOr } from './fact.js'
import { argumentOf, isNullable, isPrimaryKey, type Place, placeOf } from './fields.js'
import { isManaged, labelOf, modelKey, type ModelState, optionOf, textOption } from './model-state.js'
import { shortName, splitLabel, unquoted } from './names.js'
import { concreteOf, type Models, parentLinks, parentsOf } from './parents.js'

/** A column of a model's own table. */
export interface Column {
  readonly field: string
  /** One where it is known; else those that it may have, none where nothing can be said. */
  readonly names: readonly string[]
  /** Why its name cannot be told. */
  readonly unsure: string | null
  readonly isNullable: Fact<boolean>
  readonly isPrimaryKey: Fact<boolean>
  /** null: Django makes it by itself (`id`, `…_ptr`, `_order`). */
  readonly written: Written | null
  readonly by: 'field' | 'id' | 'parent' | 'order'
}

export interface Columns {
  columns: Column[]
  /** Why there may be more. */
  open: string | null
}

/** A table that Django makes for a many-to-many relation. */
export interface RelationTable {
  field: string
  table: Fact<string>
  columns: Fact<string[]>
  isManaged: Fact<boolean>
}

/** What the models of a state are in the schema (django/db/models/options.py, django/db/models/base.py). */
export class Tables {
  readonly #models: Models
  readonly #maxNameLength: number | null

  constructor(models: Models, maxNameLength: number | null) {
    this.#models = models
    this.#maxNameLength = maxNameLength
  }

  tableOf(model: ModelState): Fact<string> {
    const concrete = concreteOf(this.#models, model)
    if (!isKnown(concrete)) return concrete
    const { app, name } = concrete.value
    const given = textOption(concrete.value, 'db_table')
    if (!isKnown(given)) return unknown(`the table of ${labelOf(concrete.value)} cannot be told: ${given.unknown}`)
    return known(given.value ?? shortName(`${app}_${name.toLowerCase()}`, this.#maxNameLength))
  }

  /** The model itself and those that it extends, in whose tables its rows lie too; of a proxy what it stands for. */
  lineOf(model: ModelState): ModelState[] {
    const line = new Set<ModelState>()
    const visit = (one: ModelState): void => {
      const concrete = valueOr(concreteOf(this.#models, one), one)
      if (line.has(concrete)) return
      line.add(concrete)
      for (const parent of parentsOf(this.#models, concrete).parents) visit(parent)
    }
    visit(model)
    return [...line]
  }

  /** Of its own table: what it inherits lies in others. */
  columnsOf(model: ModelState): Columns {
    const concrete = concreteOf(this.#models, model)
    if (!isKnown(concrete)) return { columns: [], open: concrete.unknown }
    const own = concrete.value
    const said = [...own.fields].map(([name, field]) => saidBy(name, field))
    let columns = said.flatMap(({ column }) => column ?? [])
    const reasons = [own.moreFields, parentsOf(this.#models, own).open]
    const links = parentLinks(this.#models, own)
    for (const { name, field } of links) if (!field && !own.fields.has(name)) columns.push(implicit(name, `${name}_id`, 'parent'))
    const keys = said.map((one) => one.isPrimaryKey)
    const [first] = links
    if (keys.some((one) => valueOr(one, false))) {
      // It has one.
    } else if (first) columns = columns.map((column) => (column.field === first.name ? { ...column, isPrimaryKey: known(true) } : column))
    else if (own.moreFields === null && own.moreBases === null && keys.every(isKnown)) columns.push(implicit('id', 'id', 'id'))
    else reasons.push('which field is its primary key cannot be told')
    const order = optionOf(own, 'order_with_respect_to')
    if (!isKnown(order)) reasons.push(`order_with_respect_to cannot be told: ${order.unknown}`)
    else if (textOf(order.value) && !own.fields.has('_order')) columns.push(implicit('_order', '_order', 'order'))
    return { columns, open: reasons.find((one) => one !== null) ?? null }
  }

  relationTablesOf(model: ModelState): RelationTable[] {
    const concrete = concreteOf(this.#models, model)
    const own = valueOr(concrete, model)
    return own === model ? [...own.fields].flatMap(([name, field]) => this.#relationTable(own, name, field)) : []
  }

  /** The table that holds a many-to-many relation: its own, or that of the model that it goes through. */
  tableOfRelation(model: ModelState, field: string): Fact<string> | null {
    const place = placeOf(field, model.fields.get(field) ?? { kind: 'unknown', reason: 'it is not there' })
    if (place === 'nowhere' || 'column' in place) return null
    if ('unknown' in place) return unknown(place.unknown)
    if ('ownTable' in place) return this.#relationTable(model, field, model.fields.get(field) as Written)[0]?.table ?? null
    const { app, name } = splitLabel(place.through, model)
    const through = this.#models.get(modelKey(app, name))
    return through ? this.tableOf(through) : unknown(`the model ${place.through} is not known`)
  }

  #relationTable(model: ModelState, name: string, field: Written): RelationTable[] {
    const { place } = saidBy(name, field)
    if (place === 'nowhere' || !('ownTable' in place) || field.kind !== 'call') return []
    const base = this.tableOf(model)
    const usual = isKnown(base) ? known(shortName(`${unquoted(base.value)}_${name}`, this.#maxNameLength)) : base
    const to = argumentOf(field, 'to')
    const target = isKnown(to) && to.value?.kind === 'text' ? splitLabel(to.value.value, model) : null
    const other = target && this.#models.get(modelKey(target.app, target.name))
    const managed = [model, other].map((one) => (one ? isManaged(one) : unknown(`the other side of ${name} is not known`)))
    return [
      {
        field: name,
        table: place.ownTable === null ? usual : known(place.ownTable),
        columns: target ? known(relationColumns(model.name.toLowerCase(), target.name.toLowerCase())) : unknown(`what ${name} leads to cannot be told`),
        isManaged: managed.some((one) => valueOr(one, false)) ? known(true) : (managed.find((one) => !isKnown(one)) ?? known(false)),
      },
    ]
  }
}

/** django/db/models/fields/related.py `create_many_to_many_intermediary_model`. */
function relationColumns(from: string, to: string): string[] {
  return from === to ? ['id', `from_${from}_id`, `to_${to}_id`] : ['id', `${from}_id`, `${to}_id`]
}

/** What a field says by itself, whatever its model is. */
interface Said {
  name: string
  place: Place
  isPrimaryKey: Fact<boolean>
  column: Column | null
}

/** Fields stay the same objects from state to state, and each operation on a model asks for all of its fields. */
const SAID = new WeakMap<Written, Said>()

function saidBy(name: string, field: Written): Said {
  const before = SAID.get(field)
  if (before?.name === name) return before
  const said = { name, place: placeOf(name, field), isPrimaryKey: isPrimaryKey(field) }
  const read = { ...said, column: columnOf(field, said) }
  SAID.set(field, read)
  return read
}

function columnOf(field: Written, { name, place, isPrimaryKey: isKey }: Omit<Said, 'column'>): Column | null {
  if (place === 'nowhere' || 'ownTable' in place || 'through' in place) return null
  const [names, unsure] = 'column' in place ? [[place.column], null] : [place.candidates, place.unknown]
  return { field: name, names, unsure, isNullable: isNullable(field), isPrimaryKey: isKey, written: field, by: 'field' }
}

function implicit(field: string, column: string, by: Column['by']): Column {
  return { field, names: [column], unsure: null, isNullable: known(false), isPrimaryKey: known(by === 'id'), written: null, by }
}
