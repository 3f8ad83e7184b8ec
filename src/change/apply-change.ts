import { failpoint } from '../config/index.js'
import { type Database, highestId, type History, type Question, type Row, sameExtra } from '../database/index.js'
import { MigstateError, type Warnings } from '../errors/index.js'
import { type Changes, Journal, type OperationRecord, type Outcome, type SequenceStep, TERMINAL } from '../journal/index.js'
import { type Change, difference, expectedRows, type PlannedRow, unlike } from './change.js'
import { type Patience, refuseInterrupted } from './begin-edit.js'
import { finishSequence } from './finish-sequence.js'
import type { Proof } from './lost-commit.js'
import { mendTable, refuseTableMend, type TableMend } from './mend-table.js'
import { refuseOtherNodes } from './other-nodes.js'
import { proveReturn, type ReturnTrip } from './prove-return.js'
import { refuseTakenAlong, refuseUnfitChange } from './refuse-unfit.js'
import { withEdit } from './with-edit.js'

/** One edit of the history table: the rows to change and what the journal says of it. */
export interface Edit {
  change: Change
  /** The name of the journal's event; `done`, `failed` and `aborted` end the operation. */
  event: string
  /** Beside `changes` and `sequence`. */
  detail?: Record<string, unknown>
  /** What the journal calls the net change; by default what this edit does. */
  netChanges?: (changes: Changes, after: readonly Row[]) => Changes
  /** Where the counter is to stand afterwards, asked of the rows after the change; null: leave it alone. */
  sequence?: (now: History) => string | null
  /** What of the table itself is mended before the rows are written. No undo takes it back: the ids would be given twice. */
  mend?: TableMend | null
  /** The rows that go are to come back while others may not wait for it: that the table takes them back whole is tried first. @see proveReturn */
  comesBack?: ReturnTrip
  /** The counter before the operation, when it began in an earlier edit. */
  sequenceBefore?: string | null
}

export interface EditRequest {
  operation: OperationRecord
  /** The first edit of an operation writes its row and its snapshot. */
  opens: boolean
  /** Pure; called under the table lock with the rows as they are now. null: nothing to do. */
  plan(now: History): Edit | null
  /** `applied` for new rows, in the database's own form. */
  stamp(): string
  patience: Patience
  warnings: Warnings
}

export interface EditResult {
  changes: Changes
  /** All rows after the edit. */
  rows: Row[]
}

/**
 * The only writer of the history table: table lock, rows read again, plan, snapshot and journal and rows in one transaction,
 * verified before the commit. All or nothing.
 * @returns null when the plan found nothing to do
 */
export async function applyChange(database: Database, request: EditRequest): Promise<EditResult | null> {
  const { operation, opens, patience, warnings } = request
  if (opens) database.effects.begin(operation.id)
  const done = await withEdit(database, patience, async (scope) => {
    await failpoint('edit-begun')
    if (opens) await refuseInterrupted(patience)
    await refuseOtherNodes(database, operation.id, opens)
    const before = await database.readHistory()
    const edit = request.plan(before)
    if (!edit) return null
    refuseUnfitChange(database, before, edit.change, edit.mend)
    // What has begun is put in order, whatever has come since.
    if (opens) await refuseTakenAlong(database, edit.change.remove)
    if (edit.mend) await refuseTableMend(database, edit.mend)
    scope.writes()
    if (edit.comesBack) await proveReturn(database, edit.change, edit.comesBack)
    const { changes, sequence, after, proof } = await writeEdit(database, request, edit, before)
    await failpoint('before-commit')
    // Of an operation that has begun already the later edits put something in order: they are not left half-way.
    if (opens) await refuseInterrupted(patience)
    const finished = TERMINAL.has(proof.event)
    const asBefore = finished && !edit.mend && changes.removed.length + changes.added.length + changes.updated.length === 0
    return { result: { changes, sequence, after }, proof, consequence: asBefore ? 'rolled-back' : 'committed', finished }
  })
  if (!done) return null
  if (done.sequence) await finishSequence(database, done.sequence, patience, warnings)
  return { changes: done.changes, rows: done.after }
}

