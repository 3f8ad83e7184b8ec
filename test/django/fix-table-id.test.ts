import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, recommendedOf } from '../support/broken-shop.js'
import { built, migstate } from '../support/cli.js'
import { type Engine, engines } from '../support/databases.js'
import { oneDjango } from '../support/django.js'
import { counterOf } from '../support/history-table.js'
import { roleUrl } from '../support/roles.js'

const copied = (engine: Engine, extra = '') => [
  `CREATE TABLE copied AS SELECT *${extra} FROM django_migrations`,
  'DROP TABLE django_migrations',
  engine === 'sqlite' || engine === 'postgresql' ? 'ALTER TABLE copied RENAME TO django_migrations' : 'RENAME TABLE copied TO django_migrations',
]

const rowsOf = async ({ database }: BrokenShop) =>
  database.query('SELECT id, app, name, CAST(applied AS CHAR(40)) AS applied FROM django_migrations ORDER BY id')

/** A history that was copied without its key (CREATE TABLE AS SELECT, a converter) gives new rows no ids. */
async function copiedShop(engine: Engine): Promise<BrokenShop> {
  const shop = await brokenShop(engine)
  for (const statement of copied(engine)) await shop.database.query(statement)
  return shop
}

const TRANSACTIONAL: Engine[] = engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql')

describe.runIf(oneDjango).each(TRANSACTIONAL)('repair --fix-table of a column "id" that fills itself no more, %s', (engine) => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await copiedShop(engine)
  })
  afterEach(() => it_.end())

  const highest = async () => Number((await it_.database.query('SELECT max(id) AS n FROM django_migrations'))[0]?.n)

  it('makes the column fill itself, keeps every row, is in the journal, and Django is content', async () => {
    const { run, doctor, djangoIsContent, database, shop } = it_
    const before = await rowsOf(it_)
    const [found, ...more] = await doctor()
    expect([found?.code, more]).toEqual(['id-default-missing', []])
    expect(recommendedOf([found as never])).toEqual(['migstate repair --fix-table'])
    const refused = await run('repair', found?.id as string, '--yes', '--json')
    expect([refused.json.error.code, refused.json.error.hint]).toEqual(['not-repairable', expect.stringContaining('migstate repair --fix-table')])
    expect((await run('repair', '--all', '--yes', '--json')).json.result.operation).toBeNull()
    const wanted = { before: null, after: String((await highest()) + 1) }
    const dry = await run('repair', '--fix-table', '--dry-run', '--json')
    expect([dry.json.result.counter, dry.json.result.left, codesOf(await doctor())]).toEqual([wanted, [], ['id-default-missing']])
    const done = await run('repair', '--fix-table', '--yes', '--json')
    expect([done.exitCode, done.json.result.counter, done.json.result.left], done.stdout + done.stderr).toEqual([0, wanted, []])
    expect(done.json.result.repaired.map(({ code }: { code: string }) => code)).toEqual(['id-default-missing'])
    expect(await rowsOf(it_)).toEqual(before)
    expect(await counterOf(database)).toBe(wanted.after)
    await djangoIsContent()
    const { operation } = done.json.result
    const events = (await run('history', operation.id, '--json')).json.result.operation.events
    expect(JSON.stringify(events)).toContain('fills itself again')
    expect((await run('repair', '--fix-table', '--yes', '--json')).json.result.operation).toBeNull()
    // No undo makes the table one again that cannot record a migration.
    expect((await run('rollback', operation.id, '--yes')).exitCode).toBe(0)
    await it_.forget('reports.0001_initial')
    expect(await shop.manage('migrate', '--fake', 'reports', '0001')).toMatchObject({ exitCode: 0 })
    expect(await highest()).toBe(Number(wanted.after))
    await djangoIsContent()
  })

  it('a row that is missing, and the column that kept it from being recorded, are one operation; the undo takes the row alone', async () => {
    const { run, doctor, forget, names, djangoIsContent } = it_
    await forget('reports.0001_initial')
    const before = await names()
    const next = (await highest()) + 1
    const found = await doctor()
    expect(codesOf(found).sort()).toEqual(['id-default-missing', 'present-unrecorded reports 0001_initial'])
    const present = found.find(({ code }) => code === 'present-unrecorded')?.id as string
    expect((await run('repair', present, '--yes', '--json')).json.error.code).toBe('id-default-missing')
    const done = await run('repair', ...found.map(({ id }) => id), '--fix-table', '--yes', '--json')
    expect([done.exitCode, done.json.result.changes.added.map(({ id }: { id: string }) => id)], done.stdout + done.stderr).toEqual([0, [String(next)]])
    await djangoIsContent()
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await names()).toEqual(before)
    expect(codesOf(await doctor())).toEqual(['present-unrecorded reports 0001_initial'])
  })

  it('rows that share an id, or have none, are put in order first: nothing is changed', async () => {
    const { run, doctor, database } = it_
    for (const damage of ['UPDATE django_migrations SET id = 1 WHERE id = 2', 'UPDATE django_migrations SET id = NULL WHERE id = 3']) {
      await database.query(damage)
      const before = await rowsOf(it_)
      const refused = await run('repair', '--fix-table', '--yes', '--json')
      expect([refused.exitCode, refused.json.error.code, refused.json.error.message]).toEqual([4, 'not-repairable', expect.stringContaining('a row has no id')])
      expect(await rowsOf(it_)).toEqual(before)
      const found = (await doctor()).filter(({ code }) => code === 'id-default-missing')
      expect(found.flatMap(({ repairs }) => repairs.map(({ command }) => command)).join(' ')).not.toContain('--fix-table')
    }
  })

  it.each(['table-mended', 'before-commit'])('killed at %s: nothing has happened', async (point) => {
    const { run, shop, doctor } = it_
    const before = await rowsOf(it_)
    await built(['repair', '--fix-table', '--yes'], { cwd: shop.folder, env: { ...shop.env, MIGSTATE_FAILPOINT: point } })
    expect([await rowsOf(it_), codesOf(await doctor())]).toEqual([before, ['id-default-missing']])
    expect((await run('repair', '--fix-table', '--yes')).exitCode).toBe(0)
    await it_.djangoIsContent()
  })

  it('the statements of --sql make the same column', async () => {
    const { run, database, djangoIsContent } = it_
    const printed = await run('repair', '--fix-table', '--sql', '--json')
    expect(printed.json.result.operation).toBeNull()
    const sql = printed.json.result.sql.join('\n')
    // On one connection: SQLite's are a transaction of their own.
    if (database.file === undefined) for (const statement of sql.split(/;\s*/).filter(Boolean)) await database.query(statement)
    else new (await import('better-sqlite3')).default(database.file).exec(sql).close()
    await djangoIsContent()
  })
})

