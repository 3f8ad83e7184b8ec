import type { Written } from '../../project/written/types.js'
import { argument, type Change, type Changes } from './changes.js'
import { reasonOf, textOf } from './fact.js'
import { modelKey, type ModelState, withOption } from './model-state.js'
import { repointed } from './relations.js'

type Models = Change['models']

/** Options that `AlterModelOptions` takes back where it does not give them (django/db/migrations/operations/models.py). */
const ALTERED = [
  ...['base_manager_name', 'default_manager_name', 'default_related_name', 'get_latest_by', 'managed', 'ordering', 'permissions'],
  ...['default_permissions', 'select_on_save', 'verbose_name', 'verbose_name_plural'],
]

export function create(models: Models, app: string, values: Change['values']): string | null {
  const name = textOf(values.get('name'))
  if (name === undefined) return 'the name of the model cannot be read'
  const [fields, options, bases] = [pairs(argument(values, 'fields')), entries(argument(values, 'options')), listed(argument(values, 'bases'))]
  const model: ModelState = {
    app,
    name,
    fields: fields.pairs,
    moreFields: fields.more,
    options: options.pairs,
    moreOptions: options.more,
    bases: bases.items,
    moreBases: bases.more,
  }
  models.set(modelKey(app, name), model)
  return [fields, options, bases].map(({ more }) => more).find((more) => more !== null) ?? null
}

/** `ProjectState.rename_model`: what leads to it leads to it under its new name. */
export function rename(models: Models, model: ModelState, name: string, change: ((model: ModelState) => ModelState) | null): void {
  const old = modelKey(model.app, model.name)
  models.delete(old)
  models.set(modelKey(model.app, name), { ...(change?.(model) ?? model), name })
  for (const [key, one] of models) models.set(key, repointed(one, model, `${model.app}.${name}`))
}

const set =
  (option: string, parameter = option): Changes =>
  ({ models, model, values }) => {
    const value = argument(values, parameter)
    models.set(modelKey(model.app, model.name), withOption(model, option, value))
    return value.kind === 'unknown' ? `${parameter} cannot be read: ${value.reason}` : null
  }

/** An index or constraint by its name, added to or taken from a list of them. */
function altered(option: string, alter: (items: readonly Written[], values: Change['values']) => readonly Written[] | null): Changes {
  return ({ models, model, values }) => {
    const before = model.options.get(option) ?? { kind: 'list', items: [] }
    const after = before.kind === 'list' ? alter(before.items, values) : null
    const value: Written = after ? { kind: 'list', items: after } : { kind: 'unknown', reason: `the ${option} of it cannot be read` }
    models.set(modelKey(model.app, model.name), withOption(model, option, value))
    return after ? null : (value as { reason: string }).reason
  }
}

const isNamed = (one: Written, name: string | undefined) => one.kind === 'call' && textOf(one.keywords.get('name')) === name

const without = (items: readonly Written[], values: Change['values']) => {
  const name = textOf(values.get('name'))
  return name === undefined ? null : items.filter((one) => !isNamed(one, name))
}

const withOne = (parameter: string) => (items: readonly Written[], values: Change['values']) => [...items, argument(values, parameter)]

const renamedIndex: Changes = (change) => {
  const { values, model, models } = change
  const [now, old] = [textOf(values.get('new_name')), textOf(values.get('old_name'))]
  const index = values.get('old_fields')
  if (now === undefined) return 'its new name cannot be read'
  const name: Written = { kind: 'text', value: now }
  if (index && index.kind !== 'none') {
    const made: Written = { kind: 'call', callee: 'django.db.models.Index', bases: [], args: [], keywords: new Map([['fields', index], ['name', name]]), isOpen: false, sets: [] } // prettier-ignore
    const same = JSON.stringify(index)
    const reason = altered('index_together', (items) => items.filter((one) => JSON.stringify(one) !== same))(change)
    return altered('indexes', (items) => [...items, made])({ ...change, model: models.get(modelKey(model.app, model.name)) as ModelState }) ?? reason
  }
  return altered('indexes', (items) =>
    items.map((one) => (one.kind === 'call' && isNamed(one, old) ? { ...one, keywords: new Map(one.keywords).set('name', name) } : one)),
  )(change)
}

export const MODEL_CHANGES: ReadonlyMap<string, Changes> = new Map<string, Changes>([
  [
    'DeleteModel',
    ({ models, model }) => {
      models.delete(modelKey(model.app, model.name))
      return null
    },
  ],
  ['AlterModelTable', set('db_table', 'table')],
  ['AlterUniqueTogether', set('unique_together')],
  ['AlterIndexTogether', set('index_together')],
  ['AlterOrderWithRespectTo', set('order_with_respect_to')],
  [
    'AlterModelOptions',
    ({ models, model, values }) => {
      const given = entries(argument(values, 'options'))
      const kept = [...model.options].filter(([name]) => !ALTERED.includes(name))
      models.set(modelKey(model.app, model.name), { ...model, options: new Map([...kept, ...given.pairs]), moreOptions: given.more ?? model.moreOptions })
      return given.more
    },
  ],
  ['AddIndex', altered('indexes', withOne('index'))],
  ['AddIndexConcurrently', altered('indexes', withOne('index'))],
  ['RemoveIndex', altered('indexes', without)],
  ['RemoveIndexConcurrently', altered('indexes', without)],
  ['RenameIndex', renamedIndex],
  ['AddConstraint', altered('constraints', withOne('constraint'))],
  ['AddConstraintNotValid', altered('constraints', withOne('constraint'))],
  ['RemoveConstraint', altered('constraints', without)],
  [
    'AlterConstraint',
    altered('constraints', (items, values) => items.map((one) => (isNamed(one, textOf(values.get('name'))) ? argument(values, 'constraint') : one))),
  ],
])

/** `[("id", models.AutoField()), …]` */
function pairs(written: Written): { pairs: Map<string, Written>; more: string | null } {
  const found = new Map<string, Written>()
  let more: string | null = written.kind === 'list' || written.kind === 'none' ? null : `its fields cannot be read: ${reasonOf(written)}`
  for (const item of written.kind === 'list' ? written.items : []) {
    const [name, field] = item.kind === 'list' ? item.items : []
    if (name?.kind === 'text' && field) found.set(name.value, field)
    else more = `a field of it cannot be read: ${reasonOf(item)}`
  }
  return { pairs: found, more }
}

function entries(written: Written): { pairs: Map<string, Written>; more: string | null } {
  const found = new Map<string, Written>()
  let more: string | null = written.kind === 'dict' || written.kind === 'none' ? null : `its options cannot be read: ${reasonOf(written)}`
  for (const [name, value] of written.kind === 'dict' ? written.entries : []) {
    if (name.kind === 'text') found.set(name.value, value)
    else more = `an option of it cannot be read: ${reasonOf(name)}`
  }
  return { pairs: found, more }
}

function listed(written: Written): { items: readonly Written[]; more: string | null } {
  if (written.kind === 'list') return { items: written.items, more: null }
  return { items: [], more: written.kind === 'none' ? null : `its bases cannot be read: ${reasonOf(written)}` }
}