async function writeEdit(database: Database, request: EditRequest, edit: Edit, before: History) {
  const { dialect, edit: session } = database
  const journal = new Journal(database)
  const { operation } = request
  const at = () => new Date().toISOString()
  if (request.opens) {
    await journal.open(session, operation, before, at())
    await failpoint('snapshot-written')
  }
  if (edit.mend) {
    await mendTable(database, edit.mend)
    await database.lookAtTable()
    await failpoint('table-mended')
  }
  const after = await database.readHistory(session, [...rowWrites(database, request, edit.change), ...dialect.fireDeferred])
  await failpoint('rows-written')
  verify(edit.change, before.rows, after.rows)
  const wanted = edit.sequence?.(after) ?? null
  const moves = wanted !== null && after.sequence !== null && wanted !== after.sequence
  const step = moves ? await dialect.sequenceStep(session, database.table) : 'inside'
  if (moves && step === 'inside') await dialect.setSequence(session, database.table, wanted)
  if (step === 'shared') request.warnings.add('shared-sequence', 'the id counter of this table also gives ids to another one, so it stays where it is')
  if (step === 'never') request.warnings.add('sequence-not-restored', 'this role may not move the id counter of the table; it stays higher')
  const own = difference(before.rows, after.rows)
  const changes = edit.netChanges?.(own, after.rows) ?? own
  const sequenceBefore = edit.sequenceBefore !== undefined ? edit.sequenceBefore : before.sequence
  const outcome: Outcome & Record<string, unknown> = {
    ...edit.detail,
    changes,
    sequence: { before: sequenceBefore, after: moves && (step === 'inside' || step === 'after') ? wanted : after.sequence },
  }
  const later = moves && step === 'after'
  const sequence: SequenceStep | null = later ? { operation: operation.id, expected: after.sequence as string, wanted, then: edit.event, outcome } : null
  const proof: Proof = { operation: operation.id, event: sequence ? 'sequence-pending' : edit.event, at: at() }
  await journal.append(session, operation.id, proof.event, sequence ?? outcome, proof.at)
  return { changes, after: after.rows, sequence, proof }
}

/** Deletions first, so that a row may come back under an id that another one leaves. */
function rowWrites({ dialect, table }: Database, request: EditRequest, change: Change): Question[] {
  return [
    ...change.remove.map((row) => one(dialect.deleteRow(table, row.id), 'delete', row)),
    ...change.update.map(({ before, after }) => one(dialect.updateRow(table, before.id, after), 'update', before)),
    ...change.add.map((row) => dialect.insertRow(table, { ...row, applied: row.applied ?? request.stamp() })),
  ]
}

function one({ read, ...statement }: Question<number>, verb: string, row: Row): Question {
  const check = (affected: number) => {
    if (affected !== 1) throw notAsPlanned(`To ${verb} row ${row.id} (${row.app}.${row.name}) met ${affected} rows instead of one`)
  }
  return { ...statement, read: (answer) => check(read(answer)) }
}

/** Every row that was to stay is byte for byte as before, every row that was to come is there: asked of the database, not assumed. */
function verify(change: Change, before: readonly Row[], after: readonly Row[]): void {
  const { left: lost, right: more } = unlike(expectedRows(before, change), after)
  const [row] = lost
  if (row) throw notAsPlanned(`Row ${row.id} (${row.app}.${row.name}) would not be as planned`)
  const now = new Set(more)
  for (const planned of change.add) {
    const match = [...now].find((found) => isAsPlanned(planned, found))
    if (!match) throw notAsPlanned(`The new row ${planned.app}.${planned.name} would not be as planned`)
    now.delete(match)
  }
  if (now.size > 0) throw notAsPlanned(`${now.size} rows would appear that were not planned`)
}

const keyOf = ({ app, name, nulls = [] }: PlannedRow) => JSON.stringify([app, name, nulls])

function isAsPlanned(planned: PlannedRow, found: Row): boolean {
  if (keyOf(found) !== keyOf(planned) || (planned.id !== undefined && found.id !== planned.id)) return false
  return (planned.applied === undefined || (found.applied === planned.applied && found.appliedType === planned.appliedType)) && sameExtra(planned, found)
}

/** The database does not do what it was told: a trigger, a rule, a view over the table. */
function notAsPlanned(what: string): MigstateError {
  return new MigstateError('database-error', `${what}, as a trigger or a rule on the table makes it.`, {
    hint: 'Look at the triggers and rules of the table.',
  })
}

/** Never below the highest id + 1, whatever is wanted. */
export function atLeastAboveRows(wanted: string | null, now: History): string | null {
  if (wanted === null || now.sequence === null) return null
  const floor = highestId(now.rows) + 1n
  return (BigInt(wanted) > floor ? BigInt(wanted) : floor).toString()
}
