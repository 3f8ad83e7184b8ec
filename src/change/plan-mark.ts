import type { Row } from '../database/row.js'
import type { ProjectFiles } from '../project/index.js'
import { MigstateError } from '../errors/index.js'
import {
  dependantRows,
  dotted,
  fullPlan,
  holesOf,
  inconsistencies,
  type Key,
  keyOf,
  loadHistory,
  type LoaderView,
  pairOf,
  replacedBy,
  type Rules,
  rowsOf,
  typableKeys,
  withAncestors,
} from '../migrations/index.js'
import { type Change, expectedRows } from './change.js'
import { refuseTornSquash } from './torn-squash.js'

export interface MarkRequest {
  /** null: rows only, nothing is checked. */
  project: ProjectFiles | null
  rules: Rules
  targets: readonly Key[]
  force: boolean
}

/** Inserts the rows that are missing, never a second one; a squash writes its replaced rows too. */
export function planMarkApplied(request: MarkRequest & { withDependencies: boolean }, rows: readonly Row[]): Change {
  const { project, rules } = request
  const view = project && loadHistory(project, rows, rules)
  let keys = [...request.targets]
  if (project && view && request.withDependencies)
    keys = keys.flatMap((key) => withAncestors(project, rows, rules, key).filter((one) => one === key || !view.applied.has(one)))
  if (project) keys = inDjangosOrder(project, rows, rules, keys)
  const recorded = new Set(rows.map(keyOf))
  const add: Key[] = []
  for (const key of keys) {
    // A squash that counts as applied needs no rows of its parts; only its own may be missing.
    for (const one of view ? [...replacedBy(view, rules, key), key] : [key]) if (!recorded.has(one) && !add.includes(one)) add.push(one)
  }
  const change: Change = { remove: [], update: [], add: add.map((key) => ({ app: pairOf(key)[0], name: pairOf(key)[1] })) }
  if (project) refuseNewHoles(request, project, rows, change)
  return change
}

/** Deletes rows, all duplicates; a squash goes with the rows it replaces. */
export function planMarkUnapplied(request: MarkRequest & { withDependants: boolean }, rows: readonly Row[]): Change {
  const { project, rules } = request
  const remove = new Set<Row>()
  for (const key of request.targets) {
    const own = project ? rowsOf(loadHistory(project, rows, rules), rules, rows, key) : rows.filter((row) => keyOf(row) === key)
    for (const row of own) remove.add(row)
    if (project && request.withDependants) for (const row of dependantRows(project, rows, rules, key)) remove.add(row)
  }
  const change: Change = { remove: rows.filter((row) => remove.has(row)), add: [], update: [] }
  if (project) refuseNewHoles(request, project, rows, change)
  return change
}

/** @throws MigstateError `would-make-hole` when the result has a hole that was not there before; filling one is never refused */
function refuseNewHoles(request: MarkRequest, project: ProjectFiles, rows: readonly Row[], change: Change): void {
  if (request.force) return
  const after = [...expectedRows(rows, change), ...change.add]
  const now = loadHistory(project, rows, request.rules)
  const before = holesOf(now)
  const applying = change.add.length > 0
  if (applying && fillsOnly(now, before, change)) return
  const view = loadHistory(project, after, request.rules)
  refuseTornSquash(now, view)
  const lost = lostFiles(now, view)
  const holes = [...[...holesOf(view)].filter((key) => !before.has(key)), ...lost].sort()
  if (holes.length === 0) return
  const above = [...new Set(holes.flatMap((hole) => view.graph.backwardsPlan(hole).filter((key) => key !== hole && view.applied.has(key))))].sort()
  const names = (keys: readonly Key[]) => keys.slice(0, 5).map(dotted).join(', ') + (keys.length > 5 ? ` and ${keys.length - 5} more` : '')
  // The last recorded part of a squash makes the squash count as applied, without a row of its own.
  const own = above.filter((key) => change.add.some((row) => keyOf(row) === key))
  const message = applying
    ? `${own.length > 0 ? `${names(own)} would be recorded` : `${names(above)} would count as applied`} while ${names(holes)}, on which it depends, ${holes.length === 1 ? 'is' : 'are'} not.`
    : `${names(holes)} would be unrecorded while ${names(above)}, which ${above.length === 1 ? 'depends' : 'depend'} on it, ${standing(view, above)}.`
  // Django looks at rows and their direct parents only, and before 1.10 not at all.
  const pairs = (one: LoaderView) => inconsistencies(one, request.rules, '').length
  const refuses = pairs(view) > pairs(now) ? ' Django would then refuse to migrate.' : ''
  throw new MigstateError('would-make-hole', `${message}${refuses}`, {
    hint: `${lost.length > 0 ? `${names(lost)}: the file is gone, and files that are there name it; it has to come back.\n` : ''}${waysOn(request, applying)}`,
    details: { holes: holes.map(pairOf), applied: above.map(pairOf) },
  })
}

/** Each new row is that of a hole, or of a squash with holes for parts: whatever a squash over them then counts as, this is no new hole. */
function fillsOnly(now: LoaderView, before: ReadonlySet<Key>, { add }: Change): boolean {
  const keys = add.map(keyOf)
  const isFilled = (key: Key): boolean => {
    const parts = (now.replacements.get(key)?.replaces ?? []).map(([app, name]) => keyOf({ app, name })).filter((part) => keys.includes(part))
    return before.has(key) || (parts.length > 0 && parts.every((part) => before.has(part)))
  }
  return keys.every(isFilled)
}

/** Rows that go although files name them and they have none of their own: Django has no node of them, and so no hole. */
function lostFiles(now: LoaderView, after: LoaderView): Key[] {
  return [...after.graph.missing.keys()].filter(
    (key) => now.recorded.has(key) && !after.recorded.has(key) && after.graph.backwardsPlan(key).some((one) => one !== key && after.applied.has(one)),
  )
}

/** A squash may count as applied by the rows of its parts alone. */
function standing(view: LoaderView, above: readonly Key[]): string {
  const one = above.length === 1
  if (above.every((key) => view.recorded.has(key))) return one ? 'is recorded' : 'are recorded'
  return one ? 'counts as applied' : 'count as applied'
}

function waysOn({ targets }: MarkRequest, applying: boolean): string {
  const command = `migstate mark ${applying ? 'applied' : 'unapplied'} ${typableKeys(targets)}`
  const along = applying ? 'dependencies' : 'dependants'
  return `To take the ${along} along: ${command} --with-${along}\nTo make the hole all the same: ${command} --force`
}

/** The order in which Django would record them: ancestors first, over all apps. */
function inDjangosOrder(project: ProjectFiles, rows: readonly Row[], rules: Rules, keys: readonly Key[]): Key[] {
  const position = new Map(fullPlan(loadHistory(project, rows, rules, false)).map((key, index) => [key, index]))
  const at = (key: Key) => position.get(key) ?? Number.POSITIVE_INFINITY
  return [...new Set(keys)].sort((left, right) => (at(left) === at(right) ? 0 : at(left) - at(right)))
}
