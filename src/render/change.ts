import type { FakeResult } from '../api/fake.js'
import type { ChangeResult, RerunResult, RollbackResult, UndoneOperation } from '../api/results.js'
import { clean } from './clean.js'
import { renderNext } from './next.js'
import { type Page, proseWidth } from './page.js'
import { countRows, renderRows } from './rows.js'
import { wrap } from './wrap.js'
import { journalTime } from './time.js'

/** The report of every command that changes rows. */
export function renderChange(result: ChangeResult, page: Page): string {
  const count = countRows(result.changes)
  if (page.quiet) return renderRows(result.changes, page, '').join('\n')
  const say = (text: string) => wrap(text, proseWidth(page))
  if (count === 0 && !result.counter)
    return [say(`${result.dryRun ? 'Nothing would change.' : 'Nothing to do.'} The schema is not changed.`), say(renderNext(result.next, page))].join('\n')
  const counter = result.counter ? [say(counterLine(result))] : []
  const heading = result.dryRun ? `Would change ${rows(count)} (nothing is written in a dry run):` : `Changed ${rows(count)}:`
  const lines = [
    ...counter,
    ...(count === 0 ? [] : [page.strong(heading), ...renderRows(result.changes, page)]),
    '',
    say(schemaLine(result)),
    say(renderNext(result.next, page)),
  ]
  if (result.modelsRecorded) lines.push(say(modelsLine(result.modelsRecorded)))
  if (result.creates.length > 0) lines.push(say(`${result.dryRun ? 'It would also make' : 'Made'} migstate's side tables: ${result.creates.join(', ')}.`))
  // What is mended of the table itself stays.
  if (result.operation && count > 0) lines.push(`Undo: ${page.strong(`migstate rollback ${result.operation.id}`)}`)
  return lines.join('\n')
}

function counterLine({ dryRun, counter }: ChangeResult): string {
  const be = dryRun ? 'would be' : 'is'
  if (counter?.before === null)
    return `The column "id" of the history table ${be} made to fill itself again, from ${counter.after} on; an undo of this operation leaves that as it is.`
  return `The id counter ${be} set from ${counter?.before} to ${counter?.after}, above the highest id; it never goes back below the ids.`
}

/** Rows are all that migstate changes; what a migration does when it runs is its own. */
function schemaLine(result: ChangeResult): string {
  if (result.counter?.before === null) return 'Of the schema nothing else is changed.'
  return 'reruns' in result ? 'Apart from what the migration itself does, the schema is not changed.' : 'The schema is not changed.'
}

/** People look for them after a faked migration, and find "Permission matching query does not exist". */
function modelsLine(models: readonly string[]): string {
  const names = models.length > 3 ? `${models.slice(0, 3).join(', ')} and ${models.length - 3} more` : models.join(', ')
  return `Content types and permissions of ${clean(names)}, where they are missing, appear at the next "manage.py migrate", also where it has nothing to do: rows alone send no signal.`
}

/** What is undone stands first, and stays with `-q`. */
export function renderRollback(result: RollbackResult, page: Page): string {
  const say = (text: string) => wrap(text, proseWidth(page), '  ')
  if (result.undoneBy !== null) {
    const { id } = result.undoneBy
    return [...result.undoes.map((one) => say(`Already undone by ${id}: ${sayOperation(one)}`)), `To redo it: migstate rollback ${id}`].join('\n')
  }
  const verb = result.dryRun ? 'Would undo' : result.operation ? 'Undid' : 'Nothing to undo of'
  return [...result.undoes.map((one) => say(`${verb} ${sayOperation(one)}`)), renderChange(result, page)].filter((text) => text !== '').join('\n')
}

/** `mark applied shop.0003 (3f9a…), by maria on web-1 at …`. */
export function sayOperation({ id, kind, target, actor, host, startedAt, reason }: UndoneOperation): string {
  const why = reason === null ? '' : `, "${clean(reason)}"`
  return clean(`${kind}${target === '' ? '' : ` ${target}`} (${id}, by ${actor} on ${host} at ${journalTime(startedAt)}${why})`)
}

/** Rows of other apps first: they are what surprises people about `--fake`. */
export function renderFake(result: FakeResult, page: Page): string {
  const others = result.otherApps.map((pair) => clean(pair.join('.'))).join(', ')
  const first = others && !page.quiet ? `${page.note(wrap(`Rows of other apps among them: ${others}.`, proseWidth(page)))}\n` : ''
  const left = page.quiet ? [] : sayLeft(result.left ?? []).map((line) => `${page.note(wrap(clean(line), proseWidth(page), '  '))}\n`)
  return `${first}${left.join('')}${renderChange(result, page)}`
}

/** What `--initial` leaves. */
function sayLeft(left: NonNullable<FakeResult['left']>): string[] {
  const words = { run: 'Django would run it', unknown: 'not recorded, for nobody can tell', wait: 'not recorded' }
  return left.map(({ app, name, does, because }) => `${app}.${name}: ${words[does]}: ${because}`)
}

export function renderRerun(result: RerunResult, page: Page): string {
  const lines: string[] = []
  const say = (text: string, indent = '') => lines.push(indent + wrap(text, proseWidth(page) - indent.length, `${indent}  `))
  for (const run of page.quiet ? [] : result.reruns) {
    const target = clean(run.target.join('.'))
    const again = run.kind === 'rerun' ? ' again' : ''
    if (result.dryRun) say(page.strong(`Would run ${target}${again} (${run.mode} mode).`))
    else if (run.durationMs !== null) say(page.good(`${target} ran${again} in ${(run.durationMs / 1000).toFixed(1)} s.`))
    const hidden = clean(run.hidden.map((pair) => pair.join('.')).join(', '))
    const table = result.dryRun ? 'Out of the table while it runs' : 'Put back exactly'
    if (hidden) say(`${run.mode === 'table' ? table : 'Not seen by Django while it runs, untouched for everyone else'}: ${hidden}`)
    if (result.dryRun) for (const { message, line } of run.hazards) say(page.note(`${line === null ? '' : `line ${line}: `}${clean(message)}`), '  ')
    if (result.dryRun && run.python !== null) say(`manage.py would be started with ${clean(run.python)}.`)
    if (run.rows && Object.keys(run.rows).length > 0) say(`Rows it changed: ${clean(countedRows(run.rows))}`)
  }
  return [...lines, renderChange(result, page)].join('\n')
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

export function rows(count: number): string {
  return `${count} row${count === 1 ? '' : 's'}`
}
