import type { HistoryTable } from '../history-table.js'
import type { RehearsalSql } from '../rehearsal.js'
import type { Session } from '../session.js'
import { identity } from './shadow.js'

const LABEL = "CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text ELSE n.nspname::text || '.' || c.relname::text END"
const NAME = "pg_catalog.quote_ident(n.nspname::text) || '.' || pg_catalog.quote_ident(c.relname::text)"

const ROW_TEXT = 'ROW(t.*)::pg_catalog.text'
/**
 * now() stands still in a transaction: a row that has it, and is written by both runs, would be another one for real. Where it was written by the
 * second run it is another version (xmin, ctid).
 */
const TIME = "(SELECT ':' || pg_catalog.rtrim(pg_catalog.to_char(pg_catalog.now(), 'SS.US'), '0'))"

export async function rehearsal(session: Session, history: HistoryTable, lockTimeout: number): Promise<RehearsalSql> {
  return {
    checks: await identity(session, history),
    before: [],
    inside: [
      // Others' commits in between would look like changes of the second run.
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
      `SET LOCAL lock_timeout = '${Math.ceil(lockTimeout * 1000)}ms'`,
    ],
    deferred: ['SET CONSTRAINTS ALL IMMEDIATE', 'SET CONSTRAINTS ALL DEFERRED'],
    touched: `SELECT ${NAME}, ${LABEL} FROM pg_catalog.pg_stat_xact_user_tables s JOIN pg_catalog.pg_class c ON c.oid = s.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0 AND c.relpersistence <> 't'`,
    resolve: `SELECT ${NAME}, ${LABEL} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid = pg_catalog.to_regclass(%s)`,
    tables: '',
    related: '',
    primaryKey:
      'SELECT a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = pg_catalog.to_regclass(%s) AND i.indisprimary ORDER BY a.attnum',
    // Also `float`s are exact then (before 12 they are not by default).
    reading: [
      "SET LOCAL DateStyle = 'ISO'",
      "SET LOCAL IntervalStyle = 'postgres'",
      "SET LOCAL TimeZone = 'UTC'",
      'SET LOCAL extra_float_digits = 3',
      "SET LOCAL bytea_output = 'hex'",
    ],
    rowDigest: {
      // A server of FIPS has none.
      probe: "SELECT pg_catalog.md5('')",
      row: `pg_catalog.md5(${ROW_TEXT} || CASE WHEN pg_catalog.strpos(${ROW_TEXT}, ${TIME}) > 0 THEN t.xmin::pg_catalog.text || t.ctid::pg_catalog.text ELSE '' END)`,
      columns: null,
      total: "coalesce(pg_catalog.sum((('x' || pg_catalog.left(d, 16))::bit(64)::bigint)::numeric), 0)",
    },
    temporary:
      "SELECT 'DISCARD TEMP' WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND c.relkind IN ('r', 'p', 'v', 'S'))",
    wholeSeconds: null,
    counters: "SELECT schemaname || '.' || sequencename, coalesce(last_value, 0) FROM pg_catalog.pg_sequences",
    loose: null,
    ddlCommits: false,
    failureAborts: true,
    // PostgreSQL, appendix A: serialization_failure, deadlock_detected, lock_not_available, query_canceled.
    busyCodes: ['40001', '40P01', '55P03', '57014'],
    apartTexts: ['cannot run inside a transaction block', 'cannot be executed from a function'],
  }
}
