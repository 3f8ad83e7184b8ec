import type { Database, Question } from '../database/index.js'
import { decode, MOST_CHARACTERS } from './decode.js'
import type { EventRecord, FoundOperation } from './records.js'

export type FoundEvent = EventRecord & { operation: string | null }

const OPERATION = ['seq', 'id', 'format', 'kind', 'started_at', 'actor', 'host', 'pid', 'command', 'reason', 'snapshot']

const EVENT = `e.seq, e.operation, e.at, e.event, substr(e.detail, 1, ${MOST_CHARACTERS + 1}) AS detail`

/** So many values stand in one statement; SQLite of old takes 999 (sqlite.org/limits.html, 9). */
const CHUNK = 200

/** What ends an operation, by exactly this name: MySQL and MariaDB take blanks at the end for none (manual, PAD SPACE). */
const ENDS = "event IN ('done', 'failed', 'aborted') AND event NOT LIKE '% '"

/** Where something else of the row is known that is rarer: SQLite would read all rows of this history by their index all the same. */
const OF_TABLE = (alias = '') => `coalesce(${alias}history_table, '') = ?`

/** SQL for the rows of operations and events, by what there is an index for. Inside a transaction, with the side tables there. */
export class SideRows {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Newest first. @param below only those before this one; @param from only this one and those after it */
  operations({ below, from, limit }: { below?: string; from?: string; limit?: number } = {}): Promise<FoundOperation[]> {
    const parts = [...(below === undefined ? [] : [`seq < ${BigInt(below)}`]), ...(from === undefined ? [] : [`seq >= ${BigInt(from)}`])]
    return this.#operations(['history_table = ?', ...parts].join(' AND '), [this.#table], limit)
  }

  /** Newest first, each with its events. The two in one statement: every command asks for them. */
  async newestWithEvents(limit: number): Promise<{ operations: FoundOperation[]; events: FoundEvent[] }> {
    const { operation, event } = this.#database.journal
    const newest = `SELECT ${OPERATION.join(', ')} FROM ${operation} WHERE history_table = ? ORDER BY seq DESC LIMIT ${BigInt(limit)}`
    const rows = await this.#database.edit.rows(
      `SELECT ${OPERATION.map((column) => `o.${column} AS o_${column}`).join(', ')}, ${EVENT}
         FROM (${newest}) o LEFT JOIN ${event} e ON e.operation = o.id AND ${OF_TABLE('e.')} ORDER BY o.seq DESC, e.seq`,
      [this.#table, this.#table],
    )
    const operations = new Map(rows.map((row) => [row.o_seq, row]))
    const own = (row: Record<string, string | null>) => Object.fromEntries(OPERATION.map((column) => [column, row[`o_${column}`] ?? null]))
    return { operations: [...operations.values()].map((row) => toOperation(own(row))), events: rows.filter(({ seq }) => seq != null).map(toEvent) }
  }

