import { MigstateError } from '../../errors/index.js'
import type { HistoryTable, JournalFacts, JournalTables, Trust } from '../history-table.js'
import { quoteIdentifier } from '../identifier.js'
import { missingColumns, SIDE_TABLES, unfitTable, WIDE_COLUMN } from '../side-tables.js'
import type { Session } from '../session.js'
import { journalDdl, journalIndexes } from './journal-ddl.js'
import { type Relation, relationsNamed } from './relations.js'
import { KINDS } from './shape.js'

const quote = (name: string) => quoteIdentifier(name, '"', 63)

/**
 * Where a role with more rights than the owner reads or changes the table, whatever the owner has attached to it runs with that role's
 * rights: SECURITY INVOKER is what triggers, constraints and expressions are.
 */
export function trustOf(relation: Relation): Trust {
  const columns = ['id', 'app', 'name', 'applied']
  const unfit = relation.columns.flatMap((column) => (columns.includes(column.name) && !column.system ? [`the column ${column.name} is a ${column.type}`] : []))
  const stranger = relation.privileged !== null && !relation.ours
  return {
    stranger,
    advice: stranger
      ? `this role is ${relation.privileged}, and ${relation.schema}.${relation.name} belongs to ${relation.owner}, whose rights are enough: connect as ${relation.owner}, or as a role that has SELECT, INSERT, UPDATE and DELETE on the table`
      : null,
    // A user's type has casts, operators and checks of its own, and they are met whatever the search path is.
    reading: [...unfit, ...(stranger ? relation.onReading : [])],
    writing: stranger ? relation.onWriting : [],
  }
}

/** What stands beside the history under the names of the side tables, and why that cannot be the journal. */
export async function journalFacts(session: Session, table: HistoryTable): Promise<JournalFacts> {
  const found = await relationsNamed(session, [...SIDE_TABLES, table.name], { schema: table.schema as string })
  const owner = found.find((relation) => relation.name === table.name)?.owner
  const side = found.filter((relation) => relation.name !== table.name)
  const indexes = Object.keys(journalIndexes(NAMES))
  return {
    there: side.map(({ name }) => name),
    wide: side.some(({ name, columns }) => name === 'migstate_snapshot_row' && columns.some((column) => column.name === WIDE_COLUMN)),
    settled: side.every((relation) => relation.owner === owner) && indexes.every((name) => side.some((relation) => relation.indexes.includes(name))),
    problems: side.flatMap((relation) => problemsOf(relation, owner)),
  }
}

function problemsOf(relation: Relation, historyOwner: string | undefined): string[] {
  const label = `${relation.schema}.${relation.name}`
  if (relation.kind !== 'r') return [`${label} is ${KINDS[relation.kind] ?? 'no table'}`]
  const missing = missingColumns(
    journalDdl(NAMES),
    relation.name,
    relation.columns.map(({ name }) => name),
  )
  return [
    ...(relation.ours || relation.owner === historyOwner
      ? []
      : [
          `${label} belongs to ${relation.owner}, and neither to this role nor to ${historyOwner ?? 'the owner of the history'}` +
            (historyOwner
              ? ` (if what it holds may be believed: ALTER TABLE ${quote(relation.schema)}.${quote(relation.name)} OWNER TO ${quote(historyOwner)})`
              : ''),
        ]),
    ...missing.map((column) => `${label} has no column ${column}`),
    ...[...relation.onReading, ...relation.onWriting].map((code) => `${label} has ${code}`),
    ...(relation.hidden ? [`${label} has row-level security`] : []),
  ]
}

const NAMES: JournalTables = { operation: 'migstate_operation', event: 'migstate_event', snapshotRow: 'migstate_snapshot_row' }

/** Once nobody can attach anything any more, for the table lock is held: is what was looked at before still so? */
export async function lookAgain(session: Session, table: HistoryTable): Promise<void> {
  const [history] = await relationsNamed(session, [table.name], { schema: table.schema as string })
  const trust = history && trustOf(history)
  const traps = trust ? [...trust.reading, ...trust.writing] : ['another table in its place']
  if (traps.length > 0) throw unfitTable(table, traps)
  const { problems } = await journalFacts(session, table)
  if (problems.length > 0) throw new MigstateError('damaged-journal', `The side tables are not what they were a moment ago: ${problems.join('; ')}.`)
}
