import type { Dialect } from '../dialect.js'

/** TiDB's grammar has no START TRANSACTION with both (its manual, START TRANSACTION), and Vitess does not promise it. */
export function plain(dialect: Dialect): Dialect {
  return {
    ...dialect,
    capabilities: { ...dialect.capabilities, sessionLocks: 'one-node', tableLocks: false, counters: false },
    async reading(session, work) {
      await session.run('START TRANSACTION WITH CONSISTENT SNAPSHOT')
      try {
        return await work()
      } finally {
        await session.run('ROLLBACK').catch(() => {})
      }
    },
    async readSequence() {
      return null
    },

    async readHistory(session, table) {
      return { rows: await dialect.readRows(session, table), sequence: null }
    },
  }
}
