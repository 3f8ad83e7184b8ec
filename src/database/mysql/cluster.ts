import { MigstateError } from '../../errors/index.js'
import type { Cluster } from '../server-facts.js'
import type { Dialect } from '../dialect.js'
import type { HistoryTable, JournalTables } from '../history-table.js'
import { isFailure } from '../failure.js'
import type { Session } from '../session.js'
import { lookAtLocked, refuseNonTransactional } from './locks.js'
import { lookAgain } from './trust.js'

/** What is said of such a server before anything is written there. */
export function clusterWarning(cluster: Cluster): string {
  return `this server is one of several of ${cluster} that take writes: the lock of this history holds on this one only, an edit excludes edits of the others when it is committed, and the counter of the ids is this server's own and is not put back`
}

/**
 * A server that applies the writes of others while a session works. LOCK TABLES stops that applier, and with it the writes of the whole
 * cluster, until the server is killed (MariaDB manual, Galera limitations; MySQL manual, Group Replication, Limitations: certification knows of no
 * table lock). An edit is a transaction instead: one row of the journal is rewritten by each, so that of two edits on two nodes one fails as a
 * whole when it is certified, and is tried again.
 */
export function clustered(dialect: Dialect, cluster: Cluster): Dialect {
  return {
    ...dialect,
    ...(cluster === 'Galera' ? {} : unordered(dialect)),
    capabilities: { ...dialect.capabilities, sessionLocks: 'one-node', tableLocks: false, counters: false },

    async connect(spec, options) {
      const session = await dialect.connect(spec, options)
      try {
        await readCausally(session, cluster)
        return session
      } catch (error) {
        await session.close()
        throw error
      }
    },

    // Each node gives ids in steps of its own (auto_increment_increment), from a counter of its own.
    async readSequence() {
      return null
    },

    async readHistory(session, table, first = []) {
      await session.askAll(first)
      return { rows: await dialect.readRows(session, table), sequence: null }
    },

    async tryBeginEdit(session, table, journal) {
      try {
        await begin(session, table, journal)
        // Local sessions wait at these rows and at the end of the table; a row that another node writes there aborts this transaction.
        await session.rows(`SELECT id FROM ${table.sql} FOR UPDATE`)
        const search = await lookAtLocked(session, table)
        if (table.stranger) await holdStill(session, journal)
        return search
      } catch (error) {
        await session.run('ROLLBACK').catch(() => {})
        if (isFailure(error, 'busy')) return null
        throw error
      }
    },

    async proveTableLock() {
      // An edit takes rows here.
    },

    async beginJournaling(session, table, journal) {
      await refuseNonTransactional(session, table)
      await begin(session, table, journal)
    },

    async endEdit() {
      // COMMIT has given everything back.
    },

    async rollbackEdit(session) {
      await session.run('ROLLBACK')
    },
  }
}

/**
 * What was committed on another node before this moment is seen (MariaDB manual, wsrep_sync_wait: reads 1, changes 2 and 4; MySQL manual,
 * group_replication_consistency).
 */
export async function readCausally(session: Session, cluster: Cluster): Promise<void> {
  await session.run(cluster === 'Galera' ? 'SET SESSION wsrep_sync_wait = 7' : "SET SESSION group_replication_consistency = 'BEFORE'")
}

/**
 * DDL of two members on the same table at once is not ordered, and a member on which it fails the second time leaves the group (MySQL manual,
 * Group Replication, Limitations). `CREATE TABLE IF NOT EXISTS` fails nowhere; what alters side tables of an older version does.
 */
function unordered(dialect: Dialect): Pick<Dialect, 'indexJournal' | 'widenJournal'> {
  return {
    async indexJournal() {
      // Every question is answered without them, only later.
    },
    async widenJournal(_session, journal) {
      const ddl = [dialect.wideDdl(journal)]
      throw new MigstateError(
        'table-unfit',
        "The history has more columns than Django's table, and migstate's side tables, which an older version has made, have no place for them; in a group with several primaries they are not altered beneath others.",
        { hint: `While no other migstate runs, on one of its servers:\n${ddl[0]};`, details: { ddl } },
      )
    },
  }
}

/** The first row of the journal's events carries nothing: it is there to be written by every edit. The id 0 is given to no other (NO_AUTO_VALUE_ON_ZERO). */
async function begin(session: Session, table: HistoryTable, journal: JournalTables): Promise<void> {
  await session.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await session.run('START TRANSACTION')
  await session.run(
    `INSERT INTO ${journal.event} (seq, operation, history_table, at, event, detail) VALUES (0, NULL, ?, ?, 'sentinel', CONCAT('"', UUID(), '"'))
       ON DUPLICATE KEY UPDATE at = VALUES(at), detail = VALUES(detail)`,
    [table.name, new Date().toISOString()],
  )
}

/** Tables that this transaction has used cannot be altered beneath it, nor can their triggers. */
async function holdStill(session: Session, { operation, snapshotRow }: JournalTables): Promise<void> {
  for (const side of [operation, snapshotRow]) await session.rows(`SELECT 1 AS there FROM ${side} LIMIT 0`)
  await lookAgain(session)
}
