import type { Cluster, Unsupported } from '../server-facts.js'
import type { Session } from '../session.js'

/** What a server says of itself beside its version. */
export interface Make {
  cluster: Cluster | null
  unsupported: Unsupported | null
  /** As it calls itself: `10.11.6-MariaDB-0+deb12u1`. */
  version: string
  /** read_only, which does not bind everybody. */
  readOnly: boolean
}

const ASKED = [
  'version',
  'version_comment',
  'read_only',
  'aurora_version',
  'wsrep_on',
  'wsrep_provider',
  'group_replication_single_primary_mode',
  'group_replication_consistency',
]

/** Each is recognised by words in its version or in the comment of its build. */
const OTHERS: readonly [RegExp, Unsupported][] = [
  [/TiDB/i, { name: 'TiDB', reason: 'LOCK TABLES locks nothing there, and IS_USED_LOCK does not tell who holds a lock' }],
  [/vitess|planetscale/i, { name: 'Vitess (PlanetScale)', reason: 'a lock there is one of a single shard, and transactions are ended after some seconds' }],
  [/singlestore|memsql/i, { name: 'SingleStore', reason: 'its locks are not proven' }],
  [/oceanbase/i, { name: 'OceanBase', reason: 'its locks are not proven' }],
]

const AURORA: Unsupported = { name: 'Amazon Aurora MySQL', reason: 'its locks are not proven over a failover of its storage' }

/** Before MySQL 8.0.14 there is no group_replication_consistency. */
const OLD_GROUP: Unsupported = {
  name: 'MySQL group replication with several primaries, before MySQL 8.0.14',
  reason: 'a server there does not wait for what others have committed, so a plan may be made of rows that are gone; with a single primary it works',
}

/** Asked once for each connection that is described. */
export async function makeOf(session: Session): Promise<Make> {
  const rows = await session.rows<{ Variable_name: string; Value: string }>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${ASKED.map((name) => `'${name}'`).join(', ')})`,
  )
  const said = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), String(row.Value)]))
  const build = `${said.get('version') ?? ''} ${said.get('version_comment') ?? ''}`
  const several = said.get('group_replication_single_primary_mode') === 'OFF'
  const old = several && !said.has('group_replication_consistency') ? OLD_GROUP : null
  const unsupported = OTHERS.find(([words]) => words.test(build))?.[1] ?? (said.has('aurora_version') ? AURORA : old)
  // Percona's builds have wsrep_on = ON also without a provider, and then are no cluster.
  const galera = said.get('wsrep_on') === 'ON' && !['', 'none'].includes(said.get('wsrep_provider') ?? '')
  const cluster = galera ? 'Galera' : several ? 'MySQL group replication' : null
  const readOnly = ['1', 'ON'].includes((said.get('read_only') ?? '').toUpperCase())
  return { unsupported, cluster: unsupported ? null : cluster, version: said.get('version') ?? '', readOnly }
}
