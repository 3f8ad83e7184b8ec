import { SHORT_WAIT } from '../dialect.js'
import { mysqlDialect } from '../mysql/index.js'

export const mariadb = mysqlDialect({
  engine: 'mariadb',
  logsTemporaries: "@@session.binlog_format <> 'ROW'",
  // METADATA_LOCK_INFO exists only where the plugin is installed (MariaDB manual).
  holders: (places) =>
    `SELECT DISTINCT THREAD_ID AS id FROM information_schema.METADATA_LOCK_INFO
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${places}) AND THREAD_ID <> CONNECTION_ID()`,
  async waitShortly(session, statement) {
    await session.run(`SET STATEMENT max_statement_time = ${SHORT_WAIT / 1000} FOR ${statement}`)
  },
})
