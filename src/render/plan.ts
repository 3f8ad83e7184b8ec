import type { PlanResult } from '../api/results.js'
import { adviceLines } from './advice.js'
import { clean, cleanLine } from './clean.js'
import { asFarAsKnown } from './next.js'
import { type Page, proseWidth } from './page.js'
import { wrap } from './wrap.js'

/** @param where follows the command whose work it is: " on a new database" */
export function renderPlan(result: PlanResult, page: Page, where = ''): string {
  const migrate = `manage.py migrate${where}`
  const say = (text: string, indent: string) => indent + wrap(text, proseWidth(page) - indent.length, `${indent}  `)
  if (result.blockedBy.length > 0) {
    const unreadable = result.blockedBy.every((gate) => gate.gate === 'unreadable')
    const gates = result.blockedBy.flatMap((gate, index) => [
      say(`${page.bad(gate.gate)}${gate.exception ? ` (${gate.exception})` : ''}: ${clean(gate.message)}`, '  '),
      // Gates that one and the same row would lift stand together.
      ...(page.quiet || sameAdvice(gate, result.blockedBy[index + 1]) ? [] : adviceLines(gate.next, '      ')),
    ])
    const heading = unreadable ? `What ${migrate} would do cannot be read:` : `${migrate} would stop:`
    return [...(page.quiet ? [] : [page.strong(heading)]), ...gates].join('\n')
  }
  const known = asFarAsKnown(result)
  if (result.steps.length === 0) return page.quiet && known === '' ? '' : wrap(`${migrate} has nothing to do${known}.`, proseWidth(page))
  const verb = result.steps[0]?.direction === 'backward' ? 'undo' : 'run'
  return [
    ...(page.quiet ? [] : [page.strong(wrap(`${migrate} would ${verb}${known}, in this order:`, proseWidth(page)))]),
    ...result.steps.map((step) => `${page.quiet ? '' : '  '}${cleanLine(`${step.app}.${step.name}`)}`),
  ].join('\n')
}

function sameAdvice(gate: PlanResult['blockedBy'][number], following: PlanResult['blockedBy'][number] | undefined): boolean {
  return following !== undefined && JSON.stringify(gate.next) === JSON.stringify(following.next)
}
