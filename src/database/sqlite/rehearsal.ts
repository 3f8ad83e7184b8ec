import type { RehearsalSql } from '../rehearsal.js'
import { fileCheck } from './shadow.js'

export function rehearsal(file: string): RehearsalSql {
  return {
    checks: [fileCheck(file)],
    before: [],
    inside: [],
    // The schema editor of Django checks foreign keys itself there.
    deferred: [],
    touched: null,
    resolve: null,
    tables: "SELECT name FROM sqlite_master WHERE type = 'table'",
    related:
      "SELECT f.\"table\", m.name FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND (f.on_delete NOT IN ('NO ACTION', 'RESTRICT') OR f.on_update NOT IN ('NO ACTION', 'RESTRICT')) UNION ALL SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'",
    primaryKey: 'SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk',
    reading: [],
    // It is in the same process.
    rowDigest: null,
    temporary: `SELECT 'DROP ' || type || ' temp."' || replace(name, '"', '""') || '"' FROM sqlite_temp_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
    wholeSeconds: "SELECT count(*) FROM pragma_table_info(?) WHERE type LIKE '%time%'",
    counters: null,
    loose: null,
    ddlCommits: false,
    failureAborts: false,
    busyCodes: ['database is locked', 'database table is locked'],
    apartTexts: ['from within a transaction'],
  }
}
