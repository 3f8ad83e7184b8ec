import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { type Engine, engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'

/** What the table, or another one that hangs on it, says to rows that go, come and come back. */
let database: TestDatabase
let project: FakeProject
const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: project.folder, env: { MIGSTATE_URL: database.url } })
const sql = async (...statements: string[]) => {
  for (const statement of statements) await database.query(statement)
}
const rerun = () => run('rerun', 'shop.0002', '--force', '--yes', ...project.manage('record'))

async function refused(argv: string[], code: string, word: RegExp): Promise<void> {
  const before = await fingerprint(database)
  const done = await run(...argv)
  expect([done.exitCode, done.json.error?.code], argv.join(' ') + done.stdout).toEqual([4, code])
  expect(done.json.error.message).toMatch(word)
  expect((await fingerprint(database)).rows).toEqual(before.rows)
}

async function livedWith(): Promise<void> {
  const before = (await fingerprint(database)).rows
  for (const argv of [
    ['mark', 'applied', 'blog', '0002_x', '--no-files'],
    ['mark', 'unapplied', 'blog.0001'],
  ])
    for (const words of [argv, ['rollback']]) {
      const done = await run(...words, '--yes')
      expect(done.exitCode, done.stdout).toBe(0)
    }
  expect((await fingerprint(database)).rows).toEqual(before)
  const ran = await rerun()
  expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
}

const onEngine = (engine: Engine) => describe.runIf(engines.includes(engine))

describe.each(engines)('%s', (engine) => {
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })

  it.each(['CASCADE', 'SET NULL'])('rows of another table follow (ON DELETE %s): no row that they hang on is deleted, by name; others are', async (action) => {
    const id = engine === 'postgresql' ? 'serial' : engine === 'sqlite' ? 'integer' : 'integer AUTO_INCREMENT'
    await sql(
      `CREATE TABLE audit (n ${id} PRIMARY KEY, migration bigint, FOREIGN KEY (migration) REFERENCES django_migrations (id) ON DELETE ${action})`,
      "INSERT INTO audit (migration) SELECT id FROM django_migrations WHERE app <> 'blog'",
    )
    const audit = () => database.query('SELECT n, migration FROM audit ORDER BY n')
    const before = await audit()
    for (const more of ['--dry-run', '--yes']) await refused(['mark', 'unapplied', 'reports.0001', more], 'table-unfit', /audit/)
    await refused(['rerun', 'shop.0002', '--force', '--yes', ...project.manage('record')], 'table-unfit', /audit/)
    for (const argv of [['mark', 'unapplied', 'blog.0001'], ['rollback'], ['mark', 'applied', 'blog', '0002_x', '--no-files'], ['rollback']])
      expect((await run(...argv, '--yes')).exitCode, argv.join(' ')).toBe(0)
    expect(await audit()).toEqual(before)
  })

  it('rows of another table hold them (ON DELETE NO ACTION): a run is refused with no row taken out', async () => {
    await sql(
      'CREATE TABLE audit (n integer PRIMARY KEY, migration bigint, FOREIGN KEY (migration) REFERENCES django_migrations (id))',
      'INSERT INTO audit SELECT id, id FROM django_migrations',
    )
    await refused(['rerun', 'shop.0002', '--force', '--yes', ...project.manage('record')], 'table-unfit', /foreign key/i)
    const marked = await run('mark', 'unapplied', 'blog.0001', '--yes')
    expect([marked.exitCode, marked.json.error?.consequence], marked.stdout).toEqual([1, 'rolled-back'])
  })

  it.runIf(engine === 'postgresql' || engine === 'sqlite')('a trigger that swallows new rows: by name', async () => {
    if (engine === 'sqlite') await sql('CREATE TRIGGER no BEFORE INSERT ON django_migrations BEGIN SELECT RAISE(IGNORE); END')
    else
      await sql(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        'CREATE TRIGGER swallow BEFORE INSERT ON django_migrations FOR EACH ROW EXECUTE FUNCTION swallow()',
      )
    await refused(['mark', 'applied', 'blog', '0002_x', '--no-files', '--yes'], 'table-unfit', /swallows/)
    await refused(['rerun', 'shop.0002', '--force', '--yes', ...project.manage('record')], 'table-unfit', /swallows/)
  })
})

onEngine('postgresql')('postgresql', () => {
  beforeEach(async () => {
    database = await freshDatabase('postgresql')
    project = await fakeProject(database)
  })

  it('a constraint that says no only at the COMMIT: a run is refused with no row taken out', async () => {
    await sql(
      "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not this one''; END'",
      'CREATE CONSTRAINT TRIGGER no AFTER INSERT ON django_migrations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()',
    )
    await refused(['rerun', 'shop.0002', '--force', '--yes', ...project.manage('record')], 'table-unfit', /not this one/)
  })

  it('a rule that keeps rows: a run is refused with no row taken out', async () => {
    await sql('CREATE RULE kept AS ON DELETE TO django_migrations DO INSTEAD NOTHING')
    await refused(['rerun', 'shop.0002', '--force', '--yes', ...project.manage('record')], 'table-unfit', /trigger or a rule/)
  })

  it('names of a fixed length, which get blanks: refused by name', async () => {
    await sql('ALTER TABLE django_migrations ALTER app TYPE char(255), ALTER name TYPE char(255)')
    for (const more of ['--dry-run', '--yes']) await refused(['mark', 'applied', 'blog', '0002_x', '--no-files', more], 'table-unfit', /character\(255\)/)
  })
})

for (const engine of ['mysql', 'mariadb'] as const)
  onEngine(engine)(`tables of ${engine}`, () => {
    beforeEach(async () => {
      database = await freshDatabase(engine)
      project = await fakeProject(database)
    })

    it('partitions, and names of a fixed length: lived with', async () => {
      await sql('ALTER TABLE django_migrations MODIFY app char(255) NOT NULL', 'ALTER TABLE django_migrations PARTITION BY HASH (id) PARTITIONS 4')
      await livedWith()
    })

    it.runIf(engine === 'mariadb')('system versioning, or a default that draws from a sequence: refused by name', async () => {
      await sql('ALTER TABLE django_migrations ADD SYSTEM VERSIONING')
      await refused(['mark', 'unapplied', 'blog.0001', '--yes'], 'table-unfit', /system versioned/)
      await sql(
        'ALTER TABLE django_migrations DROP SYSTEM VERSIONING',
        'CREATE SEQUENCE ids START WITH 7',
        'ALTER TABLE django_migrations MODIFY id bigint NOT NULL DEFAULT nextval(ids)',
      )
      for (const more of ['--dry-run', '--yes']) await refused(['mark', 'unapplied', 'blog.0001', more], 'table-unfit', /sequence/)
    })
  })
