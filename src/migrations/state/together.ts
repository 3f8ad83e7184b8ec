import type { Written } from '../../project/written/types.js'
import { type Fact, isKnown, known, reasonOf, unknown } from './fact.js'
import { type ModelState, optionOf } from './model-state.js'

/** `normalize_together` (django/db/models/options.py): one pair of names, or several. */
export function togetherOf(model: ModelState, option: 'unique_together' | 'index_together'): Fact<string[][]> {
  const found = optionOf(model, option)
  return isKnown(found) ? groupsOf(found.value) : found
}

function groupsOf(written: Written | undefined): Fact<string[][]> {
  if (written === undefined || written.kind === 'none') return known([])
  if (written.kind !== 'list') return unknown(reasonOf(written))
  const { items } = written
  const groups = items[0]?.kind === 'list' ? items : items.length === 0 ? [] : [written]
  const names: string[][] = []
  for (const group of groups) {
    if (group.kind !== 'list') return unknown(reasonOf(group))
    const texts = group.items.flatMap((one) => (one.kind === 'text' ? [one.value] : []))
    if (texts.length < group.items.length) return unknown('a name in it cannot be read')
    names.push(texts)
  }
  return known(names)
}

/** The same value with one name in place of another; a single pair stays one. */
export function renamedIn(written: Written, old: string, now: string): Written {
  if (written.kind === 'text') return written.value === old ? { kind: 'text', value: now } : written
  return written.kind === 'list' ? { kind: 'list', items: written.items.map((item) => renamedIn(item, old, now)) } : written
}
