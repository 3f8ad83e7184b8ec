import type { ConnectionSpec, Redactor } from '../config/index.js'
import { Effects, MigstateError, type Warnings } from '../errors/index.js'
import type { AdvisoryLock, Dialect } from './dialect.js'
import type { HistoryTable, JournalFacts, JournalTables, TableSearch, Trust } from './history-table.js'
import type { ServerFacts } from './server-facts.js'
import { isFailure } from './failure.js'
import { byId, type History, type Row } from './row.js'
import type { Answer, Question, Session } from './session.js'
import { CORE_TABLES, damagedJournal, SIDE_TABLES, unfitTable } from './side-tables.js'

/** How a database is used in this run. */
export interface Circumstances {
  patience: number
  signal: AbortSignal | undefined
  /** Reading commands and dry runs. */
  readOnly: boolean
  warnings: Warnings
  trust: Trust | undefined
  onStatement: ((sql: string) => void) | undefined
  redactor: Redactor
}

/** An open database: the history table and the two connections of design.md section 7. */
export class Database {
  readonly spec: ConnectionSpec
  readonly dialect: Dialect
  readonly facts: ServerFacts
  /** What has become of the operation that is under way. */
  readonly effects = new Effects()
  /** The advisory lock while it is held. */
  lock: AdvisoryLock | null = null
  #edit: Session
  readonly tableName: string
  /** Knows what must not be journaled. */
  readonly redactor: Redactor
  /** Milliseconds to wait for a table that somebody else has to himself. */
  readonly #patience: number
  readonly #signal: AbortSignal | undefined
  readonly #readOnly: boolean
  readonly #warnings: Warnings
  readonly #trust: Trust | undefined
  readonly #onStatement: ((sql: string) => void) | undefined
  #journalProblems: readonly string[] = []
  /** The side tables, as they were last looked at, have a place for what four texts cannot hold. */
  journalIsWide = false
  /** They have the indexes and the owner that this version gives them. */
  journalIsSettled = false
  /** Names of those that were there then. */
  #journalThere: readonly string[] = []
  #table: HistoryTable | null
  readonly #currentSchema: string | null
  #side: Session | undefined
  /** What the transaction that reads just now has been told already; null outside of one. */
  #look: { journal?: JournalFacts } | null = null

  constructor(
    spec: ConnectionSpec,
    dialect: Dialect,
    edit: Session,
    facts: ServerFacts,
    table: HistoryTable | null,
    currentSchema: string | null,
    tableName: string,
    { patience, signal, readOnly, warnings, trust, onStatement, redactor }: Circumstances,
  ) {
    this.spec = spec
    this.dialect = dialect
    this.#edit = edit
    this.facts = facts
    this.#table = table
    this.#currentSchema = currentSchema
    this.tableName = tableName
    this.redactor = redactor
    this.#patience = patience
    this.#signal = signal
    this.#readOnly = readOnly
    this.#warnings = warnings
    this.#trust = trust
    this.#onStatement = onStatement
  }

  /** Lock, edits and their journal rows. */
  get edit(): Session {
    return this.#edit
  }

