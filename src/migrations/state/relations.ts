import type { Written, WrittenCall } from '../../project/written/types.js'
import { isKnown } from './fact.js'
import { classOf, parametersOf } from './field-classes.js'
import { argumentOf, isRelation } from './fields.js'
import { modelKey, type ModelState } from './model-state.js'
import { splitLabel } from './names.js'
import { renamedIn } from './together.js'

/** Whether a field's argument names a model (django/db/migrations/utils.py `field_references`). */
function leadsTo(field: WrittenCall, parameter: 'to' | 'through', owner: ModelState, key: string): boolean {
  const written = argumentOf(field, parameter)
  if (!isKnown(written) || written.value?.kind !== 'text') return false
  const { app, name } = splitLabel(written.value.value, owner)
  return modelKey(app, name) === key
}

function withArgument(field: WrittenCall, name: string, value: Written): WrittenCall {
  const position = parametersOf(classOf(field)).indexOf(name)
  if (field.keywords.has(name) || position < 0 || position >= field.args.length) return { ...field, keywords: new Map(field.keywords).set(name, value) }
  return { ...field, args: field.args.map((one, index) => (index === position ? value : one)) }
}

/** The same model where nothing of it changes. */
function changed(model: ModelState, change: (field: WrittenCall) => WrittenCall): ModelState {
  const fields = [...model.fields].map(([name, field]): [string, Written] => [name, isRelation(field) ? change(field) : field])
  return fields.every(([name, field]) => model.fields.get(name) === field) ? model : { ...model, fields: new Map(fields) }
}

/** The fields of a model that lead to another one lead to it under its new name. */
export function repointed(model: ModelState, old: ModelState, label: string): ModelState {
  const key = modelKey(old.app, old.name)
  // `self` is said of the model under its old name as well.
  const owner = model.app === old.app && `${model.app}.${model.name}` === label ? old : model
  return changed(model, (field) => {
    let after = field
    for (const parameter of ['to', 'through'] as const)
      if (leadsTo(field, parameter, owner, key)) after = withArgument(after, parameter, { kind: 'text', value: label })
    return after
  })
}

/** `to_field`, `to_fields`, `from_fields` and `through_fields` that name a field under its old name. */
export function fieldRenamed(model: ModelState, owner: ModelState, old: string, now: string): ModelState {
  const key = modelKey(owner.app, owner.name)
  return changed(model, (field) => {
    const parameters = [
      ...(leadsTo(field, 'to', model, key) ? ['to_field', 'to_fields'] : []),
      ...(leadsTo(field, 'through', model, key) ? ['through_fields'] : []),
      ...(modelKey(model.app, model.name) === key ? ['from_fields'] : []),
    ]
    return parameters.reduce((after, name) => renamedArgument(after, name, old, now), field)
  })
}

function renamedArgument(field: WrittenCall, name: string, old: string, now: string): WrittenCall {
  const written = argumentOf(field, name)
  if (!isKnown(written) || !written.value) return field
  const value = renamedIn(written.value, old, now)
  return JSON.stringify(value) === JSON.stringify(written.value) ? field : withArgument(field, name, value)
}
