import type { Database, History, Question, Row, Session } from '../database/index.js'
import { byId, isFailure, keptApart } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import type { Pruned } from './details.js'
import { digestOf } from './digest.js'
import { JOURNAL_FORMAT, type OperationRecord, PLAIN_FORMAT, type SnapshotHeader, TERMINAL } from './records.js'

/** Rows of one statement; SQLite of old takes 999 values (sqlite.org/limits.html, 9). */
const TOGETHER = 100

/** The side tables of one history table: written inside the edit's transaction, append-only. */
export class Journal {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Inside any transaction. */
  async exists(session: Session = this.#database.edit): Promise<boolean> {
    return this.#database.hasJournal(session)
  }

  /**
   * Makes the side tables, and the indexes that an older version has not made. DDL commits by itself on MySQL, so this is a step of its
   * own, under the advisory lock.
   * @param exists whether they are there, as it was seen under that lock; those that are not, where that was interrupted, are made
   * @throws MigstateError `missing-rights` with the DDL to hand to a DBA
   */
  async ensure(exists: boolean): Promise<void> {
    const { dialect, edit, table, journal } = this.#database
    if (exists && this.#database.journalLabels('missing').length === 0) {
      await this.#widen()
      return this.#index()
    }
    try {
      await dialect.createJournal(edit, table, journal)
    } catch (error) {
      if (!isFailure(error, 'missing-rights')) throw error
      const ddl = dialect.journalDdl(table, journal)
      throw new MigstateError('missing-rights', `This role may not create migstate's side tables beside ${table.label}.`, {
        hint: `Ask a DBA to run:\n${ddl.map((statement) => `${statement};`).join('\n')}`,
        details: { ddl },
        cause: error,
      })
    }
  }

  get #needsWide(): boolean {
    return keptApart(this.#database.table.shape).length > 0
  }

  /** Side tables of an older version hold four texts of a row: enough for Django's own table, and for no other. @throws MigstateError `missing-rights` */
  async #widen(): Promise<void> {
    const { dialect, edit, table, journal, journalIsWide } = this.#database
    if (journalIsWide || !this.#needsWide) return
    try {
      await dialect.widenJournal(edit, journal)
      this.#database.journalIsWide = true
    } catch (error) {
      if (!isFailure(error, 'missing-rights')) throw error
      const ddl = [dialect.wideDdl(journal)]
      throw new MigstateError(
        'missing-rights',
        `${table.label} has more columns than Django's table, and this role may not give migstate's side tables a place for them.`,
        {
          hint: `Ask a DBA to run:\n${ddl[0]};`,
          details: { ddl },
          cause: error,
        },
      )
    }
  }

