import { type Change, changeSql, type Edit, EMPTY, planRepair, refuseTableMend, rowsAfter, sayMend, tableMend, type TableMend } from '../change/index.js'
import type { History, HistoryTable, Row } from '../database/index.js'
import {
  diagnose,
  type Facts,
  type Finding,
  type Found,
  idOf,
  isAtLeast,
  namedRepair,
  rowRepair,
  type RowRepair,
  takeAllThatFit,
  toFinding,
} from '../doctor/index.js'
import { MigstateError } from '../errors/index.js'
import { lookAfterwards, type Opening, runChange, settle, stampOf } from './change-flow.js'
import { factsWith, readFacts } from './facts.js'
import type { Interaction } from './interaction.js'
import type { ChangeResult } from './results.js'
import type { Workspace } from './workspace.js'

export interface RepairArgs {
  /** Ids of findings, as `doctor` gives them. */
  findings?: string[] | undefined
  /** Those that are marked safe. */
  all?: boolean | undefined
  /** Findings of the table itself may be named too: the column `id` that fills itself no more, the counter that is behind the ids. */
  fixTable?: boolean | undefined
  dryRun?: boolean | undefined
  /** Statements for a DBA in place of the change; nothing is written. */
  sql?: boolean | undefined
  reason?: string | undefined
}

export interface RepairResult extends ChangeResult {
  /** What is mended, or would be, and why so. */
  repaired: (Pick<Finding, 'id' | 'code' | 'app' | 'migration' | 'message'> & { why: string })[]
  /** Errors and warnings that are there afterwards. */
  left: Finding[]
  /** With `sql`; null without. */
  sql: string[] | null
}

interface Chosen {
  found: Found
  repair: RowRepair
}

/** The repairs of findings that were named, or of all safe ones, as one operation: rows, and with `fixTable` what gives them ids; no code runs. */
export async function repair(workspace: Workspace, args: RepairArgs, ui: Interaction): Promise<RepairResult> {
  if (args.all && (args.findings?.length ?? 0) > 0) throw new MigstateError('usage', 'Name findings, or give --all: not both.')
  if (args.all && args.fixTable) throw new MigstateError('usage', 'What is mended of the table itself is named: --all takes rows only.')
  const dryRun = (args.dryRun ?? false) || (args.sql ?? false)
  const opening = await settle(workspace, ui, dryRun)
  let facts = await readFacts(workspace)
  const see = (history: History) => diagnose(factsWith(workspace, facts, history))
  const plan = (chosen: readonly Chosen[], rows: readonly Row[]) => planOf(facts, chosen, rows)
  const first = see(opening.history)
  const chosen = args.all ? allSafe(first, (some) => fitsRows(() => plan(some, opening.history.rows))) : await named(first, args, ui)
  const table = await ofTable(workspace, opening, first, args)
  const ids = new Set([...table, ...chosen.map(({ found }) => found)].map(idOf))
  const mend = (now: History) => (table.length > 0 ? tableMend(workspace.database.table, now) : null)
  let last: { chosen: readonly Chosen[]; change: Change } = { chosen, change: EMPTY }
  const result = await runChange(
    workspace,
    opening,
    {
      kind: 'repair',
      // A finding that is gone needs nothing any more.
      plan: (now) => {
        const still = (now === opening.history ? first : see(now)).flatMap((found) => (ids.has(idOf(found)) ? ofRows(found, args.all ?? false) : []))
        last = { chosen: still, change: plan(still, now.rows) }
        return last.change
      },
      lookAgain: async () => {
        facts = await readFacts(workspace)
      },
      mend,
      edit: (now) => sayInJournal(workspace.database.table, mend(now)),
      question: {
        title: `repair ${[...ids].join(' ')}`,
        notes: [...sayTable(table, workspace.database.table, mend(opening.history)), ...chosen.flatMap(reasons)],
        ask: askFor(mend(opening.history), chosen.length > 0),
      },
      dryRun,
      reason: args.reason ?? null,
      records: true,
    },
    ui,
  )
  const after = dryRun
    ? afterwards({ ...opening.history, sequence: mend(opening.history)?.next ?? opening.history.sequence }, last.change, stampOf(workspace))
    : await lookAfterwards(workspace, () => workspace.read())
  if (result.counter?.before === null) facts = withFilledId(facts)
  const left = after ? see(after).filter(({ severity }) => isAtLeast(severity, 'warning')) : []
  return {
    ...result,
    repaired: [
      ...(result.counter ? table.map((found) => sayMended(found, 'new rows get ids above those of its rows then')) : []),
      ...last.chosen.map(sayChosen),
    ],
    left: left.map(toFinding),
    sql: args.sql ? [...sqlOfTable(facts, result.counter), ...changeSql(workspace.database, last.change, stampOf(workspace))] : null,
  }
}

function afterwards({ rows, sequence }: History, change: Change, stamp: () => string): History {
  return {
    rows: rowsAfter(rows, change).map((row) => (row.applied === '' && !rows.some(({ id }) => id === row.id) ? { ...row, applied: stamp() } : row)),
    sequence,
  }
}

function planOf({ alias, project, rules }: Facts, chosen: readonly Chosen[], rows: readonly Row[]): Change {
  return planRepair({ alias, project, rules, edits: chosen.map(({ repair: { edit } }) => edit) }, rows)
}

