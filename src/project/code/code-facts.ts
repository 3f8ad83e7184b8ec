import type { FunctionValue } from '../../python/evaluate/value.js'
import { payScan } from '../../python/budget.js'
import type { CodeFacts, Hazard, ModelUse } from './facts.js'
import { modelUsesOf } from './model-uses.js'
import { sideEffectsOf } from './side-effects.js'

/** … of code that costs too much to read. */
export function unreadCode(reason: string): CodeFacts {
  return { uses: [], hazards: [{ code: 'unread-code', message: `does what was not read: ${reason}`, line: 1 }], namesAlias: false }
}

export function codeFacts(function_: FunctionValue): CodeFacts {
  const { uses, realModels } = modelUsesOf(function_)
  const { node, file } = function_
  payScan(4 * (node.to - node.from))
  const hazards: Hazard[] = [...usesAsHazards(uses), ...sideEffectsOf(function_)]
  for (const { name, line } of realModels)
    hazards.push({ code: 'real-model', message: `uses ${name} itself, as it is today, and not as it was at this migration`, line })
  return {
    uses,
    hazards: hazards.sort((left, right) => left.line - right.line),
    namesAlias: /\busing\b|\bdb_manager\(|connection\.alias|\balias\b/.test(file.source.slice(node.from, node.to)),
  }
}

function usesAsHazards(uses: readonly ModelUse[]): Hazard[] {
  const found = new Map<string, Hazard>()
  const add = (code: string, message: string, line: number) => {
    if (!found.has(code + message)) found.set(code + message, { code, message, line })
  }
  for (const { kind, app, name, guarded, accumulates, line } of uses) {
    const model = `${app}.${name}`
    if (kind === 'insert' && !guarded) add('inserts', `inserts ${model} without a guard: a second run adds the rows again`, line)
    if (kind === 'delete') add('deletes', `deletes rows of ${model}`, line)
    if (accumulates) add('accumulates', `changes a value of ${model} from itself: a second run changes it again`, line)
  }
  return [...found.values()]
}
