import { highestId } from '../../database/index.js'
import type { Facts } from '../facts.js'
import type { Found, FindingCode, Proposal, Severity } from '../finding.js'
import { counted, listed, repair } from '../words.js'

const ofTable = (code: FindingCode, severity: Severity, message: string, evidence: string[], repairs: Proposal[], about: string[] = []): Found => ({
  code,
  severity,
  app: null,
  migration: null,
  message,
  evidence,
  repairs,
  about,
  explains: [],
  place: 0,
})

/** An insert without an id gets none: the next migration runs and cannot be recorded. */
export function missingIdDefault({ schema, table }: Facts): Found[] {
  if (!table || !schema.history || schema.history.fillsId) return []
  const message = `The column "id" of ${table.label} fills itself no more: it was copied without its key or its default. Django writes rows without an id, so the next migration cannot be recorded, or gets no id.`
  const why = 'makes the column as Django makes it; only the owner of the table may'
  const { mend, mendsId } = schema.history
  const mends = mendsId === 'inside'
  const evidence = mends || mendsId === 'owner' || mendsId === null ? [] : [`migstate does not mend it itself: ${mendsId}`]
  const repairs = [
    ...(mends
      ? [repair('migstate repair --fix-table', 'makes the column so that it fills itself, as an operation of the journal', { recommended: true })]
      : []),
    ...(mend.id === '' ? [] : [repair(mend.id, why, { recommended: !mends })]),
  ]
  return [ofTable('id-default-missing', 'error', message, evidence, repairs, [table.name, `${table.name}.id`])]
}

/** The counter gives ids that are taken: the next migration runs, and its row is refused. */
export function sequenceBehind({ schema, table, sequence, rows, sharesCounter }: Facts): Found[] {
  const { history } = schema
  if (!table || !history?.fillsId || !history.hasCounterApart || sequence === null || rows.length === 0) return []
  const highest = highestId(rows)
  if (BigInt(sequence) > highest) return []
  return [
    ofTable(
      'sequence-behind',
      'error',
      `The id sequence of ${table.label} is behind: its next id is ${sequence}, and the highest id is ${highest}. The next migration runs, and recording it fails (duplicate key).`,
      ['tables that were restored or copied with their ids have this; the other tables of this database may have it too'],
      [
        ...(sharesCounter
          ? []
          : [repair('migstate repair --fix-table', 'sets it above the highest id, as an operation of the journal', { recommended: true })]),
        repair(history.mend.counter, 'sets it above the highest id; only who may set it can', { recommended: sharesCounter }),
      ],
      [`${table.name}_pkey`, table.name, `${table.name}.id`],
    ),
  ]
}

/** An engine without transactions: half a change stays. */
export function looseEngine({ schema, table }: Facts): Found[] {
  const engine = schema.history?.looseEngine
  if (!table || !engine) return []
  const message = `The table ${table.label} has the engine ${engine}, which cannot undo half a change. migstate refuses to write to it.`
  return [
    ofTable(
      'non-transactional-table',
      'warning',
      message,
      [],
      [repair(schema.history?.mend.engine ?? '', 'rows and ids stay', { recommended: true })],
      [table.name],
    ),
  ]
}

/** No history: usual before the first `migrate`, and a loss where the tables of the project are there. */
export function missingTable({ table, tableName, evidence, project }: Facts): Found[] {
  if (table) return []
  const present = [...evidence.values()].filter(({ verdict }) => verdict === 'ran')
  if (present.length === 0)
    return [ofTable('table-missing', 'info', `There is no table ${tableName}: nothing has been migrated here yet.`, [], [], [tableName])]
  const apps = [...new Set(present.map(({ key }) => key.split('\0')[0] as string))]
  const create =
    'python manage.py shell -c "from django.db import connection; from django.db.migrations.recorder import MigrationRecorder; MigrationRecorder(connection).ensure_schema()"'
  return [
    ofTable(
      'table-missing',
      'error',
      `There is no table ${tableName}, but tables of ${listed(apps)} are in the database: the history is lost, or lies in another schema. manage.py migrate would begin at the start and fail.`,
      [`${counted(present.length, 'migration')} of ${counted(project?.apps.length ?? 0, 'app')} can be seen in the database`],
      [repair(create, 'makes the empty table; then migstate doctor says what to record. Better: restore it from a dump')],
      [tableName, ...present.flatMap(({ about }) => about)],
    ),
  ]
}

/** Tables of the same name in other schemas: one for each tenant, or one that was left behind. */
export function otherTables({ otherTables: said, tableName }: Facts): Found[] {
  if (said === null) return []
  return [
    ofTable(
      'table-ambiguous',
      'info',
      `More than one table is named ${tableName}: ${said}. Which one Django uses depends on its search_path.`,
      [],
      [],
      [tableName],
    ),
  ]
}

/** Somebody is at it, or a change was interrupted. */
export function unfinishedOperations({ unfinished }: Facts): Found[] {
  return unfinished.map(({ id, kind, holder }) => ({
    ...(holder === null
      ? ofTable(
          'unfinished-operation',
          'error',
          `The operation ${id} (${kind}) was interrupted. Rows may be missing until it is finished, and what is said below may be a result of it.`,
          [],
          [repair('migstate recover', 'finishes it or undoes it', { recommended: true })],
        )
      : ofTable('unfinished-operation', 'info', `The operation ${id} (${kind}) is in progress (${holder}). What is said below may be a result of it.`, [], [])),
  }))
}

/** Reading goes on; whoever comes to change something should know before. */
export function readOnly({ readOnly: reason, table }: Facts): Found[] {
  if (reason === null || !table) return []
  return [ofTable('read-only', 'info', `Nothing can be written here: ${reason}. Repairs have to be made on the writable database.`, [], [], [table.name])]
}

const DJANGOS = new Set(['id', 'app', 'name', 'applied'])

/** Django names its columns in every INSERT: one more that must not be NULL and has no default makes recording fail. */
export function extraColumns({ sight, table }: Facts): Found[] {
  const columns = table ? (sight.table(table.name)?.columns ?? []) : []
  const extra = columns.filter(({ name }) => !DJANGOS.has(name.toLowerCase()))
  if (!table || extra.length === 0) return []
  const strict = extra.filter(({ nullable }) => !nullable)
  const names = listed(extra.map(({ name }) => name))
  return [
    ofTable(
      'extra-columns',
      'info',
      `${table.label} has ${extra.length === 1 ? 'a column' : 'columns'} that Django does not know: ${names}. ${
        strict.length > 0
          ? `Where ${listed(strict.map(({ name }) => name))} has no default, recording a migration fails.`
          : 'Django leaves them NULL in the rows that it writes.'
      }`,
      [],
      [],
      extra.map(({ name }) => `${table.name}.${name}`),
    ),
  ]
}
