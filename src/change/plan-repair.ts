import type { Row } from '../database/index.js'
import type { ProjectFiles } from '../project/index.js'
import { MigstateError } from '../errors/index.js'
import { inconsistencies, loadHistory, type RowEdit, type Rules } from '../migrations/index.js'
import { type Change, expectedRows, unlike } from './change.js'
import { planMarkApplied, planMarkUnapplied } from './plan-mark.js'
import { refuseTornSquash } from './torn-squash.js'

export interface RepairRequest {
  /** null: rows only, no history is checked. */
  project: ProjectFiles | null
  rules: Rules
  alias: string
  edits: readonly RowEdit[]
}

/** Rows as they are mended come first: what is recorded or unrecorded is told by the names that they get. */
const ORDER: readonly RowEdit['do'][] = ['delete', 'rewrite', 'unrecord', 'record']

type SingleEdit = Exclude<RowEdit, { do: 'together' }>

const singles = (edit: RowEdit): SingleEdit[] => (edit.do === 'together' ? edit.edits.flatMap(singles) : [edit])

/**
 * Several repairs as one change, each on the rows that the others leave.
 * @throws MigstateError `table-changed` when a row is not there under an id of its own; `would-make-hole` when Django would refuse the result for a
 * pair that it does not refuse now
 */
export function planRepair(request: RepairRequest, rows: readonly Row[]): Change {
  const edits = request.edits.flatMap(singles).sort((left, right) => ORDER.indexOf(left.do) - ORDER.indexOf(right.do))
  for (const id of edits.flatMap(idsOf)) refuseUnlessOne(rows, id)
  const after = edits.reduce<readonly Row[]>((now, edit) => edited(request, edit, now), rows)
  const { left, right } = unlike(rows, after)
  const kept = new Map(right.map((row) => [row.id, row]))
  const change: Change = {
    remove: left.filter(({ id }) => !kept.has(id)),
    update: left.flatMap((row) => {
      const now = kept.get(row.id)
      return now ? [{ before: row, after: now }] : []
    }),
    add: after.filter(isNew).map(({ app, name }) => ({ app, name })),
  }
  refuseNewPairs(request, rows, after)
  return change
}

/** Rows that do not exist yet have this in place of an id. */
const NEW = 'new '
const isNew = ({ id }: Row) => id.startsWith(NEW)

/** What the table would hold. */
export function rowsAfter(rows: readonly Row[], change: Change): Row[] {
  return [...expectedRows(rows, change), ...change.add.map(({ app, name }, index) => ({ id: `${NEW}${index}`, app, name, applied: '' }))]
}

function edited({ project, rules }: RepairRequest, edit: SingleEdit, rows: readonly Row[]): readonly Row[] {
  switch (edit.do) {
    case 'delete':
      return rows.filter(({ id }) => !edit.ids.includes(id))
    // One that another repair deletes needs no name any more.
    case 'rewrite': {
      const changes = new Map(edit.rows.map((one) => [one.id, one]))
      return rows.map((row) => {
        const to = changes.get(row.id)
        if (!to) return row
        // A new time is text, whatever stood there.
        const { appliedType: _type, ...rest } = row
        return { ...(to.applied === undefined ? row : rest), ...to }
      })
    }
    // Holes are looked for in the result of all of them together.
    case 'unrecord': {
      const { remove } = planMarkUnapplied({ project, rules, targets: edit.keys, force: true, withDependants: false }, rows)
      return rows.filter((row) => !remove.includes(row))
    }
    case 'record': {
      const { add } = planMarkApplied({ project, rules, targets: edit.keys, force: true, withDependencies: false }, rows)
      const made = rows.filter(isNew).length
      return [...rows, ...add.map(({ app, name }, index) => ({ id: `${NEW}${made + index}`, app, name, applied: '' }))]
    }
  }
}

function idsOf(edit: SingleEdit): readonly string[] {
  return edit.do === 'delete' ? edit.ids : edit.do === 'rewrite' ? edit.rows.map(({ id }) => id) : []
}

function refuseUnlessOne(rows: readonly Row[], id: string): void {
  const [row, twin] = rows.filter((one) => one.id === id)
  if (row && !twin) return
  throw new MigstateError('table-changed', row ? `Several rows have the id ${id}.` : `There is no row ${id} any more.`)
}

/**
 * What Django refuses already may stay; what it would refuse only then is nothing that mends. A row that it misses now may come although the one below
 * is missing too: holes are filled one by one, as `mark` fills them.
 */
function refuseNewPairs({ project, rules, alias }: RepairRequest, rows: readonly Row[], after: readonly Row[]): void {
  if (!project) return
  refuseTornSquash(loadHistory(project, rows, rules), loadHistory(project, after, rules))
  const pairs = (some: readonly Row[]) => inconsistencies(loadHistory(project, some, rules), rules, alias).map(({ migrations }) => migrations)
  const refused = pairs(rows)
  const now = new Set(refused.map((pair) => JSON.stringify(pair)))
  const missed = new Set(refused.map(([, parent]) => String(parent)))
  const fresh = pairs(after).filter((pair) => !now.has(JSON.stringify(pair)) && !missed.has(String(pair[0])))
  if (fresh.length === 0) return
  const said = fresh.slice(0, 3).map(([child, parent]) => `${child?.join('.')} would be recorded before ${parent?.join('.')}, on which it depends`)
  throw new MigstateError('would-make-hole', `${said.join('; ')}. Django would then refuse to migrate.`, {
    hint: 'Name the findings of the others in the same command, or see "migstate doctor" for what is to run first.',
    details: { holes: fresh.map(([, parent]) => parent), applied: fresh.map(([child]) => child) },
  })
}
