import type { Written, WrittenCall } from '../../project/written/types.js'
import { type Fact, isKnown, known, reasonOf, textFact, truthFact, unknown, valueOr } from './fact.js'
import { classOf, isDjangos, parametersOf } from './field-classes.js'

/** Where a field lies: a column, a table of its own, the table of a model that it names, or nowhere. */
export type Place =
  | { column: string }
  /** null: its table is named by Django. */
  | { ownTable: string | null }
  | { through: string }
  | 'nowhere'
  /** @property candidates the columns that it may have; none where nothing can be said */
  | { unknown: string; candidates: readonly string[] }

const NOWHERE: ReadonlySet<string> = new Set(['GenericForeignKey', 'GenericRelation', 'CompositePrimaryKey', 'ForeignObject'])

/** What a field is given for a parameter, by name or position; undefined where it is surely not given. */
export function argumentOf(field: WrittenCall, name: string): Fact<Written | undefined> {
  const kind = classOf(field)
  const written = field.keywords.get(name) ?? field.args[parametersOf(kind).indexOf(name)]
  if (written) return written.kind === 'unknown' ? unknown(written.reason) : known(written)
  if (field.isOpen) return unknown('it is given arguments that cannot be read')
  if (isDjangos(field)) return known(undefined)
  if (kind === null) return unknown(`the class ${field.callee} was not read`)
  return field.sets.includes(name) ? unknown(`${field.callee} sets ${name} by itself`) : known(undefined)
}

function read<T>(field: Written, name: string, turn: (written: Written | undefined) => Fact<T>): Fact<T> {
  if (field.kind !== 'call') return unknown(reasonOf(field))
  const found = argumentOf(field, name)
  return isKnown(found) ? turn(found.value) : found
}

export const isNullable = (field: Written): Fact<boolean> =>
  kindOf(field) === 'NullBooleanField' ? known(true) : read(field, 'null', (written) => truthFact(written, false))

export const isPrimaryKey = (field: Written): Fact<boolean> =>
  kindOf(field) === 'CompositePrimaryKey' ? known(true) : read(field, 'primary_key', (written) => truthFact(written, false))

export function isUnique(field: Written): Fact<boolean> {
  if (kindOf(field) === 'OneToOneField') return known(true)
  const [primary, unique] = [isPrimaryKey(field), read(field, 'unique', (written) => truthFact(written, false))]
  return valueOr(primary, false) ? primary : unique
}

/** Of the field itself, or of what it holds. */
export function maxLengthOf(field: Written): number | null {
  const found = valueOr(
    read(field, 'max_length', (written) => known(written?.kind === 'number' ? written.value : null)),
    null,
  )
  const base = found === null ? baseFieldOf(field) : null
  return base ? maxLengthOf(base) : found
}

/** What an `ArrayField` holds. */
export function baseFieldOf(field: Written): Written | null {
  if (kindOf(field) !== 'ArrayField') return null
  return valueOr(
    read(field, 'base_field', (written) => known(written ?? null)),
    null,
  )
}

/** The database gives it a value where an insert does not: `db_default`, a sequence, an expression. */
export function isFilledByDatabase(field: Written): boolean {
  const kind = kindOf(field)
  if (kind !== null && /^(Small|Big)?AutoField$|^GeneratedField$/.test(kind)) return true
  return field.kind === 'call' && field.keywords.has('db_default')
}

/** Django's class of it; null where it is not known. */
export function kindOf(field: Written): string | null {
  return field.kind === 'call' ? classOf(field) : null
}

export function isRelation(field: Written): field is WrittenCall {
  const kind = kindOf(field)
  if (kind !== null) return /^(ForeignKey|OneToOneField|ManyToManyField|ForeignObject|TaggableManager)$/.test(kind)
  return field.kind === 'call' && field.keywords.has('to')
}

/** `Field.get_attname_column`, `ManyToManyField._get_m2m_db_table`. */
export function placeOf(name: string, field: Written): Place {
  const kind = kindOf(field)
  const either = [name, `${name}_id`]
  if (field.kind !== 'call') return { unknown: `the field ${name} cannot be read: ${reasonOf(field)}`, candidates: either }
  if (kind === 'TaggableManager') return placeOfMany(name, field)
  if (kind !== null && NOWHERE.has(kind)) return 'nowhere'
  if (kind === 'ManyToManyField') return placeOfMany(name, field)
  const column = read(field, 'db_column', textFact)
  if (isKnown(column) && column.value !== null) return { column: column.value }
  if (kind === null) return { unknown: `the class ${field.callee} of the field ${name} was not read`, candidates: either }
  const usual = kind === 'ForeignKey' || kind === 'OneToOneField' ? `${name}_id` : name
  return isKnown(column) ? { column: usual } : { unknown: `the column of ${name} cannot be told: ${column.unknown}`, candidates: [] }
}

function placeOfMany(name: string, field: WrittenCall): Place {
  const [through, table] = [read(field, 'through', textFact), read(field, 'db_table', textFact)]
  if (isKnown(through) && through.value !== null) return { through: through.value }
  // django-taggit keeps all tags in one table where no other one is given.
  if (isKnown(through) && kindOf(field) === 'TaggableManager') return { through: 'taggit.TaggedItem' }
  if (isKnown(through) && isKnown(table)) return { ownTable: table.value }
  return { unknown: `the table of ${name} cannot be told: ${isKnown(through) ? (table as { unknown: string }).unknown : through.unknown}`, candidates: [] }
}
