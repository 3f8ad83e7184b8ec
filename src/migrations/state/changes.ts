import type { Operation } from '../../project/types.js'
import type { Written } from '../../project/written/types.js'
import type { ModelState } from './model-state.js'

export interface Change {
  models: Map<string, ModelState>
  /** The one that it is about. */
  model: ModelState
  operation: Operation
  /** Its arguments by parameter. */
  values: ReadonlyMap<string, Written>
}

/** What one class of operations does to the models; @returns why that cannot be followed */
export type Changes = (change: Change) => string | null

export function argument(values: Change['values'], name: string): Written {
  return values.get(name) ?? (values.has('**') ? { kind: 'unknown', reason: 'its arguments cannot be read' } : { kind: 'none' })
}
