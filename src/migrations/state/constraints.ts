import type { Written } from '../../project/written/types.js'
import { isKnown, textOf } from './fact.js'
import { type ModelState, optionOf } from './model-state.js'

/** The constraints of a model by name; those without a name that can be read, or all where the list cannot be read, under the empty one. */
export function namedConstraints(model: ModelState): Map<string, Written> {
  const found = optionOf(model, 'constraints')
  if (!isKnown(found)) return new Map([['', { kind: 'unknown', reason: found.unknown }]])
  const items = found.value?.kind === 'list' ? found.value.items : []
  return new Map(items.map((one) => [(one.kind === 'call' && textOf(one.keywords.get('name'))) || '', one]))
}

/** The fields that a constraint names, without their look-ups; null: it may be any. */
export function fieldsIn(constraint: Written): ReadonlySet<string> | null {
  if (constraint.kind !== 'call' || constraint.isOpen) return null
  const names = new Set<string>()
  const values = [...constraint.args, ...[...constraint.keywords].filter(([name]) => name !== 'name').map(([, value]) => value)]
  return values.every((value) => collect(value, names)) ? names : null
}

/** Texts and keywords, not what they are compared with, of `F("price")`, `Q(price__gte=0)`, `["name", "-created"]`; @returns false where something cannot be read */
function collect(written: Written, names: Set<string>): boolean {
  const add = (text: string) => names.add((text.split('__')[0] as string).replace(/^-/, ''))
  if (written.kind === 'text') add(written.value)
  if (written.kind === 'list') return written.items.every((one) => collect(one, names))
  if (written.kind === 'name') return written.name.startsWith('django.')
  if (written.kind !== 'call') return written.kind !== 'unknown'
  if (!written.callee.startsWith('django.')) return false
  for (const name of written.keywords.keys()) add(name)
  const compared = [...written.keywords.values()].filter((one) => one.kind === 'call' || one.kind === 'unknown')
  return !written.isOpen && [...written.args, ...compared].every((one) => collect(one, names))
}