  /** Every question is answered without them, only later: no failure here is one of the command. A stranger's tables are left as they are. */
  async #index(): Promise<void> {
    const { dialect, edit, table, journal, journalIsSettled } = this.#database
    if (table.stranger || journalIsSettled) return
    await dialect.indexJournal(edit, table, journal).catch((error: unknown) => {
      if (!isFailure(error, 'missing-rights') && !isFailure(error, 'busy') && !isFailure(error, 'other')) throw error
    })
  }

  /**
   * Copies the whole history on the server, reads the copy back and compares: no change without a readable snapshot.
   * @param read the history to compare with; called after the copy, which on MySQL locks the rows that it reads
   */
  async writeSnapshot(
    session: Session,
    id: string,
    operation: string | null,
    read: () => Promise<History>,
    at: string,
    by: Pick<SnapshotHeader, 'reason' | 'actor'> = {},
  ): Promise<SnapshotHeader> {
    const { dialect, table, journal } = this.#database
    await session.ask(dialect.copyRows(table, journal, id))
    const header = this.#headerOf(id, await read(), by)
    refuseOtherCopy(await session.ask(dialect.readSnapshotRows(journal, id)), header)
    await this.append(session, operation, 'snapshot', header, at)
    return header
  }

  #headerOf(id: string, { rows, sequence }: History, by: Pick<SnapshotHeader, 'reason' | 'actor'> = {}): SnapshotHeader {
    const { engine, name } = this.#database.facts
    return { id, rows: rows.length, digest: digestOf(rows), sequence, engine, database: name, ...by }
  }

  /** The same for an operation that changes rows at once, and the operation itself. @param before what nobody else can change any more */
  async open(session: Session, operation: OperationRecord, before: History, at: string): Promise<void> {
    const { dialect, table, journal } = this.#database
    const header = this.#headerOf(operation.snapshot, before)
    const [, copied] = await session.askAll([
      dialect.copyRows(table, journal, header.id),
      dialect.readSnapshotRows(journal, header.id),
      this.#event(operation.id, 'snapshot', header, at),
      this.#operation(operation),
    ])
    refuseOtherCopy(copied, header)
  }

  async begin(session: Session, operation: OperationRecord): Promise<void> {
    await session.ask(this.#operation(operation))
  }

  #operation(operation: OperationRecord): Question {
    const { redactor } = this.#database
    return {
      sql: `INSERT INTO ${this.#database.journal.operation} (id, format, history_table, kind, started_at, actor, host, pid, command, reason, snapshot)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      bindings: [
        operation.id,
        this.#needsWide ? JOURNAL_FORMAT : PLAIN_FORMAT,
        this.#database.table.name,
        operation.kind,
        operation.startedAt,
        operation.actor,
        operation.host,
        operation.pid,
        redactor.text(operation.command),
        operation.reason === null ? null : redactor.text(operation.reason),
        operation.snapshot,
      ],
      read: () => {},
    }
  }

  async append(session: Session, operation: string | null, event: string, detail: unknown, at: string): Promise<void> {
    await session.ask(this.#event(operation, event, detail, at))
  }

  #event(operation: string | null, event: string, detail: unknown, at: string): Question {
    const { journal, table, redactor } = this.#database
    return {
      sql: `INSERT INTO ${journal.event} (operation, history_table, at, event, detail) VALUES (?, ?, ?, ?, ?)`,
      bindings: [operation, table.name, at, event, JSON.stringify(redactor.detail(detail ?? null))],
      read: () => {},
    }
  }

  /** Whether an event is there that one transaction has written and no other. */
  async holds({ operation, event, at }: { operation: string | null; event: string; at: string }, session: Session = this.#database.edit): Promise<boolean> {
    const { journal, table } = this.#database
    const [of, bindings] = operation === null ? ['operation IS NULL', []] : ['operation = ?', [operation]]
    const found = await session.rows(`SELECT 1 AS there FROM ${journal.event} WHERE history_table = ? AND event = ? AND at = ? AND ${of}`, [
      table.name,
      event,
      at,
      ...bindings,
    ])
    return found.length > 0
  }

  /** The event by which an operation has ended, or null. */
  async endOf(operation: string, session: Session = this.#database.edit): Promise<string | null> {
    const { journal, table } = this.#database
    const ends = [...TERMINAL.keys()]
    const found = await session.rows<{ event: string }>(
      `SELECT event FROM ${journal.event} WHERE history_table = ? AND operation = ? AND event IN (${ends.map(() => '?').join(', ')})`,
      [table.name, operation, ...ends],
    )
    // MySQL and MariaDB take blanks at the end for none (manual, PAD SPACE).
    return found.find(({ event }) => TERMINAL.has(event))?.event ?? null
  }

  /** Gives up the rows of copies; each is of an operation, which gets an event that says so. */
  async dropCopies(session: Session, copies: readonly { operation: string; id: string }[], actor: string, at: string): Promise<void> {
    const { snapshotRow, event } = this.#database.journal
    for (let first = 0; first < copies.length; first += TOGETHER) {
      const some = copies.slice(first, first + TOGETHER)
      await session.run(
        `DELETE FROM ${snapshotRow} WHERE snapshot IN (${some.map(() => '?').join(', ')})`,
        some.map(({ id }) => id),
      )
      await session.run(
        `INSERT INTO ${event} (operation, history_table, at, event, detail) VALUES ${some.map(() => '(?, ?, ?, ?, ?)').join(', ')}`,
        some.flatMap(({ operation, id }) => [operation, this.#database.table.name, at, 'snapshot-pruned', JSON.stringify({ id, actor } satisfies Pruned)]),
      )
    }
  }

  /** Names of every history table that these side tables serve. */
  async historyTables(session: Session = this.#database.edit): Promise<string[]> {
    const rows = await session.rows<{ name: string }>(`SELECT DISTINCT history_table AS name FROM ${this.#database.journal.event}`)
    return rows.map((row) => String(row.name)).sort()
  }

  async snapshotRows(id: string, session: Session = this.#database.edit): Promise<Row[]> {
    return (await session.ask(this.#database.dialect.readSnapshotRows(this.#database.journal, id))).sort(byId)
  }
}

function refuseOtherCopy(copied: readonly Row[], { digest }: SnapshotHeader): void {
  if (digestOf(copied) === digest) return
  throw new MigstateError('database-error', 'The snapshot does not read back as the table.', {
    hint: 'Look at the triggers and rules of migstate_snapshot_row.',
  })
}
