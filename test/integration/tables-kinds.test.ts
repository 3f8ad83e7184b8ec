import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { type Engine, engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { promisedExit } from '../support/contract.js'
import { createHistoryTable, insertLikeDjango, record } from '../support/history-table.js'
import { whenTestEnds } from '../support/endings.js'

const ROWS: [string, string][] = [
  ['shop', '0001_a'],
  ['shop', '0002_b'],
  ['blog', '0001_c'],
]

/** Every odd kind of table is lived with exactly, or refused by name before anything is written. */
let database: TestDatabase
const run = (...argv: string[]) => migstate([...argv, '--url', database.url, '--no-files', '--json'])
const write = async (...argv: string[]) => {
  const done = await run(...argv, '--yes')
  expect(done.exitCode, done.stdout + done.stderr).toBe(0)
  return done.json
}
const rows = (of = 'django_migrations') => database.query(`SELECT id, app, name, applied FROM ${of} ORDER BY id, app, name`)
const sql = async (...statements: string[]) => {
  for (const statement of statements) await database.query(statement)
}

/** Marks, undoes, restores: all of it exact. */
async function isLivedWith(): Promise<void> {
  const before = await rows()
  const { result } = await write('mark', 'unapplied', 'shop', '0001_a', '0002_b')
  expect(await rows()).toHaveLength(1)
  await write('rollback')
  expect(await rows()).toEqual(before)
  await write('mark', 'applied', 'shop', '0003_new')
  await write('rollback')
  expect(await rows()).toEqual(before)
  await write('mark', 'unapplied', 'blog', '0001_c')
  await write('snapshot', 'restore', result.operation.snapshot)
  expect(await rows()).toEqual(before)
  await insertLikeDjango(database)
}

async function isRefused(
  code: string,
  word: RegExp,
  commands: string[][] = [
    ['mark', 'unapplied', 'shop', '0001_a'],
    ['mark', 'applied', 'shop', '0009_x'],
  ],
): Promise<void> {
  const before = await rows()
  for (const command of commands)
    for (const more of command[0] === 'status' || command[1] === 'create' ? [[]] : [['--dry-run'], ['--yes']]) {
      const done = await run(...command, ...more)
      expect([done.exitCode, done.json.error?.code], done.stdout + done.stderr).toEqual([promisedExit(code), code])
      expect(done.json.error.message).toMatch(word)
      expect(done.json.error.consequence).toBe('nothing')
    }
  expect(await rows()).toEqual(before)
}

const onEngine = (engine: Engine) => describe.runIf(engines.includes(engine))

describe.each(engines)('odd tables, %s', (engine) => {
  beforeEach(async () => {
    database = await freshDatabase(engine)
  })

  it('a view: refused by name, for reading too', async () => {
    await createHistoryTable(database, undefined, 'kept_migrations')
    await sql('CREATE VIEW django_migrations AS SELECT * FROM kept_migrations')
    await isRefused('table-unfit', /is a view/, [['status'], ['mark', 'applied', 'shop', '0001_a']])
  })

  it('unique (app, name): lived with', async () => {
    await createHistoryTable(database)
    await sql('CREATE UNIQUE INDEX once ON django_migrations (app, name)')
    await record(database, ROWS)
    await isLivedWith()
  })

  it('a trigger that writes elsewhere: lived with', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    await sql('CREATE TABLE audit (what varchar(20))')
    await audit(engine)
    await isLivedWith()
    expect((await database.query('SELECT count(*) AS n FROM audit'))[0]?.n).not.toBe('0')
  })

  it('a trigger that changes the row: found before the commit, and nothing stays', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    await rewriting(engine)
    const before = await rows()
    const done = await run('mark', 'applied', 'shop', '0009_x', '--yes')
    expect([done.exitCode, done.json.error?.consequence], done.stdout).toEqual([1, 'rolled-back'])
    expect(done.json.error.message).toMatch(/trigger/)
    expect(await rows()).toEqual(before)
  })
})

async function audit(engine: Engine): Promise<void> {
  if (engine === 'postgresql')
    await sql(
      'CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit VALUES (TG_OP); RETURN NULL; END $$',
      'CREATE TRIGGER note AFTER INSERT OR DELETE ON django_migrations FOR EACH ROW EXECUTE FUNCTION note()',
    )
  else
    await sql(
      `CREATE TRIGGER note AFTER DELETE ON django_migrations FOR EACH ROW ${engine === 'sqlite' ? "BEGIN INSERT INTO audit VALUES ('gone'); END" : "INSERT INTO audit VALUES ('gone')"}`,
    )
}

