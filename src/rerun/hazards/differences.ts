import type { ModelUse, Written } from '../../project/index.js'
import {
  baseFieldOf,
  type Column,
  fieldsIn,
  isFilledByDatabase,
  isKnown,
  isManaged,
  isUnique,
  kindOf,
  maxLengthOf,
  type ModelState,
  namedConstraints,
  type ProjectState,
  togetherOf,
  valueOr,
} from '../../migrations/index.js'
import type { LiveCheck } from './hazard.js'
import type { Watched } from './watched.js'

/** What of a table is no longer as the target sees it and may make it fail. */
export interface Difference {
  code: string
  /** What has been done, where the operation does not say it better; `…` stands for the label of the model. */
  done: string
  effect: string
  /** Of the target's own fields, where it is about one. */
  field: string | null
  check?: LiveCheck
}

/**
 * By a key that stays the same while the difference does.
 * @param model the one in whose table it is now
 * @param moved columns that are the target's own under another name
 */
export function differences(watched: Watched, model: ModelState | undefined, columns: readonly Column[], moved: ReadonlySet<string>): Map<string, Difference> {
  const found = new Map<string, Difference>()
  if (!model) {
    const check: LiveCheck = { table: watched.table, is: 'missing' }
    found.set('table', { code: 'later-table-gone', done: 'removed …', effect: 'everything that this migration does with it will fail', field: null, check })
    return found
  }
  for (const old of watched.columns) {
    const same = columns.find((one) => isSame(one, old))
    if (same) compareColumn(found, watched, old, same)
    else found.set(`gone ${old.field}`, gone(watched, old))
  }
  for (const column of columns) {
    const isNew = !watched.columns.some((old) => isSame(column, old)) && !column.names.some((name) => moved.has(name.toLowerCase()))
    if (isNew && isRequired(column) && inserts(watched).length > 0) found.set(`required ${column.field}`, required(watched, column, 'added', ''))
  }
  compareConstraints(found, watched, model)
  return found
}

/** The model whose table it is now; a managed one before others that lie in the same table. */
export function inTable(now: ProjectState, { table }: Watched): ModelState | undefined {
  const there = [...now.models.values()].filter((model) => {
    const own = now.tableOf(model)
    return now.lineOf(model)[0] === model && isKnown(own) && own.value.toLowerCase() === table.toLowerCase()
  })
  return there.find((model) => valueOr(isManaged(model), false)) ?? there[0]
}

function isSame(one: Column, other: Column): boolean {
  if (one.names.length === 0 || other.names.length === 0) return one.field === other.field
  return one.names.some((name) => other.names.some((again) => again.toLowerCase() === name.toLowerCase()))
}

function gone({ table }: Watched, { field, names }: Column): Difference {
  return {
    code: 'later-removed',
    done: `removed ….${field}`,
    effect: 'this migration names the column in every query of the model, so its queries will fail',
    field,
    ...(names.length > 0 ? { check: { table, columns: names, is: 'missing' } } : {}),
  }
}

function compareColumn(found: Map<string, Difference>, watched: Watched, old: Column, now: Column): void {
  const { field } = old
  if (!isRequired(old) && isRequired(now) && inserts(watched).some((use) => use.fields.length > 0 && !names(use, field)))
    found.set(`required ${field}`, required(watched, { ...now, field }, 'made', ' that leave it empty'))
  if (!old.written || !now.written) return
  const add = (key: string, code: string, done: string, effect: string) => found.set(`${key} ${field}`, { code, done, effect, field })
  if (valueOr(isUnique(now.written), false) && !valueOr(isUnique(old.written), true)) {
    const clash = inserts(watched).some((use) => !use.guarded) || watched.uses.some((use) => use.kind === 'update' && names(use, field))
    if (clash) add('unique', 'later-unique', `made ….${field} unique`, 'rows that this migration adds or changes again may clash')
  }
  if (!watched.uses.some((use) => (use.kind === 'insert' || use.kind === 'update') && names(use, field))) return
  const [before, after] = [maxLengthOf(old.written), maxLengthOf(now.written)]
  if (before !== null && after !== null && after < before)
    add('narrow', 'later-narrower', `shortened ….${field} from ${before} to ${after} characters`, 'longer values by this migration will fail')
  const [kind, other] = [typeOf(old.written), typeOf(now.written)]
  if (kind !== null && other !== null && family(kind) !== family(other))
    add('type', 'later-type', `changed ….${field} from ${kind} to ${other}`, 'what this migration writes may not fit')
}

function required({ table }: Watched, { field, names: columns, isNullable }: Column, verb: 'added' | 'made', which: string): Difference {
  const sure = isKnown(isNullable)
  return {
    code: 'later-not-null',
    done: verb === 'added' ? `added ….${field} ${sure ? 'as' : 'and perhaps'} NOT NULL` : `made ….${field} ${sure ? '' : 'perhaps '}NOT NULL`,
    effect: `inserts by this migration${which} ${sure ? 'will' : 'may'} fail`,
    field,
    ...(columns.length > 0 ? { check: { table, columns, is: 'required' } } : {}),
  }
}

/** NOT NULL, or perhaps so, and not filled by the database. */
function isRequired({ isNullable, written, by }: Column): boolean {
  if (valueOr(isNullable, false)) return false
  return written ? !isFilledByDatabase(written) : by !== 'id'
}

function compareConstraints(found: Map<string, Difference>, watched: Watched, model: ModelState): void {
  const writes = watched.uses.filter((use) => use.kind === 'insert' || use.kind === 'update')
  const concerns = (fields: ReadonlySet<string> | null) =>
    writes.some((use) => use.kind === 'insert' || use.fields.length === 0 || fields === null || use.fields.some((field) => fields.has(field)))
  const add = (key: string, what: string) =>
    found.set(`constraint ${key}`, {
      code: 'later-constraint',
      done: `added ${what} to …`,
      effect: 'rows that this migration adds or changes may violate it',
      field: null,
    })
  for (const [name, written] of namedConstraints(model))
    if (!watched.constraints.has(name) && concerns(fieldsIn(written))) add(name, `the constraint ${name}`.trim())
  const before = new Set(watched.together.map((group) => group.join()))
  const groups = togetherOf(model, 'unique_together')
  // What cannot be read may be anything.
  const isOpen = !isKnown(groups) && writes.length > 0
  if (isOpen || valueOr(groups, []).some((group) => !before.has(group.join()) && concerns(new Set(group)))) add('unique_together', 'unique_together')
}

function inserts({ uses }: Watched): ModelUse[] {
  return uses.filter((use) => use.kind === 'insert')
}

/** `author` and `author_id` are one field. */
function names(use: ModelUse, field: string): boolean {
  return use.fields.includes(field) || use.fields.includes(`${field}_id`)
}

function typeOf(written: Written): string | null {
  const kind = kindOf(written)
  const base = baseFieldOf(written)
  return kind !== null && base ? `${kind} of ${typeOf(base) ?? 'something'}` : kind
}

/** Field classes whose columns take the same values. */
function family(kind: string): string {
  const of = / of (.*)$/s.exec(kind)?.[1]
  if (of !== undefined) return `array of ${family(of)}`
  if (/Char|Text|Slug|Email|URL|File|Image|UUID/.test(kind)) return 'text'
  if (/Integer|ForeignKey|OneToOne|Auto/.test(kind)) return 'number'
  if (/Decimal|Float/.test(kind)) return 'decimal'
  return kind
}
