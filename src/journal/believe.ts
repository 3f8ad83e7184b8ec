import { type Database, highestId, type History, type Row, sameRow } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { damagedOperation, detailOf, refuseUnreadable } from './damage.js'
import { hasDigest } from './digest.js'
import { inShort } from './events.js'
import { Journal } from './journal.js'
import { prunedCopy, prunedOf } from './pruned.js'
import { type Changes, type Operation, type SnapshotHeader, TERMINAL } from './records.js'

/** No history has so many migrations: a counter that is further above the table than this was not read from it. */
const FURTHEST = 1_000_000n

/** The snapshot that was taken before an operation, read back and proven by its digest. */
export interface Witness {
  header: SnapshotHeader
  rows: Row[]
}

/**
 * Everything that an operation's events claim about rows has to be in its own snapshot: what is put back was there, what was added was
 * not, and the counter is the one that was copied with them. Inside a transaction.
 * @returns the rows of that snapshot; none where the operation claims nothing
 * @throws MigstateError `damaged-journal` `newer-format`
 */
export async function refuseUnbelievable(database: Database, operation: Operation): Promise<readonly Row[]> {
  refuseUnreadable(database, operation)
  // However it ended: what a rollback puts back is what that event claims, "failed" and "aborted" too.
  const end = operation.events.find(({ event }) => TERMINAL.has(event)) as { event: 'done' | 'failed' | 'aborted' } | undefined
  const outcome = end && detailOf(database, operation, end.event)
  const step = detailOf(database, operation, 'sequence-pending')
  const lifted = detailOf(database, operation, 'lifted')?.lifted
  const shadowed = detailOf(database, operation, 'shadowed')?.shadowed
  if (!outcome && !step && !lifted && !shadowed) return []
  const { header, rows } = await readWitness(database, operation)
  const no = (what: string, event: string) =>
    damagedOperation(
      database,
      operation,
      what,
      operation.events.findLast((one) => one.event === event),
    )
  const copied = new Map(rows.map((row) => [keyOf(row), row]))
  const wasThere = (row: Row, event: string) => {
    const found = copied.get(keyOf(row))
    if (!found || !sameRow(found, row)) throw no(`the row ${sayRow(row)} of its event "${event}" is not in the snapshot ${header.id}`, event)
  }
  const checkChanges = ({ removed, added, updated }: Changes, event: string) => {
    for (const row of [...removed, ...updated.map(({ before }) => before)]) wasThere(row, event)
    for (const row of added) if (copied.has(keyOf(row))) throw no(`the row ${sayRow(row)} that its event "${event}" has added was there before`, event)
    for (const { before, after } of updated)
      if (before.id !== after.id) throw no(`its event "${event}" gives the row ${sayRow(before)} the id ${inShort(after.id)}`, event)
  }
  const checkCounter = (value: string | null, event: string) => {
    if (value !== header.sequence) throw no(`the counter ${value} of its event "${event}" is not the ${header.sequence} of the snapshot ${header.id}`, event)
  }
  if (end && outcome) {
    checkChanges(outcome.changes, end.event)
    checkCounter(outcome.sequence.before, end.event)
  }
  if (step) {
    if (step.operation !== operation.id) throw no('its event "sequence-pending" is of another operation', 'sequence-pending')
    checkChanges(step.outcome.changes, 'sequence-pending')
    checkCounter(step.outcome.sequence.before, 'sequence-pending')
    if (step.outcome.sequence.after !== step.wanted) throw no('its event "sequence-pending" names two counters', 'sequence-pending')
  }
  if (lifted) {
    const out = [...lifted.target, ...lifted.hidden]
    for (const row of out) wasThere(row, 'lifted')
    const rest = new Set(lifted.rest)
    const ids = new Set(out.map((row) => row.id))
    // Together they are the table as it was: a row that is named twice would come back twice, one that is left out would be a stranger's.
    if (ids.size !== out.length || rows.length !== out.length + lifted.rest.length || rows.some((row) => rest.has(row.id) === ids.has(row.id)))
      throw no(`its event "lifted" does not divide the rows of the snapshot ${header.id}`, 'lifted')
    ownTarget(lifted, 'lifted')
    checkCounter(lifted.sequence, 'lifted')
  }
  if (shadowed) {
    for (const row of [...shadowed.target, ...shadowed.hidden]) wasThere(row, 'shadowed')
    ownTarget(shadowed, 'shadowed')
    checkCounter(shadowed.sequence, 'shadowed')
    const { records = [], app, name, target, halves } = shadowed
    if (halves.at(-1) !== 'forward') throw no('its event "shadowed" has no way forward', 'shadowed')
    if (target.length === 0 && !records.some((one) => one[0] === app && one[1] === name))
      throw no(`its event "shadowed" would not record ${inShort(app)}.${inShort(name)}`, 'shadowed')
    for (const one of records)
      if (rows.some((row) => row.app === one[0] && row.name === one[1])) throw no(`${one.map(inShort).join('.')} was recorded before it ran`, 'shadowed')
  }
  return rows

  function ownTarget({ app, name, target }: { app: string; name: string; target: Row[] }, event: string): void {
    const other = target.find((row) => row.app !== app || row.name !== name)
    if (other) throw no(`the row ${sayRow(other)} is no row of ${inShort(app)}.${inShort(name)}`, event)
  }
}

/** Inside a transaction. @throws MigstateError `damaged-journal` when the snapshot is not there or not as it was written, `unknown-snapshot` when it was pruned */
export async function readWitness(database: Database, operation: Operation): Promise<Witness> {
  const header = detailOf(database, operation, 'snapshot')
  if (header?.id !== operation.snapshot) throw damagedOperation(database, operation, `it has no snapshot ${inShort(operation.snapshot)}`)
  const rows = await new Journal(database).snapshotRows(header.id)
  const pruned = prunedOf(operation)
  if (pruned && rows.length < header.rows) throw prunedCopy(operation, pruned)
  if (!hasDigest(rows, header.digest))
    throw damagedOperation(database, operation, `the rows of its snapshot ${inShort(header.id)} do not have the digest that was written with them`)
  return { header, rows }
}

/**
 * The digest is of the rows and not of the counter, and no digest without a key would tell a forger's hand. So a counter from the journal
 * is taken only near the table: a wrong one then leaves a gap, and never a table without ids.
 * @param rows further rows that are about to be in the table
 * @throws MigstateError `damaged-journal`
 */
export function refuseIncredibleCounter(wanted: string | null, now: History, rows: readonly Row[] = []): void {
  if (wanted === null) return
  const above = [BigInt(now.sequence ?? 0), highestId(now.rows), highestId(rows)].reduce((left, right) => (left > right ? left : right))
  if (BigInt(wanted) <= above + FURTHEST) return
  throw new MigstateError(
    'damaged-journal',
    `The journal wants the id counter at ${wanted}, far above the table's ${now.sequence ?? 'ids'}, so it cannot have been there.`,
    { hint: 'See "migstate history" for who wrote it. Have a DBA take out of the journal what migstate did not write.', details: { found: [wanted] } },
  )
}

function keyOf(row: Row): string {
  return JSON.stringify([row.id, row.app, row.name])
}

function sayRow(row: Row): string {
  return `${inShort(row.id)} (${inShort(row.app)}.${inShort(row.name)})`
}
