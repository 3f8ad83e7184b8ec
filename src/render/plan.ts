import type { PlanResult } from '../verbs/results.js'
import { clean, cleanLine } from './clean.js'
import type { Style } from './style.js'

export function renderPlan(result: PlanResult, style: Style): string {
  if (result.blockedBy.length > 0) {
    const gates = result.blockedBy.map(
      (gate) => `  ${style.bad(gate.gate)}${gate.exception ? ` (${gate.exception})` : ''}: ${clean(gate.message).replaceAll('\n', '\n    ')}`,
    )
    return [style.strong('manage.py migrate would stop:'), ...gates].join('\n')
  }
  if (result.steps.length === 0) return 'manage.py migrate has nothing to do.'
  const backward = result.steps[0]?.direction === 'backward'
  return [
    style.strong(backward ? 'manage.py migrate would undo, in this order:' : 'manage.py migrate would run, in this order:'),
    ...result.steps.map((step) => `  ${cleanLine(`${step.app}.${step.name}`)}`),
  ].join('\n')
}
