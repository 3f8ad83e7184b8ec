import type { Written } from '../../project/written/types.js'
import { argument, type Change, type Changes } from './changes.js'
import { reasonOf } from './fact.js'
import { modelKey, type ModelState, withField } from './model-state.js'
import { fieldRenamed } from './relations.js'
import { renamedIn } from './together.js'

/** A change of one field that can be read by name. */
const ofField =
  (change: (given: Change, name: string, field: Written) => ModelState | string): Changes =>
  (given) => {
    const name = given.operation.field
    if (name === undefined) return 'which field it is about cannot be read'
    const after = change(given, name, argument(given.values, 'field'))
    if (typeof after === 'string') return after
    given.models.set(modelKey(after.app, after.name), after)
    return null
  }

/** A field that is given and cannot be read is one all the same. */
const added = ofField(({ model }, name, field) => withField(model, name, field))

const removed = ofField(({ model }, name) => {
  const fields = new Map(model.fields)
  return fields.delete(name) ? { ...model, fields } : `the field ${name} is not known`
})

const altered = ofField(({ model }, name, field) => (model.fields.has(name) ? withField(model, name, field) : `the field ${name} is not known`))

/** `ProjectState.rename_field` with all that speaks of the field; indexes and constraints keep what they say. */
const renamed: Changes = ({ models, model, operation }) => {
  const { oldName, newName } = operation
  if (oldName === undefined || newName === undefined) return 'its names cannot be read'
  const field = model.fields.get(oldName)
  if (!field) return `the field ${oldName} is not known${model.moreFields === null ? '' : `: ${model.moreFields}`}`
  const fields = new Map(model.fields)
  fields.delete(oldName)
  fields.set(newName, field)
  const options = new Map(model.options)
  for (const option of ['unique_together', 'index_together']) {
    const written = options.get(option)
    if (written) options.set(option, renamedIn(written, oldName, newName))
  }
  const key = modelKey(model.app, model.name)
  models.set(key, { ...model, fields, options })
  for (const [other, one] of models) models.set(other, fieldRenamed(one, model, oldName, newName))
  return field.kind === 'unknown' ? reasonOf(field) : null
}

export const FIELD_CHANGES: ReadonlyMap<string, Changes> = new Map([
  ['AddField', added],
  ['RemoveField', removed],
  ['AlterField', altered],
  ['RenameField', renamed],
])