  /** Which have no end, and perhaps others, and how many there are. @param after only those after this one, which had better be few */
  unended(after: string | null): Question<Unended> {
    const { operation, event } = this.#database.journal
    const since = after === null ? '' : ` AND seq > ${BigInt(after)}`
    // No planner can go wrong with these two: NOT EXISTS they may answer with all events for each operation.
    const seqs =
      after === null
        ? `SELECT max(seq) AS seq, NULL AS n FROM (SELECT id, seq, 0 AS ended FROM ${operation} WHERE history_table = ? UNION ALL
             SELECT operation, 0, 1 FROM ${event} WHERE history_table = ? AND ${ENDS} AND operation NOT LIKE '% ') u GROUP BY id HAVING max(ended) = 0`
        : `SELECT seq, NULL AS n FROM (SELECT o.seq, (SELECT count(*) FROM ${event} e WHERE e.operation = o.id AND ${OF_TABLE('e.')} AND ${ENDS}) AS ends
             FROM ${operation} o WHERE o.history_table = ? AND o.seq > ${BigInt(after)}) u WHERE ends = 0`
    return {
      sql: `${seqs} UNION ALL SELECT max(seq), count(*) FROM ${operation} WHERE history_table = ?${since}`,
      bindings: [this.#table, this.#table, this.#table],
      read({ rows }) {
        const found = rows as { seq: unknown; n: unknown }[]
        const all = found.find(({ n }) => n != null)
        const newest = all?.seq == null ? null : String(all.seq)
        return { seqs: found.flatMap(({ seq, n }) => (n == null ? [BigInt(String(seq))] : [])), count: Number(all?.n ?? 0), newest }
      },
    }
  }

  /** Newest first. */
  async operationsAt(seqs: readonly bigint[]): Promise<FoundOperation[]> {
    return (await chunked(seqs, (some) => this.#operations(`seq IN (${some.join(', ')})`, []))).sort(newestFirst)
  }

  /** Newest first. */
  async operationsOf(ids: readonly string[]): Promise<FoundOperation[]> {
    const found = await chunked(ids, (some) => this.#operations(`${OF_TABLE()} AND id IN (${some.map(() => '?').join(', ')})`, [this.#table, ...some]))
    return found.sort(newestFirst)
  }

  /** Those whose ids begin so, newest first; only the one that is called so, where there is one. */
  async operationsNamed(prefix: string): Promise<FoundOperation[]> {
    // Of an id that the tool does not make it is not known how the database compares it.
    if (!/^\w+$/.test(prefix)) return named(await this.operations(), prefix)
    const exact = named(await this.operationsOf([prefix]), prefix)
    if (exact.length > 0) return exact
    const id = this.#database.dialect.byBytes('id')
    return named(await this.#operations(`${OF_TABLE()} AND ${id} >= ? AND ${id} < ?`, [this.#table, prefix, `${prefix}~`]), prefix)
  }

  /** All events, oldest first, of one operation or several, or of all. */
  async events(operations?: readonly string[]): Promise<FoundEvent[]> {
    if (operations === undefined) return this.#events('history_table = ?', [this.#table])
    return chunked(operations, (some) => this.#events(`${OF_TABLE()} AND operation IN (${some.map(() => '?').join(', ')})`, [this.#table, ...some]))
  }

  /** The newest event of this name. */
  newestEvent(name: string): Question<FoundEvent | undefined> {
    const { read, ...statement } = this.#eventsQuestion('history_table = ? AND event = ?', [this.#table, name], { newest: 1 })
    return { ...statement, read: (answer) => exactly(name, read(answer))[0] }
  }

  /** The newest events of this name, newest first. */
  async newestEvents(name: string, newest: number): Promise<FoundEvent[]> {
    return exactly(name, await this.#events('history_table = ? AND event = ?', [this.#table, name], { newest })).reverse()
  }

  /** Ids of the operations whose end may hold this text, in JSON: what is found is looked at before anything follows from it. */
  async endsThatMayHold(text: string, { after }: { after?: string | undefined } = {}): Promise<string[]> {
    const since = after === undefined ? '' : ` AND seq > ${BigInt(after)}`
    const rows = await this.#database.edit.rows(
      `SELECT operation FROM ${this.#database.journal.event} WHERE history_table = ? AND ${ENDS}${since} AND ${MAY_HOLD}`,
      [this.#table, ...mayHold(text)],
    )
    return [...new Set(rows.flatMap((row) => (row.operation == null ? [] : [String(row.operation)])))]
  }

  /** Headers of copies that are still kept, oldest first. @param newest only so many, the last ones */
  async headers({ newest }: { newest?: number | undefined } = {}): Promise<FoundEvent[]> {
    // A count for each, as above: PostgreSQL would read all events again for each header.
    const pruned = `SELECT count(*) FROM ${this.#database.journal.event} p WHERE p.operation = e.operation AND ${OF_TABLE('p.')} AND p.event = 'snapshot-pruned'`
    const found = await this.#events(`history_table = ? AND event = 'snapshot' AND (${pruned}) = 0`, [this.#table, this.#table], { newest })
    return exactly('snapshot', found)
  }

  /** Headers whose ids may begin so, oldest first; of copies that are no longer kept too. */
  async headersNamed(prefix: string): Promise<FoundEvent[]> {
    // As this program writes them the id comes first; whatever looks otherwise is read.
    const begins = `{"id":"${/^\w*/.exec(prefix)?.[0]}`
    const may = "(detail LIKE ? ESCAPE '|' OR detail NOT LIKE ? ESCAPE '|' OR detail LIKE ? ESCAPE '|')"
    const bindings = [this.#table, `${escaped(begins)}%`, `${escaped('{"id":"')}%`, BACKSLASH]
    return exactly('snapshot', await this.#events(`history_table = ? AND event = 'snapshot' AND ${may}`, bindings))
  }

  get #table(): string {
    return this.#database.table.name
  }

  async #operations(where: string, bindings: readonly string[], limit?: number): Promise<FoundOperation[]> {
    const sql = `SELECT ${OPERATION.join(', ')} FROM ${this.#database.journal.operation} WHERE ${where} ORDER BY seq DESC${limit === undefined ? '' : ` LIMIT ${BigInt(limit)}`}`
    return (await this.#database.edit.rows(sql, bindings)).map(toOperation)
  }

  #events(where: string, bindings: readonly string[], some: { newest?: number | undefined } = {}): Promise<FoundEvent[]> {
    return this.#database.edit.ask(this.#eventsQuestion(where, bindings, some))
  }

  #eventsQuestion(where: string, bindings: readonly string[], { newest }: { newest?: number | undefined }): Question<FoundEvent[]> {
    const order = newest === undefined ? 'ORDER BY seq' : `ORDER BY seq DESC LIMIT ${BigInt(newest)}`
    return {
      sql: `SELECT ${EVENT} FROM ${this.#database.journal.event} e WHERE ${where} ${order}`,
      bindings,
      read({ rows }) {
        const found = rows.map(toEvent)
        return newest === undefined ? found : found.reverse()
      },
    }
  }
}

/** What `unended` finds. */
export interface Unended {
  seqs: readonly bigint[]
  /** Of all operations that were looked at. */
  count: number
  /** The newest of them. */
  newest: string | null
}

function toEvent(row: Record<string, string | null>): FoundEvent {
  const [event, at] = [String(row.event), String(row.at)]
  return { seq: String(row.seq), operation: row.operation == null ? null : String(row.operation), at, event, ...decode(event, at, String(row.detail)) }
}

/** MySQL and MariaDB also find names with blanks at the end. */
function exactly(name: string, events: FoundEvent[]): FoundEvent[] {
  return events.filter((one) => one.event === name)
}

/** A text may also stand there in an escaped form of JSON's. */
const MAY_HOLD = "(detail LIKE ? ESCAPE '|' OR detail LIKE ? ESCAPE '|')"
const BACKSLASH = '%\\%'

/** The longest part in ASCII, which every encoding of a server has. */
function mayHold(text: string): [string, string] {
  const plain = text.split(/[^ -~]|["\\]/).sort((left, right) => right.length - left.length)[0] as string
  return [`%${escaped(plain)}%`, BACKSLASH]
}

/** Whose id is this, else those whose ids begin so. */
function named(found: readonly FoundOperation[], prefix: string): FoundOperation[] {
  const fits = found.filter((one) => one.id.startsWith(prefix))
  const exact = fits.filter((one) => one.id === prefix)
  return exact.length > 0 ? exact : fits
}

function escaped(text: string): string {
  return text.replaceAll(/[|%_]/g, '|$&')
}

async function chunked<Of, T>(all: readonly Of[], ask: (some: Of[]) => Promise<T[]>): Promise<T[]> {
  const found: T[] = []
  for (let first = 0; first < all.length; first += CHUNK) found.push(...(await ask(all.slice(first, first + CHUNK))))
  return found
}

export function newestFirst(left: { seq: string }, right: { seq: string }): number {
  const [a, b] = [BigInt(left.seq), BigInt(right.seq)]
  return a < b ? 1 : a > b ? -1 : 0
}

function toOperation(row: Record<string, string | null>): FoundOperation {
  return {
    seq: String(row.seq),
    id: String(row.id),
    format: formatOf(row.format),
    kind: String(row.kind),
    startedAt: String(row.started_at),
    actor: String(row.actor),
    host: String(row.host),
    pid: String(row.pid),
    command: String(row.command),
    reason: row.reason === null || row.reason === undefined ? null : String(row.reason),
    snapshot: String(row.snapshot),
  }
}

/** A column of SQLite holds whatever is put into it. */
function formatOf(value: unknown): number | null {
  const format = /^\d{1,9}$/.test(String(value)) ? Number(value) : 0
  return format > 0 ? format : null
}
