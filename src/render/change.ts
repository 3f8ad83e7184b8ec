import type { FakeResult } from '../verbs/fake.js'
import type { ChangeResult, PlanResult, RerunResult } from '../verbs/results.js'
import type { Question } from '../verbs/interaction.js'
import { clean } from './clean.js'
import { countRows, renderRows } from './rows.js'
import type { Style } from './style.js'

/** What a person sees before the question. */
export function renderQuestion(question: Question, style: Style): string {
  const lines = [`${style.strong(clean(question.title))} on ${clean(question.where)}`, '']
  if (countRows(question.changes) > 0) lines.push(...renderRows(question.changes, style), '')
  for (const note of question.notes) lines.push(style.note(clean(note)))
  if (question.notes.length > 0) lines.push('')
  return lines.join('\n')
}

/** The report of every command that changes rows. */
export function renderChange(result: ChangeResult, style: Style): string {
  const count = countRows(result.changes)
  if (count === 0) return `${result.dryRun ? 'Nothing would change.' : 'Nothing to do.'} The schema is not changed.\n${renderNext(result.next, style)}`
  const heading = result.dryRun ? `Would change ${rows(count)} (nothing is written in a dry run):` : `Changed ${rows(count)}:`
  const lines = [style.strong(heading), ...renderRows(result.changes, style), '', 'The schema is not changed.', renderNext(result.next, style)]
  if (result.operation) lines.push(`Undo: ${style.strong(`migstate rollback ${result.operation.id}`)}`)
  return lines.join('\n')
}

/** Rows of other apps first: they are what surprises people about `--fake`. */
export function renderFake(result: FakeResult, style: Style): string {
  const others = result.otherApps.map((pair) => clean(pair.join('.'))).join(', ')
  return `${others ? `${style.note(`Rows of other apps among them: ${others}.`)}\n` : ''}${renderChange(result, style)}`
}

export function renderRerun(result: RerunResult, style: Style): string {
  const lines: string[] = []
  for (const run of result.reruns) {
    const target = run.target.join('.')
    if (result.dryRun) lines.push(style.strong(`Would run ${clean(target)} again (${run.mode} mode).`))
    else if (run.durationMs !== null) lines.push(style.good(`${clean(target)} ran again in ${(run.durationMs / 1000).toFixed(1)} s.`))
    const hidden = clean(run.hidden.map((pair) => pair.join('.')).join(', '))
    const table = result.dryRun ? 'Out of the table while it runs' : 'Put back exactly'
    if (hidden) lines.push(`${run.mode === 'table' ? table : 'Not seen by Django while it runs, untouched for everyone else'}: ${hidden}`)
    if (result.dryRun) for (const { message, line } of run.hazards) lines.push(style.note(`  ${line === null ? '' : `line ${line}: `}${clean(message)}`))
    if (run.rows && Object.keys(run.rows).length > 0) lines.push(`Rows it changed: ${clean(countedRows(run.rows))}`)
  }
  return [...lines, renderChange(result, style)].join('\n')
}

function countedRows(counts: NonNullable<RerunResult['rerun']['rows']>): string {
  return Object.entries(counts)
    .map(
      ([table, verbs]) =>
        `${table} (${Object.entries(verbs)
          .map(([verb, count]) => `${count} ${verb}`)
          .join(', ')})`,
    )
    .join(', ')
}

/** What Django would do next, in one line, or the gates that stop it. */
export function renderNext(next: PlanResult | null, style: Style): string {
  if (next === null) return 'Next: unknown, because no project was read.'
  const [first] = next.blockedBy
  if (first) {
    const more = next.blockedBy.length > 1 ? ` (and ${next.blockedBy.length - 1} more, see "migstate plan")` : ''
    return `Next: ${style.bad('manage.py migrate would stop')}: ${clean(first.message)}${more}`
  }
  if (next.steps.length === 0) return 'Next: manage.py migrate has nothing to do.'
  const names = next.steps.slice(0, 5).map((step) => `${step.app}.${step.name}`)
  const more = next.steps.length > 5 ? ` and ${next.steps.length - 5} more` : ''
  return `Next: manage.py migrate would run ${clean(names.join(', '))}${more}.`
}

export function rows(count: number): string {
  return `${count} row${count === 1 ? '' : 's'}`
}