function ofRows(found: Found, safeOnly: boolean): Chosen[] {
  const one = safeOnly ? rowRepair(found) : namedRepair(found)
  return one && (one.safe || !safeOnly) ? [{ found, repair: one }] : []
}

/** Of the safe ones those that together leave no history that Django would refuse for something new. */
function allSafe(found: readonly Found[], fits: (some: readonly Chosen[]) => boolean): Chosen[] {
  const safe = found.flatMap((one) => ofRows(one, true))
  return fits(safe) ? safe : takeAllThatFit(safe, fits)
}

function fitsRows(plan: () => Change): boolean {
  try {
    plan()
    return true
  } catch (error) {
    if (error instanceof MigstateError && error.code === 'would-make-hole') return false
    throw error
  }
}

/** @throws MigstateError `usage`, `unknown-finding`, `not-repairable` for the first that rows alone do not mend: then none is mended */
async function named(found: readonly Found[], { findings: ids = [], fixTable = false }: RepairArgs, ui: Interaction): Promise<Chosen[]> {
  const wanted = ids.length > 0 || fixTable ? ids : await ask(found, ui)
  return [...new Set(wanted)].flatMap((id) => {
    const one = found.find((each) => idOf(each) === id)
    if (!one) throw new MigstateError('unknown-finding', `There is no finding "${id}" here now.`)
    if (fixTable && OF_TABLE.has(one.code)) return []
    const chosen = ofRows(one, false)
    if (chosen.length === 0) throw notRepairable(one)
    return chosen
  })
}

async function ask(found: readonly Found[], ui: Interaction): Promise<string[]> {
  if (!ui.canAsk) throw new MigstateError('usage', 'Name the findings that are to be mended, or give --all.', { hint: 'See "migstate doctor" for their ids.' })
  const open = found.filter((one) => ofRows(one, false).length > 0)
  if (open.length === 0) return []
  const picked = await ui.choose(
    open.map((one) => `${one.code} (${idOf(one)}) ${one.message}`),
    'Which of them are to be mended?',
  )
  return picked.map((index) => idOf(open[index] as Found))
}

function notRepairable(found: Found): MigstateError {
  const { code, repairs } = toFinding(found)
  const [way] = [repairs.find(({ recommended }) => recommended) ?? repairs[0]]
  const why =
    repairs.length === 0
      ? 'No command mends it.'
      : way?.recommended
        ? 'Rows alone do not mend it.'
        : 'What is right cannot be told from files, rows and schema, so a person has to choose.'
  return new MigstateError('not-repairable', `The finding ${idOf(found)} (${code}): ${found.message} ${why}`, {
    hint: repairs.map((one) => `To take the way "${one.why}": ${one.command}`).join('\n') || 'See "migstate doctor" for its evidence.',
  })
}

/** Findings of the table itself, which --fix-table mends. */
const OF_TABLE: ReadonlySet<string> = new Set(['sequence-behind', 'id-default-missing'])

/**
 * Those that are named, or where none is, all.
 * @throws MigstateError `not-repairable`, `missing-rights`
 */
async function ofTable({ database }: Workspace, { history }: Opening, found: readonly Found[], { findings = [], fixTable }: RepairArgs): Promise<Found[]> {
  const table = fixTable ? found.filter((one) => OF_TABLE.has(one.code) && (findings.length === 0 || findings.includes(idOf(one)))) : []
  const mend = table.length > 0 ? tableMend(database.table, history) : null
  if (mend) await database.reading(() => refuseTableMend(database, mend))
  return table
}

function sayTable(found: readonly Found[], table: HistoryTable, mend: TableMend | null): string[] {
  return mend === null
    ? []
    : found.map((one) => `${one.code} (${idOf(one)}): ${one.message} The repair: ${sayMend(table, mend)}. This is of the table and not of its rows.`)
}

function askFor(mend: TableMend | null, hasRows: boolean): string {
  if (mend === null) return 'Change these rows? No migration runs.'
  return `${mend.column ? 'Change the column "id" of the table' : 'Set the id counter of the table'}${hasRows ? ', and change these rows' : ''}? No migration runs.`
}

function sayInJournal(table: HistoryTable, mend: TableMend | null): Partial<Edit> {
  return mend === null ? {} : { detail: { saw: sayMend(table, mend) } }
}

function sqlOfTable({ schema: { history } }: Facts, counter: ChangeResult['counter']): string[] {
  if (!counter || !history) return []
  return [counter.before === null ? history.mend.id : history.mend.counter]
}

/** As the edit has left the table, which has proven that its rows get ids again. */
function withFilledId(facts: Facts): Facts {
  const { history } = facts.schema
  return history === null ? facts : { ...facts, schema: { ...facts.schema, history: { ...history, fillsId: true } } }
}

const sayChosen = ({ found, repair: { why } }: Chosen) => sayMended(found, why)

const sayMended = (found: Found, why: string): RepairResult['repaired'][number] => {
  const { id, code, app, migration, message } = toFinding(found)
  return { id, code, app, migration, message, why }
}

/** The reason for its rows, and what speaks for it. */
function reasons({ found, repair: { why } }: Chosen): string[] {
  return [`${found.code} (${idOf(found)}): ${found.message} The repair: ${why}.`, ...found.evidence.slice(0, 4).map((line) => `- ${line}`)]
}
