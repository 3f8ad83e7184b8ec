import type { PlanResult } from '../api/results.js'
import { clean } from './clean.js'
import type { Page } from './page.js'

/** What Django would do next, in one line, or the gates that stop it. */
export function renderNext(next: PlanResult | null, page: Page): string {
  if (next === null) return 'Next: unknown, because no project was read.'
  const [first] = next.blockedBy
  if (first) {
    const more = next.blockedBy.length > 1 ? ` (and ${next.blockedBy.length - 1} more, see "migstate plan")` : ''
    const head = first.gate === 'unreadable' ? 'what manage.py migrate would do cannot be read' : 'manage.py migrate would stop'
    return `Next: ${page.bad(head)}: ${clean(first.message)}${more}`
  }
  const known = asFarAsKnown(next)
  if (next.steps.length === 0) return `Next: manage.py migrate has nothing to do${known}.`
  const names = next.steps.slice(0, 5).map((step) => `${step.app}.${step.name}`)
  const more = next.steps.length > 5 ? ` and ${next.steps.length - 5} more` : ''
  return `Next: manage.py migrate would run ${clean(names.join(', '))}${more}${known}.`
}

/** Where apps of INSTALLED_APPS were not found, their migrations are unknown, and the answer is weaker. */
export function asFarAsKnown({ notFound }: Pick<PlanResult, 'notFound'>): string {
  return notFound.length === 0 ? '' : `, as far as the files are known (${notFound.length} app${notFound.length === 1 ? '' : 's'} not found)`
}
