import { expect, it } from 'vitest'
import { mysql } from '../../src/database/mysql/index.js'
import { postgresql } from '../../src/database/postgresql/index.js'
import { sqlite } from '../../src/database/sqlite/index.js'

/** Texts in SQL that is shown for somebody to run: one literal each, in every setting of the server. */
it.each([
  ["it's", "'it''s'", "'it''s'", "'it''s'"],
  ['a\\b', "CONVERT(x'615c62' USING utf8mb4)", "E'a\\\\b'", "'a\\b'"],
  ["\\'; --", "CONVERT(x'5c273b202d2d' USING utf8mb4)", "E'\\\\''; --'", "'\\''; --'"],
])('%j', (text, inMysql, inPostgresql, inSqlite) => {
  expect([mysql.textSql(text), postgresql.textSql(text), sqlite.textSql(text)]).toEqual([inMysql, inPostgresql, inSqlite])
})

it('a NUL, which PostgreSQL has in no text', () => {
  expect([mysql.textSql('a\0b'), sqlite.textSql('a\0b')]).toEqual(["CONVERT(x'610062' USING utf8mb4)", "CAST(x'610062' AS TEXT)"])
})
