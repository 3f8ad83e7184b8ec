import { SHORT_WAIT } from '../dialect.js'
import { describeThread, mysqlDialect } from '../mysql/index.js'

export const mariadb = mysqlDialect({
  engine: 'mariadb',
  /** METADATA_LOCK_INFO exists only where the plugin is installed (MariaDB manual). */
  async tableLockHolder(session, table) {
    try {
      const [holder] = await session.rows<{ id: string }>(
        'SELECT THREAD_ID AS id FROM information_schema.METADATA_LOCK_INFO WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND THREAD_ID <> CONNECTION_ID() LIMIT 1',
        [table.name],
      )
      return holder ? await describeThread(session, String(holder.id)) : null
    } catch {
      return undefined
    }
  },
  async waitShortly(session, statement) {
    await session.run(`SET max_statement_time = ${SHORT_WAIT / 1000}`)
    try {
      await session.run(statement)
    } finally {
      await session.run('SET max_statement_time = 0').catch(() => {})
    }
  },
})