describe.runIf(oneDjango && engines.includes('sqlite'))('what hangs on the table is not lost', () => {
  it.each([
    ['an index', 'CREATE INDEX own ON django_migrations (app)'],
    ['a trigger', 'CREATE TRIGGER own AFTER INSERT ON django_migrations BEGIN SELECT 1; END'],
    ['a view', 'CREATE VIEW own AS SELECT app FROM django_migrations'],
    ['a foreign key', 'CREATE TABLE own (migration integer REFERENCES django_migrations (id))'],
  ])('%s', async (_what, statement) => {
    const it_ = await copiedShop('sqlite')
    await it_.database.query(statement)
    const refused = await it_.run('repair', '--fix-table', '--yes', '--json')
    expect([refused.exitCode, refused.json.error.code, refused.json.error.message]).toEqual([
      4,
      'not-repairable',
      expect.stringContaining(' own hangs on the table'),
    ])
    expect(await it_.database.query("SELECT count(*) AS n FROM sqlite_master WHERE name = 'own'")).toEqual([{ n: '1' }])
    await it_.end()
  })
})

describe.runIf(oneDjango && engines.includes('sqlite'))('rules of its own are not lost', () => {
  it.each([
    ['a UNIQUE', 'CREATE TABLE copied (id bigint, app text, name text, applied text, UNIQUE (app, name))'],
    ['a CHECK', "CREATE TABLE copied (id bigint, app text CHECK (app <> ''), name text, applied text)"],
    ['a DEFAULT', "CREATE TABLE copied (id bigint, app text, name text, applied text DEFAULT '2024-01-01')"],
    ['columns that Django does not know', 'CREATE TABLE copied (id bigint, app text, name text, applied text, more text AS (app) STORED)'],
  ])('%s', async (what, statement) => {
    const it_ = await brokenShop('sqlite')
    await it_.database.query(statement)
    for (const one of ['INSERT INTO copied (id, app, name, applied) SELECT id, app, name, applied FROM django_migrations', ...copied('sqlite').slice(1)])
      await it_.database.query(one)
    const before = await rowsOf(it_)
    const refused = await it_.run('repair', '--fix-table', '--yes', '--json')
    expect([refused.exitCode, refused.json.error.code, refused.json.error.message]).toEqual([4, 'not-repairable', expect.stringContaining(what)])
    const [found] = (await it_.doctor()).filter(({ code }) => code === 'id-default-missing')
    expect(recommendedOf([found as never]).join()).not.toContain('--fix-table')
    expect(await rowsOf(it_)).toEqual(before)
    await it_.end()
  })
})

describe.runIf(oneDjango && engines.includes('postgresql'))('by another role than the owner', () => {
  it('the statement is for the owner', async () => {
    const it_ = await copiedShop('postgresql')
    const url = await roleUrl(it_.database)
    const before = await fingerprintOf(it_)
    const refused = await migstate(['repair', '--fix-table', '--yes', '--json', '--url', url], { cwd: it_.shop.folder, env: it_.shop.env })
    expect([refused.exitCode, refused.json.error.code, refused.json.error.hint]).toEqual([1, 'missing-rights', expect.stringContaining('ALTER TABLE')])
    expect(await fingerprintOf(it_)).toEqual(before)
    it_.shop.remove()
  })
})

describe.runIf(oneDjango).each(engines.filter((engine) => !TRANSACTIONAL.includes(engine)))('%s', (engine) => {
  it('ALTER TABLE commits by itself there: the statement is for a person', async () => {
    const it_ = await copiedShop(engine)
    const [found] = (await it_.doctor()).filter(({ code }) => code === 'id-default-missing')
    expect(recommendedOf([found as never])).toEqual([expect.stringMatching(/^ALTER TABLE .* AUTO_INCREMENT PRIMARY KEY;$/)])
    const refused = await it_.run('repair', '--fix-table', '--yes', '--json')
    expect([refused.exitCode, refused.json.error.code, refused.json.error.hint]).toEqual([4, 'not-repairable', expect.stringContaining('AUTO_INCREMENT')])
    for (const command of recommendedOf([found as never])) await it_.database.query(command)
    await it_.djangoIsContent()
    await it_.end()
  })
})

const fingerprintOf = async (it_: BrokenShop) => [
  await rowsOf(it_),
  await it_.database.query("SELECT is_nullable, is_identity FROM information_schema.columns WHERE table_name = 'django_migrations' AND column_name = 'id'"),
]
