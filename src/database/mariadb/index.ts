import { describeThread, mysqlDialect } from '../mysql/index.js'

/** METADATA_LOCK_INFO exists only where the plugin is installed (MariaDB manual); without it the holder stays unknown. */
export const mariadb = mysqlDialect('mariadb', async (session, table) => {
  const [holder] = await session
    .rows<{
      id: string
    }>(
      'SELECT THREAD_ID AS id FROM information_schema.METADATA_LOCK_INFO WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND THREAD_ID <> CONNECTION_ID() LIMIT 1',
      [table.name],
    )
    .catch(() => [])
  return holder ? describeThread(session, String(holder.id)) : null
})