async function rewriting(engine: Engine): Promise<void> {
  if (engine === 'postgresql')
    await sql(
      'CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$',
      'CREATE TRIGGER tidy BEFORE INSERT ON django_migrations FOR EACH ROW EXECUTE FUNCTION tidy()',
    )
  else if (engine === 'sqlite')
    await sql('CREATE TRIGGER tidy AFTER INSERT ON django_migrations BEGIN UPDATE django_migrations SET name = upper(name) WHERE id = NEW.id; END')
  else await sql('CREATE TRIGGER tidy BEFORE INSERT ON django_migrations FOR EACH ROW SET NEW.name = upper(NEW.name)')
}

onEngine('postgresql')('odd tables of PostgreSQL', () => {
  beforeEach(async () => {
    database = await freshDatabase('postgresql')
  })

  const id = 'bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY'
  const more = 'app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz NOT NULL'

  it('GENERATED ALWAYS AS IDENTITY: lived with', async () => {
    await sql(`CREATE TABLE django_migrations (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, ${more})`)
    await record(database, ROWS)
    await isLivedWith()
  })

  it('partitioned: lived with', async () => {
    await sql(
      `CREATE TABLE django_migrations (id bigserial NOT NULL, ${more}, PRIMARY KEY (id, app)) PARTITION BY LIST (app)`,
      "CREATE TABLE of_shop PARTITION OF django_migrations FOR VALUES IN ('shop')",
      'CREATE TABLE of_others PARTITION OF django_migrations DEFAULT',
    )
    await record(database, ROWS)
    await isLivedWith()
  })

  it('a table that others inherit from: refused by name', async () => {
    await sql(`CREATE TABLE django_migrations (id ${id} PRIMARY KEY, ${more})`, 'CREATE TABLE older_migrations () INHERITS (django_migrations)')
    await record(database, ROWS)
    await isRefused('table-unfit', /older_migrations inherits from it/)
    expect((await run('status')).json.warnings).toMatchObject([{ code: 'table-unfit' }])
  })

  it('a materialized view and a foreign table: refused by name', async () => {
    await createHistoryTable(database, undefined, 'kept_migrations')
    await sql('CREATE MATERIALIZED VIEW django_migrations AS SELECT * FROM kept_migrations')
    await isRefused('table-unfit', /is a materialized view/, [['status'], ['mark', 'applied', 'shop', '0001_a']])
    const url = new URL(database.url)
    await sql('DROP MATERIALIZED VIEW django_migrations', 'CREATE EXTENSION IF NOT EXISTS postgres_fdw').catch(() => {})
    const [there] = await database.query("SELECT count(*) AS n FROM pg_extension WHERE extname = 'postgres_fdw'")
    if (there?.n === '0') return
    await sql(
      `CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${url.hostname}', port '${url.port}', dbname '${url.pathname.slice(1)}')`,
      'CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere',
      `CREATE FOREIGN TABLE django_migrations (id bigint, ${more}) SERVER elsewhere OPTIONS (table_name 'kept_migrations')`,
    )
    const done = await run('mark', 'applied', 'shop', '0001_a', '--yes')
    expect([done.json.error?.code, done.json.error?.message], done.stdout).toEqual(['table-unfit', expect.stringContaining('is a foreign table')])
  })

  it('row-level security that hides rows from this role: refused by name', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    const role = `r${Math.random().toString(36).slice(2, 10)}`
    await sql(
      `CREATE ROLE ${role} LOGIN`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON django_migrations TO ${role}`,
      `GRANT USAGE, CREATE ON SCHEMA public TO ${role}`,
      "CREATE POLICY shop_only ON django_migrations USING (app = 'shop')",
      'ALTER TABLE django_migrations ENABLE ROW LEVEL SECURITY',
    )
    whenTestEnds(async () => void (await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`).catch(() => {})))
    const own = database.url
    const url = new URL(own)
    url.username = role
    database = { ...database, url: url.href }
    await isRefused('missing-rights', /has row-level security, which hides rows/, [['status'], ['mark', 'unapplied', 'shop', '0001_a']])
    // Its owner sees all of it.
    database = { ...database, url: own }
    await isLivedWith()
  })

  it('a counter that another table uses too: a restore does not move it, and says so', async () => {
    await createHistoryTable(database, 'serial', 'dm')
    await sql('CREATE TABLE dm_copy (LIKE dm INCLUDING ALL)')
    const insert = (name: string) => sql(`INSERT INTO dm (app, name, applied) VALUES ('x', '${name}', now())`)
    await insert('n1')
    await insert('n2')
    await sql('INSERT INTO dm_copy SELECT * FROM dm')
    const { result } = await write('snapshot', 'create', '--table', 'dm_copy')
    for (const name of ['n3', 'n4', 'n5']) await insert(name)
    await write('mark', 'applied', 'users', '0002', '--table', 'dm_copy')
    const counter = () => database.query('SELECT last_value, is_called FROM dm_id_seq')
    const before = await counter()
    for (const table of ['dm_copy', 'dm']) {
      const done = await write(
        'snapshot',
        'restore',
        (table === 'dm' ? await write('snapshot', 'create', '--table', table) : { result }).result.snapshot.id,
        '--table',
        table,
      )
      if (table === 'dm_copy') expect(done.warnings.map((one: { code: string }) => one.code)).toContain('shared-sequence')
    }
    expect(await counter()).toEqual(before)
    await insert('n6')
    // A sequence that nobody owns and this table alone uses is put back as ever.
    await sql('DROP TABLE dm_copy', 'ALTER SEQUENCE dm_id_seq OWNED BY NONE')
    const own = await write('snapshot', 'create', '--table', 'dm')
    const at = await counter()
    await write('mark', 'applied', 'users', '0003', '--table', 'dm')
    await write('snapshot', 'restore', own.result.snapshot.id, '--table', 'dm')
    const next = ([one]: { last_value?: unknown; is_called?: unknown }[]) => Number(one?.last_value) + (String(one?.is_called)[0] === 't' ? 1 : 0)
    expect(next(await counter())).toBe(next(at))
  })
})

