import type { Unsupported } from '../server-facts.js'

/** What a server of another make says in version(). */
const OTHERS: readonly [RegExp, Unsupported & { plain?: true }][] = [
  [
    /CockroachDB/,
    { name: 'CockroachDB', reason: 'its session locks may succeed and lock nothing, tables cannot be locked, and its DDL does not roll back', plain: true },
  ],
  [/-YB-/, { name: 'YugabyteDB', reason: 'tables cannot be locked in every release, session locks may lock nothing, and its DDL does not roll back' }],
  [/Redshift/, { name: 'Amazon Redshift', reason: 'its locks are not proven', plain: true }],
  [/Materialize/, { name: 'Materialize', reason: 'its locks are not proven', plain: true }],
  [/Greenplum/, { name: 'Greenplum', reason: 'its locks are not proven' }],
]

const AURORA: Unsupported = { name: 'Amazon Aurora PostgreSQL', reason: 'its locks are not proven over a failover of its storage' }
const CITUS: Unsupported = { name: 'a Citus worker', reason: "Django's tables are those of the coordinator" }

export interface Make {
  unsupported: Unsupported | null
  /** It knows neither PostgreSQL's settings nor all of its catalogue: it is read with plain SQL. */
  plain: boolean
}

/**
 * @param build what version() says
 * @param marks of PostgreSQL's own code with parts of another maker in it
 */
export function makeOf(build: string, marks: { aurora: boolean; citusWorker: boolean } = { aurora: false, citusWorker: false }): Make {
  const other = OTHERS.find(([words]) => words.test(build))?.[1]
  if (other) return { unsupported: { name: other.name, reason: other.reason }, plain: other.plain === true }
  return { unsupported: marks.aurora ? AURORA : marks.citusWorker ? CITUS : null, plain: false }
}
