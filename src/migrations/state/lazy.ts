import { isKnown } from './fact.js'
import { argumentOf, isRelation } from './fields.js'
import { labelOf, type ModelState } from './model-state.js'
import { splitLabel } from './names.js'
import type { ProjectState } from './project-state.js'

/** A field that leads to a model that is not there. */
export interface LazyReference {
  model: ModelState
  field: string
  /** As Django words it: `shop.product`. */
  target: string
  targetApp: string
}

/**
 * The first reference that stays open when Django renders the models of a state: it raises ValueError ("was declared with a lazy reference",
 * django/db/migrations/state.py `StateApps`). Said only where all models of the target's app are known, and this field is surely there.
 * @param isMade whether the models of a label come from migrations alone, all of which can be read, or the label is that of no app at all
 */
export function lazyReference(state: ProjectState, isMade: (label: string) => boolean): LazyReference | null {
  for (const model of [...state.models.values()].sort((left, right) => (labelOf(left) < labelOf(right) ? -1 : 1))) {
    if (state.doubtsAbout(model.app, model.name).length > 0) continue
    for (const [field, written] of model.fields) {
      if (!isRelation(written)) continue
      for (const parameter of ['to', 'through']) {
        const value = argumentOf(written, parameter)
        if (!isKnown(value) || value.value?.kind !== 'text') continue
        const { app, name } = splitLabel(value.value.value, model)
        if (state.get(app, name) || !isMade(app) || state.doubts.some((doubt) => doubt.app === app)) continue
        return { model, field, target: `${app}.${name.toLowerCase()}`, targetApp: app }
      }
    }
  }
  return null
}