for (const engine of ['mysql', 'mariadb'] as const)
  onEngine(engine)(`odd tables of ${engine}`, () => {
    it('an engine without transactions: refused by name, before anything', async () => {
      database = await freshDatabase(engine)
      await createHistoryTable(database)
      await sql('ALTER TABLE django_migrations ENGINE=MyISAM')
      await record(database, ROWS)
      await isRefused('non-transactional-table', /MyISAM/)
      expect((await run('status')).json.warnings).toMatchObject([{ code: 'non-transactional-table' }])
    })
  })

onEngine('sqlite')('odd tables of SQLite', () => {
  beforeEach(async () => {
    database = await freshDatabase('sqlite')
  })

  const more = 'app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied'

  it('INTEGER PRIMARY KEY without AUTOINCREMENT: lived with', async () => {
    await sql(`CREATE TABLE django_migrations (id integer PRIMARY KEY, ${more} datetime)`)
    await record(database, ROWS)
    await isLivedWith()
  })

  it('STRICT: lived with', async () => {
    await sql(
      'CREATE TABLE django_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, app TEXT NOT NULL, name TEXT NOT NULL, applied TEXT NOT NULL, n INTEGER, r REAL, b BLOB, x ANY) STRICT',
    )
    await record(database, ROWS)
    await sql("UPDATE django_migrations SET n = 9007199254740993, r = 5, b = x'00', x = '5'")
    const tell = () => database.query('SELECT typeof(n) || n AS n, typeof(r) || r AS r, quote(b) AS b, quote(x) AS x FROM django_migrations ORDER BY id')
    const before = await tell()
    await isLivedWith()
    expect((await tell()).slice(0, 3)).toEqual(before)
  })

  it('WITHOUT ROWID, and a key that is no number of its own: no new row, old ones go and come back', async () => {
    for (const key of [`id integer PRIMARY KEY, ${more} datetime) WITHOUT ROWID`, `id integer PRIMARY KEY DESC, ${more} datetime)`]) {
      await sql('DROP TABLE IF EXISTS django_migrations', `CREATE TABLE django_migrations (${key}`)
      for (const [index, [app, name]] of ROWS.entries())
        await sql(`INSERT INTO django_migrations VALUES (${index + 1}, '${app}', '${name}', '2024-01-01 10:00:00')`)
      await isRefused('id-default-missing', /fills itself no more/, [['mark', 'applied', 'shop', '0009_x']])
      const before = await rows()
      await write('mark', 'unapplied', 'shop', '0001_a')
      await write('rollback')
      expect(await rows()).toEqual(before)
    }
  })

  it('a virtual table: refused by name', async () => {
    await sql('CREATE VIRTUAL TABLE django_migrations USING fts5(id, app, name, applied)')
    await isRefused('table-unfit', /is a virtual table/, [['status'], ['mark', 'applied', 'shop', '0001_a']])
  })
})
