import type { Written } from '../../project/written/types.js'
import { type Fact, known, textFact, truthFact, unknown } from './fact.js'

/** One model as migrations leave it (django/db/migrations/state.py, `ModelState`). Values are immutable: a change makes a new one. */
export interface ModelState {
  app: string
  /** As written. */
  name: string
  /** In Django's order. */
  fields: ReadonlyMap<string, Written>
  /** Why there may be more fields. */
  moreFields: string | null
  options: ReadonlyMap<string, Written>
  /** Why there may be more options. */
  moreOptions: string | null
  bases: readonly Written[]
  /** Why there may be other bases. */
  moreBases: string | null
}

export function modelKey(app: string, name: string): string {
  return `${app}.${name.toLowerCase()}`
}

export function labelOf({ app, name }: ModelState): string {
  return `${app}.${name}`
}

/** undefined where it is surely not set. */
export function optionOf({ options, moreOptions }: ModelState, name: string): Fact<Written | undefined> {
  const written = options.get(name)
  if (written) return written.kind === 'unknown' ? unknown(written.reason) : known(written)
  return moreOptions === null ? known(undefined) : unknown(moreOptions)
}

export function textOption(model: ModelState, name: string): Fact<string | null> {
  const option = optionOf(model, name)
  return 'value' in option ? textFact(option.value) : option
}

function truthOption(model: ModelState, name: string, otherwise: boolean): Fact<boolean> {
  const option = optionOf(model, name)
  return 'value' in option ? truthFact(option.value, otherwise) : option
}

export const isProxy = (model: ModelState): Fact<boolean> => truthOption(model, 'proxy', false)
export const isManaged = (model: ModelState): Fact<boolean> => truthOption(model, 'managed', true)

export function withOption(model: ModelState, name: string, value: Written): ModelState {
  return { ...model, options: new Map(model.options).set(name, value) }
}

export function withField(model: ModelState, name: string, field: Written): ModelState {
  return { ...model, fields: new Map(model.fields).set(name, field) }
}
