import type { Operation, Written } from '../../project/index.js'
import { isKnown, isManaged, isProxy, type Key, kindOf, type ModelState, optionOf, type ProjectState, textOf, valueOr } from '../../migrations/index.js'
import type { Thing, Things } from './things.js'

export type Effect =
  | { does: 'make' | 'drop'; thing: Thing }
  /** @property at where in the thing's names the new one stands */
  | { does: 'rename'; thing: Thing; at: number }
  /** @property written as the migration has it; null where it goes */
  | { does: 'index'; table: Thing; name: string; drops: boolean; written: Written | null }
  | { does: 'unseen'; reason: string }

/** What a model is in the database, as far as an operation needs it. */
interface Standing {
  model: ModelState
  table: string | null
  /** Why absence proves nothing. */
  unsure: string | null
  columns: { field: string; names: readonly string[]; unsure: string | null }[]
  relations: { field: string; table: string; unsure: string | null }[]
}

/** null: it has no table that migrations care for. */
function standing(state: ProjectState, model: ModelState, things: Things, fields?: readonly string[]): Standing | null {
  const [managed, proxy] = [isManaged(model), isProxy(model)]
  if (valueOr(proxy, false)) return null
  const found = state.tableOf(model)
  const table = isKnown(found) && !/["'.]/.test(found.value) ? found.value : null
  if (!valueOr(managed, true)) {
    if (table !== null) things.claimed.add(table)
    return null
  }
  const swappable = optionOf(model, 'swappable')
  const unsure =
    isKnown(swappable) && swappable.value !== undefined
      ? `${model.app}.${model.name} may be swapped for another model`
      : isKnown(managed) && isKnown(proxy)
        ? null
        : `whether ${model.app}.${model.name} has a table cannot be told`
  const wanted = (field: string) => fields === undefined || fields.includes(field)
  const columns = state.columnsOf(model).columns.filter((one) => wanted(one.field) && one.names.length > 0)
  return {
    model,
    table,
    unsure,
    columns: columns.map(({ field, names, unsure: reason, written }) => ({ field, names, unsure: unsure ?? reason ?? ownClass(written) })),
    relations: state
      .relationTablesOf(model)
      .flatMap((one) =>
        wanted(one.field) && isKnown(one.table) && valueOr(one.isManaged, true)
          ? [{ field: one.field, table: one.table.value, unsure: unsure ?? (isKnown(one.isManaged) ? null : one.isManaged.unknown) }]
          : [],
      ),
  }
}

/** A class of somebody else's may have no column at all (`db_type` is None). */
function ownClass(written: { kind: string; callee?: string } | null): string | null {
  if (written?.kind !== 'call' || written.callee?.startsWith('django.')) return null
  const known = kindOf(written as never)
  return known !== null && /^(ForeignKey|OneToOneField)$/.test(known) ? null : `the class ${written.callee} may have no column`
}

/** Applies an operation to the models and to the things, and says what of it the schema would show. */
export function effectsOf(state: ProjectState, things: Things, app: string, operation: Operation, by: Key): Effect[] {
  const inner = operation.inner?.()
  if (inner && inner.length + (operation.stateOperations?.().length ?? 0) > 0) {
    // What it does to the database starts from the state before it, and its state operations are no part of that.
    const now = state.clone()
    const effects = inner.flatMap((one) => effectsOf(now, things, app, one, by))
    state.apply(app, operation)
    return effects
  }
  const given = operation.given?.()
  const kind = given?.kind ?? null
  const isRename = kind === 'RenameModel'
  const [oldName, newName] = [isRename ? operation.oldName : operation.model, isRename ? operation.newName : operation.model]
  const fields = fieldsOf(kind, operation)
  const before = oldName === undefined ? undefined : state.get(app, oldName)
  const was = before && kind !== 'CreateModel' ? standing(state, before, things, fields) : null
  state.apply(app, operation)
  if (kind === null) return [{ does: 'unseen', reason: 'it may do anything' }]
  const after = newName === undefined ? undefined : state.get(app, newName)
  const is = after ? standing(state, after, things, fields) : null
  if (given?.overrides.database) return weakened(compared(things, kind, was, is, by), `${operation.type} does it in a way of its own`)
  return [...compared(things, kind, was, is, by), ...indexEffects(things, kind, operation, is)]
}

const WHOLE: ReadonlySet<string> = new Set(['CreateModel', 'DeleteModel', 'RenameModel', 'AlterModelTable'])

/** undefined: the whole model. */
function fieldsOf(kind: string | null, { field, oldName, newName }: Operation): string[] | undefined {
  if (kind === 'AddField' || kind === 'RemoveField' || kind === 'AlterField') return [field ?? '']
  if (kind === 'RenameField') return [oldName ?? '', newName ?? '']
  if (kind === 'AlterOrderWithRespectTo') return ['_order']
  return kind !== null && WHOLE.has(kind) ? undefined : []
}

function weakened(effects: readonly Effect[], reason: string): Effect[] {
  for (const effect of effects) if (effect.does === 'make') effect.thing.unsure ??= reason
  return [...effects]
}

function compared(things: Things, kind: string | null, was: Standing | null, is: Standing | null, by: Key): Effect[] {
  switch (kind) {
    case 'CreateModel':
      return is ? created(things, is, by) : []
    case 'DeleteModel':
      return was?.table == null ? [] : [was.table, ...was.relations.map(({ table }) => table)].map((name) => dropped(things, things.table(name), by))
    case 'RenameModel':
    case 'AlterModelTable':
      return was && is ? moved(things, was, is, by) : []
    default:
      return fieldsCompared(things, kind, was, is, by)
  }
}

function created(things: Things, { table, unsure, columns, relations }: Standing, by: Key): Effect[] {
  if (table === null) return [{ does: 'unseen', reason: 'the name of its table cannot be told' }]
  const made = things.makeTable(table, by, unsure)
  return [
    { does: 'make', thing: made },
    ...columns.map((one): Effect => ({ does: 'make', thing: things.makeColumn(made, one.names, by, one.unsure) })),
    ...relations.map((one): Effect => ({ does: 'make', thing: things.makeTable(one.table, by, one.unsure) })),
  ]
}

function dropped(things: Things, thing: Thing, by: Key): Effect {
  things.drop(thing, by)
  return { does: 'drop', thing }
}

function renamed(things: Things, thing: Thing, names: readonly string[], by: Key): Effect {
  things.rename(thing, names, by)
  return { does: 'rename', thing, at: thing.names.length - 1 }
}

/** Only the relations of the model itself: those that lead to it keep their tables. */
function moved(things: Things, was: Standing, is: Standing, by: Key): Effect[] {
  if (was.table === null || is.table === null) return [{ does: 'unseen', reason: 'the name of its table cannot be told' }]
  const effects = was.table === is.table ? [] : [renamed(things, things.table(was.table), [is.table], by)]
  for (const { field, table } of is.relations) {
    const old = was.relations.find((one) => one.field === field)
    if (old && old.table !== table) effects.push(renamed(things, things.table(old.table), [table], by))
  }
  return effects
}

function fieldsCompared(things: Things, kind: string | null, was: Standing | null, is: Standing | null, by: Key): Effect[] {
  if (!was || !is || was.table === null || is.table === null) return []
  const table = things.table(is.table)
  const [[old], [now]] = [was.columns, is.columns] as [Standing['columns'], Standing['columns']]
  const effects: Effect[] = []
  if (old && now) {
    if (old.names.join() !== now.names.join()) effects.push(renamed(things, things.column(table, old.names), now.names, by))
  } else if (now) effects.push({ does: 'make', thing: things.makeColumn(table, now.names, by, is.unsure ?? now.unsure) })
  else if (old) effects.push(dropped(things, things.column(table, old.names), by))
  const [[oldTable], [newTable]] = [was.relations, is.relations] as [Standing['relations'], Standing['relations']]
  if (oldTable && newTable) {
    if (oldTable.table !== newTable.table) effects.push(renamed(things, things.table(oldTable.table), [newTable.table], by))
  } else if (newTable) effects.push({ does: 'make', thing: things.makeTable(newTable.table, by, newTable.unsure) })
  else if (oldTable) effects.push(dropped(things, things.table(oldTable.table), by))
  if (effects.length === 0 && kind === 'AlterField') return [{ does: 'unseen', reason: 'types and options of columns are not compared' }]
  if (effects.length === 0 && kind === 'AddField' && (now === undefined || now.names.length === 0)) return []
  return effects
}

/** Named indexes and constraints: there under their names, or not to be told, for not every database makes every kind. */
function indexEffects(things: Things, kind: string | null, operation: Operation, is: Standing | null): Effect[] {
  if (kind === null || !is?.table) return []
  const table = things.table(is.table)
  const made = (written: Written | undefined): Effect => {
    const name = textOf(written?.kind === 'call' ? written.keywords.get('name') : undefined)
    if (name === undefined || written === undefined) return { does: 'unseen', reason: 'its name cannot be read' }
    things.makeIndex(name)
    return { does: 'index', table, name, drops: false, written }
  }
  if (kind === 'CreateModel') return [...listed(is.model, 'indexes'), ...listed(is.model, 'constraints')].map(made).filter(({ does }) => does === 'index')
  const values = operation.given?.().values
  if (kind === 'RenameIndex') return renamedIndex(things, table, textOf(values?.get('old_name')), textOf(values?.get('new_name')))
  if (!/^(Add|Remove)(Index|Constraint)/.test(kind)) return []
  if (kind.startsWith('Add')) return [made(values?.get('index') ?? values?.get('constraint'))]
  const name = textOf(values?.get('name'))
  return [name === undefined ? { does: 'unseen', reason: 'its name cannot be read' } : { does: 'index', table, name, drops: true, written: null }]
}

/** The new name shows that it ran; one that had no name before has no old one. */
function renamedIndex(things: Things, table: Thing, old: string | undefined, now: string | undefined): Effect[] {
  if (now === undefined) return [{ does: 'unseen', reason: 'its name cannot be read' }]
  things.makeIndex(now)
  const made: Effect = { does: 'index', table, name: now, drops: false, written: null }
  return old === undefined ? [made] : [{ does: 'index', table, name: old, drops: true, written: null }, made]
}

function listed(model: ModelState, option: 'indexes' | 'constraints'): readonly Written[] {
  const found = optionOf(model, option)
  return isKnown(found) && found.value?.kind === 'list' ? found.value.items : []
}
