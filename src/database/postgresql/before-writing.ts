import { MigstateError } from '../../errors/index.js'
import type { Session } from '../session.js'
import type { PostgresqlSession } from './session.js'

/**
 * What makes every change unsafe here, looked at before the first one.
 * @throws MigstateError `pooler` `standby-missing`
 */
export async function refuseUnsafeServer(session: Session, purpose: 'change' | 'answer'): Promise<void> {
  if (await isPgpool(session))
    throw new MigstateError('pooler', 'pgpool-II stands between migstate and PostgreSQL: what is read there may come from a standby, and a lock need not hold.')
  if (purpose === 'change') await refuseWithoutStandby(session)
}

/** Only pgpool-II answers this; PostgreSQL knows no such setting. */
async function isPgpool(session: Session): Promise<boolean> {
  try {
    return (await (session as PostgresqlSession).toPooler('SHOW pool_version')).length > 0
  } catch {
    return false
  }
}

/** A COMMIT waits for ever for a standby that is not there, and holds the table meanwhile (manual 27.2.8). */
async function refuseWithoutStandby(session: Session): Promise<void> {
  const [found] = await session.rows<{ names: string; mode: string; live: string; hidden: string }>(
    `SELECT current_setting('synchronous_standby_names') AS names, current_setting('synchronous_commit') AS mode,
            (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))::text AS live,
            (SELECT count(*) FROM pg_stat_replication WHERE sync_state IS NULL)::text AS hidden`,
  )
  // An ordinary role sees that there are standbys, and not which of them are synchronous.
  if (!found?.names || ['off', 'local'].includes(found.mode) || found.live !== '0' || found.hidden !== '0') return
  throw new MigstateError('standby-missing', `A COMMIT would wait for a standby of synchronous_standby_names (${found.names}), and none is connected.`)
}
