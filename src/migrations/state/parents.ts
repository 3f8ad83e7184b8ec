import type { Written, WrittenClass } from '../../project/written/types.js'
import { type Fact, isKnown, known, reasonOf, unknown } from './fact.js'
import { argumentOf, kindOf } from './fields.js'
import { isProxy, labelOf, modelKey, type ModelState } from './model-state.js'
import { splitLabel } from './names.js'

/** Models by key. */
export type Models = ReadonlyMap<string, ModelState>

/** The models that a model extends: those that its bases name. Classes are mixins without fields, unless they are seen to be models. */
export function parentsOf(models: Models, model: ModelState): { parents: ModelState[]; open: string | null } {
  const parents: ModelState[] = []
  let open = model.moreBases
  for (const base of model.bases) {
    if (base.kind === 'text') {
      const { app, name } = splitLabel(base.value, model)
      const parent = models.get(modelKey(app, name))
      if (parent) parents.push(parent)
      else open ??= `its base ${base.value} is not known`
    } else open ??= mayHaveFields(base)
  }
  return { parents, open }
}

function mayHaveFields(base: Written): string | null {
  if (base.kind === 'name') return isModel(base.name) || base.name === 'object' ? null : `its base ${base.name} was not read`
  if (base.kind !== 'class') return `a base of it cannot be read: ${reasonOf(base)}`
  return base.bases.some(isModel) ? `its base ${base.name} is a model that migrations do not know` : unreadBase(base)
}

/** A class above it that was not read may be anything. */
function unreadBase({ name, bases }: WrittenClass): string | null {
  const unread = bases.find((one) => one.includes('.') && !/^django\.|^(abc|typing|builtins)\./.test(one))
  return unread === undefined ? null : `${unread}, which its base ${name} extends, was not read`
}

function isModel(name: string): boolean {
  return /^django\.(contrib\.gis\.)?db\.models\.(base\.)?Model$/.test(name)
}

/** The model in whose table it lies: itself, or what a proxy stands for. */
export function concreteOf(models: Models, model: ModelState, depth = 0): Fact<ModelState> {
  const proxy = isProxy(model)
  if (!isKnown(proxy)) return unknown(`whether ${labelOf(model)} is a proxy cannot be told: ${proxy.unknown}`)
  if (!proxy.value) return known(model)
  const { parents, open } = parentsOf(models, model)
  const [first] = parents
  // A model that is its own base.
  if (first && depth < 50) return concreteOf(models, first, depth + 1)
  return unknown(`what the proxy ${labelOf(model)} stands for is not known: ${open ?? 'it has no base'}`)
}

/** The fields that link a model to its parents (django/db/models/base.py `ModelBase.__new__`). */
export function parentLinks(models: Models, model: ModelState): { name: string; field: Written | null }[] {
  return parentsOf(models, model).parents.flatMap((parent) => {
    const concrete = concreteOf(models, parent)
    if (!isKnown(concrete)) return []
    const { app, name } = concrete.value
    const own = [...model.fields].find(([, field]) => isLinkTo(field, model, modelKey(app, name)))
    return [{ name: own?.[0] ?? `${name.toLowerCase()}_ptr`, field: own?.[1] ?? null }]
  })
}

function isLinkTo(field: Written, model: ModelState, key: string): boolean {
  if (field.kind !== 'call' || kindOf(field) !== 'OneToOneField') return false
  const [link, to] = [argumentOf(field, 'parent_link'), argumentOf(field, 'to')]
  if (!isKnown(link) || link.value?.kind !== 'boolean' || !link.value.value || !isKnown(to) || to.value?.kind !== 'text') return false
  const { app, name } = splitLabel(to.value.value, model)
  return modelKey(app, name) === key
}