  /** A new session in place of one that is lost; what the lost one held is not held any more. */
  async reconnect(): Promise<void> {
    const session = await this.#connect()
    const lost = [this.#edit, ...(this.#side ? [this.#side] : [])]
    this.#edit = session
    this.#side = undefined
    this.lock = null
    for (const one of lost) await one.close()
  }

  async #connect(): Promise<Session> {
    const session = await this.dialect.connect(this.spec, { readOnly: false, patience: this.#patience })
    session.watch(this.#onStatement)
    return session
  }

  /** Milliseconds: `--lock-timeout`. */
  get patience(): number {
    return this.#patience
  }

  get hasTable(): boolean {
    return this.#table !== null
  }

  /** @throws MigstateError `table-missing`, before anything is asked of a table that is not there */
  requireTable(): void {
    if (!this.#table) throw this.#tableMissing()
  }

  /** @throws MigstateError `table-missing` */
  get table(): HistoryTable {
    if (this.#table) return this.#table
    throw this.#tableMissing()
  }

  #tableMissing(): MigstateError {
    return new MigstateError('table-missing', `The database ${this.facts.name} has no table ${this.tableName}.`)
  }

  /** The schema of the table, or the one where Django would make it. */
  get schema(): string | null {
    return this.#table ? this.#table.schema : this.#currentSchema
  }

  /** The side tables lie beside the history table: same schema, same database, same file. */
  get journal(): JournalTables {
    const { dialect, table } = this
    const beside = (name: string) => (table.schema === null ? dialect.quote(name) : `${dialect.quote(table.schema)}.${dialect.quote(name)}`)
    return { operation: beside('migstate_operation'), event: beside('migstate_event'), snapshotRow: beside('migstate_snapshot_row') }
  }

  /** The side tables for people, as they were last looked at: `public.migstate_event`. */
  journalLabels(which: 'all' | 'there' | 'missing'): string[] {
    const beside = (name: string) => (this.table.schema === null ? name : `${this.table.schema}.${name}`)
    return SIDE_TABLES.filter((name) => which === 'all' || this.#journalThere.includes(name) === (which === 'there')).map(beside)
  }

  /** The GRANTs that this role lacks for a change, or for one and for a shadow, as far as the database tells. */
  async missingGrants(purpose: 'change' | 'shadow'): Promise<string[]> {
    return this.reading(() => this.dialect.missingGrants(this.edit, this.table, this.journal, purpose))
  }

  /**
   * Whether the side tables are there. Inside any transaction. Where something else stands in their place a reading command goes on
   * without the journal, with a warning.
   * @throws MigstateError `damaged-journal` for a command that writes
   */
  async hasJournal(session: Session = this.edit): Promise<boolean> {
    if (!this.#table) return false
    const { there, problems, wide, settled } = await this.#journalFacts(session, this.#table)
    this.journalIsWide = wide
    this.journalIsSettled = settled
    this.#journalThere = there
    this.#journalProblems = problems
    if (problems.length === 0) return CORE_TABLES.every((name) => there.includes(name))
    if (!this.#readOnly) throw damagedJournal(problems)
    this.#warnings.add('damaged-journal', `the journal is not read: ${problems.join('; ')}`)
    return false
  }

  /**
   * The table as it is made now: since it was found, somebody may have given it a column, whose values would be lost. Inside an edit.
   * @throws MigstateError `table-missing` `table-unfit`
   */
  async lookAtTable(session: Session = this.edit): Promise<void> {
    const { schema, name } = this.table
    this.seen(await this.dialect.findTable(session, { schema: schema ?? undefined, name }))
  }

  /** The table as it was just looked at. @throws MigstateError `table-missing` */
  seen({ table }: TableSearch): void {
    if (!table) throw this.#tableMissing()
    this.#table = { ...table, stranger: this.table.stranger ?? false }
  }

  /** Asked once in a transaction that reads: it sees one state of the database. */
  async #journalFacts(session: Session, table: HistoryTable): Promise<JournalFacts> {
    if (!this.#look || session !== this.edit) return this.dialect.journalFacts(session, table)
    return (this.#look.journal ??= await this.dialect.journalFacts(session, table))
  }

  /** What a dry run refuses as the command itself would. @throws MigstateError `engine-unsupported` `table-unfit` `damaged-journal` */
  refuseTraps(): void {
    const { unsupported } = this.facts
    if (unsupported)
      throw new MigstateError('engine-unsupported', `The server is ${unsupported.name}, where nothing is changed: ${unsupported.reason}.`, {
        details: { engine: unsupported.name },
      })
    if (this.#table && this.#trust && this.#trust.writing.length > 0) throw unfitTable(this.#table, this.#trust.writing)
    if (this.#journalProblems.length > 0) throw damagedJournal(this.#journalProblems)
  }

  /**
   * Runs `work` in a transaction that cannot write, again while somebody else has the table to himself. Inside of another `reading` it is a part
   * of that one.
   * @param deadline milliseconds since the epoch; by default as long as `--lock-timeout` says
   * @throws MigstateError `lock-timeout`
   */
  async reading<T>(work: () => Promise<T>, deadline = Date.now() + this.#patience): Promise<T> {
    if (this.#look) return work()
    const attempt = async () => {
      this.#look = {}
      return this.dialect.reading(this.edit, work).finally(() => (this.#look = null))
    }
    return this.#whileHeld(deadline, () =>
      attempt().catch(async (error: unknown) => {
        // Since it was found the table may have got another sequence, or another place for it.
        if (!isFailure(error, 'no-table') || !this.#table?.sequence) throw error
        await this.lookAtTable()
        return attempt()
      }),
    )
  }

  /** Again while somebody else has the table to himself. */
  async #whileHeld<T>(deadline: number, attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (!isFailure(error, 'busy')) throw error
        if (this.#signal?.aborted && deadline !== Number.POSITIVE_INFINITY) throw new MigstateError('interrupted', 'Interrupted while waiting for the table.')
        if (Date.now() >= deadline) {
          const holder = this.#table && (await this.dialect.tableLockHolder(this.edit, this.#table))
          throw new MigstateError('lock-timeout', `The table ${this.tableName} is held by ${holder ?? 'somebody this role cannot see'}.`, {
            details: { holder },
            cause: error,
          })
        }
        await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 60))
      }
    }
  }

  /** What is asked last inside of `reading`: the transaction may end with it. */
  last<T>(question: () => Promise<T>): Promise<T> {
    return this.dialect.last(this.edit, question)
  }

  /** Inside `reading` or an edit. @param first what is asked before */
  async readHistory(session: Session = this.edit, first: readonly Question[] = []): Promise<History> {
    const { rows, sequence } = await this.#withColumns(this.dialect.readHistory(session, this.table, first))
    return { rows: rows.sort(byId), sequence }
  }

  /** The same, and the answer to a question that is asked before in one message with it, where the protocol has room. */
  async readHistoryWith<T>({ read, ...statement }: Question<T>): Promise<{ history: History; answer: T }> {
    const kept: T[] = []
    const history = await this.readHistory(this.edit, [{ ...statement, read: (answer) => kept.push(read(answer)) }])
    return { history, answer: kept[0] as T }
  }

  /** In order of id. Inside `reading` or an edit. */
  async readRows(session: Session = this.edit): Promise<Row[]> {
    return (await this.#withColumns(this.dialect.readRows(session, this.table))).sort(byId)
  }

  /** How many rows there are; in a transaction of its own. */
  async countRows(): Promise<number> {
    const count = { sql: `SELECT count(*) AS n FROM ${this.table.sql}`, read: ({ rows }: Answer) => Number((rows as { n: unknown }[])[0]?.n) }
    return this.#whileHeld(Date.now() + this.#patience, () => this.dialect.readingOnce(this.edit, count))
  }

  async #withColumns<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading
    } catch (error) {
      if (!isFailure(error, 'no-column')) throw error
      throw new MigstateError('table-missing', `The table ${this.table.label} has no columns id, app, name and applied, so it is no history of migrations.`, {
        hint: 'Check --table.',
        cause: error,
      })
    }
  }

  /** The second connection: proof of the lock, events while a child runs. Opened when it is first needed. */
  async side(): Promise<Session> {
    this.#side ??= await this.#connect()
    return this.#side
  }

  async close(): Promise<void> {
    // Each waits for its server to say goodbye.
    await Promise.all([this.#side?.close(), this.edit.close()])
  }
}
