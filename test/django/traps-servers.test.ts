import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, migrationFile } from '../support/broken-shop.js'
import { start } from '../support/cli.js'
import { type Engine, engines } from '../support/databases.js'
import { djangos } from '../support/django.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { startPooler } from '../support/pooler.js'
import { dataMigration } from '../support/shadow-project.js'

const usable = (engine: Engine) => Object.keys(djangos).length > 0 && engines.includes(engine)

/** Traps that take a second session, another schema, another alias, or a server that commits by itself. */
describe.runIf(usable('postgresql'))('traps of sessions and schemas', () => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop('postgresql')
  })
  afterEach(() => it_.end())

  it('trap 5: while something long runs no row is missing for others, and a second deploy has nothing to do; killed, all is as before', async () => {
    const { shop, database, run } = it_
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('wait()\n    create("it ran")') })
    const before = await fingerprint(database)
    const go = gate()
    const running = start(['rerun', 'shop', '0003', '--yes', '--json'], { cwd: shop.folder, env: { ...shop.env, WAIT_FOR: go.file } })
    await go.reached()
    expect(await fingerprint(database)).toEqual(before)
    const deploy = await shop.manage('migrate')
    expect([deploy.exitCode, deploy.output]).toEqual([0, expect.stringContaining('No migrations to apply')])
    expect((await shop.manage('migrate', '--check')).exitCode).toBe(0)
    running.process.kill('SIGKILL')
    await running.done
    go.open()
    const recovered = await run('recover', '--yes', '--json', '--lock-timeout', '20')
    expect([recovered.exitCode, recovered.json.result?.operation?.status], recovered.stdout).toEqual([0, expect.stringMatching(/^(aborted|failed|done)$/)])
    const rows = (await fingerprint(database)).rows
    // Python may have come to its end after its parent was killed: then the time of this one row is a new one.
    const changed = rows.filter((row, index) => row !== before.rows[index])
    expect([rows.length, changed.every((row) => row.includes('|shop|0003_fill_slugs|'))]).toEqual([before.rows.length, true])
    expect((await shop.manage('migrate')).output).toContain('No migrations to apply')
  })

  it('trap 12: the table that was named is the only one that is read and written, wherever search_path of the role leads', async () => {
    const { shop, database, run, names } = it_
    await database.query('CREATE SCHEMA tenant; CREATE TABLE tenant.django_migrations (LIKE public.django_migrations INCLUDING ALL)')
    await database.query('CREATE SEQUENCE tenant.own OWNED BY tenant.django_migrations.id')
    await database.query("ALTER TABLE tenant.django_migrations ALTER COLUMN id DROP IDENTITY IF EXISTS, ALTER COLUMN id SET DEFAULT nextval('tenant.own')")
    const [{ name } = { name: '' }] = await database.query('SELECT current_database() AS name')
    const inTenant = async () => (await database.query('SELECT app, name FROM tenant.django_migrations')).map((row) => `${row.app}.${row.name}`)
    const before = await fingerprint(database)
    // The decoy comes first for every new session.
    await database.query(`ALTER DATABASE ${name} SET search_path = tenant, public`)
    expect((await run('mark', 'applied', 'shop.0001', '--yes')).exitCode).toBe(0)
    expect([await inTenant(), await database.query('SELECT count(*) AS n FROM public.django_migrations')]).toEqual([
      ['shop.0001_initial'],
      [{ n: String(before.rows.length) }],
    ])
    expect((await run('mark', 'unapplied', 'reports.0001', '--schema', 'public', '--yes')).exitCode).toBe(0)
    expect(await inTenant()).toEqual(['shop.0001_initial'])
    // Statements for a DBA do what they say in a session with any search_path.
    const sql = await run('repair', '--all', '--schema', 'public', '--sql')
    for (const statement of sql.stdout.split('\n').filter((line) => /^(DELETE|UPDATE|INSERT)/.test(line))) await database.query(statement)
    expect(await inTenant()).toEqual(['shop.0001_initial'])
    await database.query(`ALTER DATABASE ${name} SET search_path = public`)
    expect(await names()).toContain('reports.0001_initial')
    expect((await shop.manage('migrate', '--check')).exitCode).toBe(0)
    expect((await run('rollback', '--schema', 'tenant', '--yes')).exitCode).toBe(0)
    expect(await inTenant()).toEqual([])
  })

  it('trap 18: behind a pooler of transactions a lock of the session holds nothing: what takes several steps is refused before the first', async () => {
    const { shop, database, run } = it_
    const before = await fingerprint(database)
    const pooler = await startPooler(database.url)
    try {
      const refused = await run('rerun', 'shop.0003', '--yes', '--json', '--url', pooler.url)
      expect([refused.exitCode, refused.json.error?.code], refused.stdout).toEqual([4, 'pooler'])
      expect(await fingerprint(database)).toEqual(before)
      expect((await shop.manage('migrate', '--check')).exitCode).toBe(0)
    } finally {
      pooler.server.close()
    }
  })
})

