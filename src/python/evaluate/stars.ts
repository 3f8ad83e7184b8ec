import type { Scope, Unknown } from './value.js'

/** What may bring names that are not told: a star import, a module that hands its names over. Also where it does so in a branch that may not be taken. */
export function starIn(scope: Pick<Scope, 'names'>): Unknown | undefined {
  for (const [name, value] of scope.names) {
    if (!name.startsWith('*')) continue
    if (value.kind === 'unknown') return value
    const open = value.kind === 'either' ? value.options.find((option) => option.kind === 'unknown') : undefined
    if (open?.kind === 'unknown') return open
  }
  return undefined
}