describe.each((['mysql', 'mariadb'] as const).filter(usable))('traps of %s', (engine) => {
  it.each(['shadow', 'table'])('trap 18: a statement that commits what is open, and then a failure: the rows are exactly as before, %s mode', async (mode) => {
    const given = await brokenShop(engine)
    const { shop, database, run } = given
    try {
      shop.write({
        'shop/migrations/0003_fill_slugs.py': `from django.db import migrations


def forward(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("UPDATE shop_product SET slug = 'half'")
        cursor.execute("CREATE TABLE made_on_the_way (id integer)")
    raise ValueError("after it was committed")


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_product_slug")]
    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
`,
      })
      const before = await fingerprint(database)
      const failed = await run('rerun', 'shop.0003', '--mode', mode, '--yes', '--json')
      expect([failed.exitCode, failed.json.error?.code], failed.stdout).toEqual([7, 'manage-failed'])
      // The table is there: the server did commit.
      expect(
        await database.query("SELECT count(*) AS n FROM information_schema.tables WHERE table_name = 'made_on_the_way' AND table_schema = DATABASE()"),
      ).toEqual([{ n: '1' }])
      expect(await fingerprint(database)).toEqual(before)
      expect((await shop.manage('migrate')).output).toContain('No migrations to apply')
    } finally {
      await given.end()
    }
  })
})

describe.runIf(usable('sqlite'))('traps of one file and several aliases', () => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop()
  })
  afterEach(() => it_.end())

  it('trap 18: another session writes to the file: exit 5 in time, and nothing is changed', async () => {
    const { database, run } = it_
    const before = await fingerprint(database)
    const { default: Sqlite } = await import('better-sqlite3')
    const other = new Sqlite(database.file as string)
    other.exec('BEGIN IMMEDIATE')
    try {
      const refused = await run('mark', 'unapplied', 'reports.0001', '--yes', '--json', '--lock-timeout', '1')
      expect([refused.exitCode, refused.json.error?.code], refused.stdout).toEqual([5, 'lock-timeout'])
    } finally {
      other.exec('ROLLBACK')
      other.close()
    }
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('mark', 'unapplied', 'reports.0001', '--yes')).exitCode).toBe(0)
  })

  it('trap 16: rows without tables are right on another alias, and of models that are proxies, not managed, or have a table of another name', async () => {
    const { shop, run, database } = it_
    const second = `${database.file as string}-second`
    const fields = '[("id", models.AutoField(primary_key=True))]'
    const model = (name: string, options: string, bases = '') => `migrations.CreateModel("${name}", ${fields}, options=${options}${bases})`
    shop.write({
      'project/routers.py': `class OneSide:
    def allow_migrate(self, db, app_label, **hints):
        return (app_label == "reports") == (db == "second") if app_label in ("reports", "odd") else None
`,
      'project/settings.py': `${readFileSync(join(shop.folder, 'project/settings.py'), 'utf8')}
INSTALLED_APPS = [*INSTALLED_APPS, "odd"]
DATABASES["second"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ${JSON.stringify(second)}}
DATABASE_ROUTERS = ["project.routers.OneSide"]
`,
      'odd/__init__.py': '',
      'odd/models.py': '',
      'odd/migrations/__init__.py': '',
      'odd/migrations/0001_initial.py': migrationFile(
        '',
        [
          model('Base', '{}'),
          'migrations.CreateModel("Proxy", [], options={"proxy": True}, bases=("odd.base",))',
          model('View', '{"managed": False, "db_table": "odd_view"}'),
          model('Named', '{"db_table": "somewhere_else"}'),
          'migrations.AlterModelTable("named", "somewhere_better")',
        ].join(', '),
      ),
    })
    for (const alias of ['default', 'second']) {
      const migrated = await shop.manage('migrate', '--database', alias, '-v0')
      expect(migrated.exitCode, migrated.output).toBe(0)
    }
    await database.query('DROP TABLE reports_report')
    for (const alias of ['default', 'second']) {
      const found = await it_.doctor('--database', alias)
      expect(codesOf(found.filter(({ severity }) => severity !== 'info')), alias).toEqual([])
      const repaired = await run('repair', '--all', '--yes', '--json', '--database', alias)
      expect(repaired.json.result?.repaired, repaired.stdout).toEqual([])
      expect((await shop.manage('migrate', '--check', '--database', alias)).exitCode).toBe(0)
    }
  })
})
