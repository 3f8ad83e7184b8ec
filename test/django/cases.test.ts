import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, migrationFile, recommendedOf } from '../support/broken-shop.js'
import { djangos } from '../support/django.js'
import { engines } from '../support/databases.js'
import { fingerprint } from '../support/history-table.js'

/** What people reported, by the number that docs/cases.md gives it: broken as they broke it, with real Django. */
describe.runIf(Object.keys(djangos).length > 0 && engines.includes('sqlite'))('cases', () => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop()
  })
  afterEach(() => it_.end())

  it('case 3: after the recipe "fake back, fake forward" the rows of other apps are named, and only they', async () => {
    const { shop, doctor, follow, djangoIsContent } = it_
    const before = await it_.names()
    await shop.manage('migrate', '--fake', 'shop', '0001')
    await shop.manage('migrate', '--fake', 'shop', '0004')
    const lost = before.filter((name) => /^(billing|reports)/.test(name))
    expect((await it_.names()).filter((name) => lost.includes(name))).toEqual([])
    expect((await shop.manage('migrate')).output).toContain('already exists')
    const found = await doctor()
    expect(codesOf(found)).toEqual(['present-unrecorded billing'])
    expect(recommendedOf(found).join()).toMatch(/^migstate mark applied billing\.0001_initial billing\.0002_invoice_paid reports\.0001_initial$/)
    expect((await follow(recommendedOf(found)[0] as string)).exitCode).toBe(0)
    await djangoIsContent()
  })

  it('case 4: a target that is recorded never makes manage.py go backwards', async () => {
    const { database, run } = it_
    const columns = () => database.query("SELECT name FROM pragma_table_info('shop_product')")
    const before = [await columns(), await it_.names()]
    for (const mode of ['shadow', 'table']) {
      const done = await run('rerun', 'shop', '0003', '--mode', mode, '--yes')
      expect(done.exitCode, done.stderr).toBe(0)
      expect(done.stdout + done.stderr).not.toContain('Unapplying')
      expect([await columns(), (await it_.names()).sort()]).toEqual([before[0], [...(before[1] as string[])].sort()])
    }
    const again = await run('run', 'shop', '0003', '--yes', '--json')
    expect([again.exitCode, again.json.result.operation, again.stderr.includes('Running')], again.stdout).toEqual([0, null, false])
  })

  it('case 6: no reverse code: what stands above goes with it, only rows go, and that is said', async () => {
    const { shop, run, database } = it_
    shop.write({
      'reports/migrations/0002_x.py': migrationFile('("reports", "0001_initial")', 'migrations.RunPython(lambda apps, editor: None)'),
    })
    expect((await shop.manage('migrate')).exitCode).toBe(0)
    expect((await shop.manage('migrate', 'reports', '0001')).output).toContain('IrreversibleError')
    const done = await run('mark', 'unapplied', 'reports.0002', '--yes')
    expect([done.exitCode, done.stdout.replaceAll(/\s+/g, ' ')], done.stderr).toEqual([0, expect.stringContaining('The schema is not changed.')])
    expect(await database.query("SELECT count(*) AS n FROM django_migrations WHERE app = 'reports'")).toEqual([{ n: '1' }])
  })

  describe('another user model after the first migrate', () => {
    const swap = (table: string) => {
      const { shop } = it_
      const settings = readFileSync(join(shop.folder, 'project/settings.py'), 'utf8')
      shop.write({
        'project/settings.py': `${settings}\nINSTALLED_APPS = [*INSTALLED_APPS, "people"]\nAUTH_USER_MODEL = "people.Person"\n`,
        'people/__init__.py': '',
        'people/models.py': `from django.contrib.auth.models import AbstractBaseUser
from django.db import models


class Person(AbstractBaseUser):
    id = models.AutoField(primary_key=True)
    username = models.CharField(max_length=150, unique=True)
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []

    class Meta:
        db_table = "${table}"
`,
        'people/migrations/__init__.py': '',
        'people/migrations/0001_initial.py': migrationFile(
          '',
          `migrations.CreateModel("Person", [("id", models.AutoField(primary_key=True)), ("password", models.CharField(max_length=128)), ("last_login", models.DateTimeField(null=True)), ("username", models.CharField(max_length=150, unique=True))], options={"db_table": "${table}"})`,
        ),
      })
    }
    it('case 9: its table is not there: it is never marked, also not by a repair of everything', async () => {
      const { shop, doctor, run, names } = it_
      swap('staff')
      expect((await shop.manage('migrate')).output).toMatch(
        /InconsistentMigrationHistory: Migration \w+\.0001_initial is applied before its dependency people\.0001_initial/,
      )
      const [hole, ...rest] = await doctor()
      expect([hole?.code, hole?.app, rest]).toEqual(['hole', 'people', []])
      expect(hole?.repairs.map(({ command }) => command)).toEqual(['migstate run people.0001_initial'])
      const before = await names()
      expect((await run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
      expect((await run('repair', hole?.id as string, '--yes', '--json')).json.error.code).toBe('not-repairable')
      expect(await names()).toEqual(before)
    })
    it('case 9: its table is there under db_table: one row, and Django is content', async () => {
      const { shop, doctor, run, names } = it_
      swap('auth_user')
      expect(codesOf(await doctor())).toEqual(['hole people 0001_initial'])
      const before = await names()
      const done = await run('repair', '--all', '--yes', '--json')
      expect([done.exitCode, done.json.result.left], done.stdout).toEqual([0, []])
      expect((await names()).filter((name) => !before.includes(name))).toEqual(['people.0001_initial'])
      expect((await shop.manage('migrate', '--plan')).output).toContain('No planned migration operations')
    })
  })

  it('case 12: a dependency that a setting decides is said to be one, and is no hole', async () => {
    const { shop, doctor } = it_
    shop.write({
      'reports/migrations/0001_initial.py': `from django.conf import settings
from django.db import migrations, models

more = [("shop", "0001_initial")] if getattr(settings, "WITH_SITES", None) == Ellipsis else [("shop", "0004_order"), settings.MORE]


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_invoice_paid")] + more
    operations = [migrations.CreateModel("Report", [("id", models.AutoField(primary_key=True)), ("title", models.CharField(max_length=100))])]
`,
    })
    const found = await doctor()
    expect(found.filter(({ code, severity }) => code === 'hole' || severity === 'error')).toEqual([])
    expect(codesOf(found)).toContain('depends-on-settings reports 0001_initial')
  })

  it('case 10: three holes are one report, one repair, and none is left', async () => {
    const { shop, doctor, run, forget, djangoIsContent } = it_
    await forget('shop.0002_product_slug', 'billing.0001_initial', 'shop.0001_initial')
    expect((await shop.manage('migrate', '--fake')).output).toContain('InconsistentMigrationHistory')
    expect(codesOf(await doctor()).sort()).toEqual(['hole billing 0001_initial', 'hole shop 0001_initial', 'hole shop 0002_product_slug'])
    const done = await run('repair', '--all', '--yes', '--json')
    expect([done.exitCode, done.json.result.left], done.stdout).toEqual([0, []])
    await djangoIsContent()
  })

  it('case 14: two of five operations are there: said so, each by itself, and no repair is recommended', async () => {
    const { shop, database, doctor, run } = it_
    const field = (name: string) => `migrations.AddField("product", "${name}", models.IntegerField(default=0))`
    shop.write({ 'shop/migrations/0005_more.py': migrationFile('("shop", "0004_order")', ['a', 'b', 'c', 'd', 'e'].map(field).join(', ')) })
    for (const name of ['a', 'c']) await database.query(`ALTER TABLE shop_product ADD COLUMN ${name} integer NOT NULL DEFAULT 7`)
    const [found, ...rest] = await doctor()
    expect(rest).toEqual([])
    expect([found?.code, found?.evidence[0]]).toEqual(['partially-applied', 'in the database: 2 of 5 operations done'])
    expect(found?.evidence.filter((line) => line.startsWith('not done:'))).toHaveLength(3)
    expect(found?.repairs.some(({ recommended, safe }) => recommended || safe)).toBe(false)
    const before = await fingerprint(database)
    expect((await run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
    expect((await run('repair', found?.id as string, '--yes', '--json')).json.error.code).toBe('not-repairable')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('case 15: what is missing and what stands on it is unmarked, what is there stays', async () => {
    const { shop, database, doctor, run, follow, djangoIsContent } = it_
    shop.write({
      'reports/migrations/0002_line.py': migrationFile(
        '("reports", "0001_initial")',
        'migrations.CreateModel("Line", [("id", models.AutoField(primary_key=True))])',
      ),
      'reports/migrations/0003_text.py': migrationFile('("reports", "0002_line")', 'migrations.AddField("line", "text", models.TextField(default=""))'),
    })
    expect((await shop.manage('migrate')).exitCode).toBe(0)
    await database.query('DROP TABLE reports_line')
    expect((await shop.manage('migrate')).output).toContain('No migrations to apply')
    const found = await doctor()
    expect(codesOf(found)).toEqual(['recorded-missing reports 0002_line'])
    const [command] = recommendedOf(found)
    expect(command).toBe('migstate mark unapplied reports.0002_line reports.0003_text && python manage.py migrate')
    expect((await follow((command as string).split(' && ')[0] as string)).exitCode).toBe(0)
    expect((await shop.manage('migrate')).exitCode).toBe(0)
    await djangoIsContent()
    expect((await run('history', '--json')).json.result.operations).toHaveLength(1)
  })

  it('case 16: faked too much: what never ran is proposed, what is there is left, and the two are told apart', async () => {
    const { shop, doctor, run, djangoIsContent } = it_
    const model = (name: string) => `migrations.CreateModel("${name}", [("id", models.AutoField(primary_key=True))])`
    shop.write({
      'shop/migrations/0005_a.py': migrationFile('("shop", "0004_order")', model('A')),
      'billing/migrations/0003_b.py': migrationFile('("billing", "0002_invoice_paid")', model('B')),
      'reports/migrations/0002_c.py': migrationFile('("reports", "0001_initial")', model('C')),
    })
    await it_.database.query('DELETE FROM django_migrations')
    expect((await shop.manage('migrate', '--fake', '-v0')).exitCode).toBe(0)
    await it_.database.query("UPDATE django_migrations SET applied = '2026-01-01 00:00:00.' || printf('%03d', id) || '000'")
    const [found, ...rest] = await doctor()
    expect([found?.code, rest]).toEqual(['faked-burst', []])
    expect(found?.message).toContain('billing.0003_b, reports.0002_c, shop.0005_a are recorded, and nothing of them is in the database')
    expect(recommendedOf([found as never])).toEqual(['migstate mark unapplied billing.0003_b reports.0002_c shop.0005_a && python manage.py migrate'])
    expect((await run('repair', found?.id as string, '--yes')).exitCode).toBe(0)
    expect((await shop.manage('migrate')).exitCode).toBe(0)
    await djangoIsContent()
  })
  it('faked-burst is silent for one that is missing, and for those that were recorded days apart', async () => {
    const { shop, database, doctor } = it_
    await database.query('DROP TABLE reports_report')
    expect(codesOf(await doctor())).toEqual(['recorded-missing reports 0001_initial'])
    shop.write({
      'shop/migrations/0005_a.py': migrationFile('("shop", "0004_order")', 'migrations.CreateModel("A", [("id", models.AutoField(primary_key=True))])'),
    })
    await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0005_a', '2031-01-01 00:00:00')")
    expect(codesOf(await doctor('--only', 'recorded-missing', '--only', 'faked-burst')).sort()).toEqual([
      'recorded-missing reports 0001_initial',
      'recorded-missing shop 0005_a',
    ])
  })

  const dated = (day: string) => ({
    'reports/migrations/0002_more.py': `# Generated by Django 5.2 on ${day} 12:00\n\n${migrationFile('("reports", "0001_initial")', 'migrations.AddField("report", "more", models.IntegerField(default=0))')}`,
  })
  const oldRow = () => it_.database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('reports', '0002_more', '2020-05-01 10:00:00')")

  it('case 37: a row that is older than its file, and no column: the name is used a second time', async () => {
    const { shop, doctor, run, djangoIsContent } = it_
    shop.write(dated('2024-03-01'))
    await oldRow()
    expect((await shop.manage('migrate')).output).toContain('No migrations to apply')
    const found = await doctor()
    expect(codesOf(found)).toEqual(['name-reused reports 0002_more'])
    expect(found[0]?.message).toContain('is recorded since 2020-05-01, and its file was made on 2024-03-01')
    expect((await run('repair', found[0]?.id as string, '--yes')).exitCode).toBe(0)
    expect((await shop.manage('migrate')).exitCode).toBe(0)
    await djangoIsContent()
  })
  it('name-reused is silent where what the file does is there, and where the file is the older one', async () => {
    const { shop, database, doctor } = it_
    shop.write(dated('2019-03-01'))
    await oldRow()
    expect(codesOf(await doctor())).toEqual(['recorded-missing reports 0002_more'])
    shop.write(dated('2024-03-01'))
    await database.query('ALTER TABLE reports_report ADD COLUMN more integer NOT NULL DEFAULT 0')
    expect(codesOf(await doctor())).toEqual([])
  })

  describe('schema-drift', () => {
    it('a column that no migration makes, and a field that lost its NOT NULL, with statements that are never run', async () => {
      const { database, doctor, run } = it_
      await database.query('ALTER TABLE shop_product ADD COLUMN legacy text')
      await database.query('ALTER TABLE shop_order ADD COLUMN tenant integer NOT NULL DEFAULT 1')
      await database.query('CREATE TABLE other AS SELECT * FROM reports_report')
      await database.query('DROP TABLE reports_report')
      await database.query('CREATE TABLE reports_report (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(100) NULL)')
      const found = await doctor()
      expect(found.map(({ code, app, severity }) => `${severity} ${code} ${app}`)).toEqual([
        'warning schema-drift reports',
        'warning schema-drift shop',
        'info schema-drift shop',
      ])
      expect(found.map(({ message }) => /column (\S+)/.exec(message)?.[1])).toEqual(['reports_report.title', 'shop_order.tenant', 'shop_product.legacy'])
      expect(found.flatMap(({ repairs }) => repairs.filter(({ recommended, safe }) => recommended || safe))).toEqual([])
      expect((await run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
    })
    it('silent for a column that code of a migration of the app may have made, and for tables of no model', async () => {
      const { shop, database, doctor } = it_
      shop.write({
        'shop/migrations/0005_sql.py': migrationFile(
          '("shop", "0004_order")',
          'migrations.RunSQL("ALTER TABLE shop_product ADD COLUMN legacy text", migrations.RunSQL.noop)',
        ),
      })
      expect((await shop.manage('migrate')).exitCode).toBe(0)
      await database.query('CREATE TABLE shop_other (id integer, name text)')
      expect(codesOf(await doctor())).toEqual([])
    })
    it('silent while a migration of the app is pending, which may be what the column is for', async () => {
      const { shop, database, doctor } = it_
      shop.write({
        'shop/migrations/0005_later.py': migrationFile('("shop", "0004_order")', 'migrations.AlterField("product", "name", models.CharField(max_length=300))'),
      })
      await database.query('ALTER TABLE shop_product ADD COLUMN legacy text')
      expect(codesOf(await doctor())).toEqual([])
    })
  })

  it('plan says where a step is there already, and nothing where it is not', async () => {
    const { shop, database, run, forget } = it_
    await forget('reports.0001_initial')
    const warnings = async () => (await run('plan', '--json')).json.warnings
    expect(await warnings()).toEqual([
      {
        code: 'present-unrecorded',
        message: 'manage.py migrate would try to run reports.0001_initial; the table reports_report is there, so it fails (see "migstate doctor")',
      },
    ])
    expect((await shop.manage('migrate')).output).toContain('already exists')
    await database.query('DROP TABLE reports_report')
    expect(await warnings()).toEqual([])
  })

  it('the refusal of a rerun that changes the schema says what is there and what is not', async () => {
    const { database, run } = it_
    const refused = async () => (await run('rerun', 'reports.0001', '--yes', '--json')).json.error
    expect(await refused()).toMatchObject({
      code: 'schema-operations',
      message: expect.stringContaining('In the database: the table reports_report is there. Django fails at what is there already.'),
    })
    await database.query('DROP TABLE reports_report')
    expect((await refused()).message).toContain('In the database: the table reports_report is not there. Nothing of it is there')
  })

  it.each([
    ['2024-13-45 00:00:00', 'error'],
    ['garbage', 'warning'],
    ['', 'warning'],
  ])('case 29: the time "%s" is named and mended, and nothing else', async (value, severity) => {
    const { shop, database, doctor, run, djangoIsContent } = it_
    const before = await fingerprint(database)
    await database.query(`UPDATE django_migrations SET applied = '${value}' WHERE name = '0002_product_slug'`)
    const [found, ...rest] = await doctor()
    expect([found?.code, found?.severity, rest]).toEqual(['malformed-applied', severity, []])
    expect((await shop.manage('showmigrations', '-v', '2')).exitCode).not.toBe(0)
    expect((await run('repair', '--all', '--yes')).exitCode).toBe(0)
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => row !== before.rows[index]).map((row) => row.split('|')[2])).toEqual(['0002_product_slug'])
    expect((await shop.manage('showmigrations', '-v', '2')).exitCode).toBe(0)
    await djangoIsContent()
  })

  it('case 30: a parent that is newer than its child is no finding, and a restore keeps every time', async () => {
    const { database, doctor, run } = it_
    await database.query("UPDATE django_migrations SET applied = '2025-06-01 02:30:00.000001' WHERE app = 'shop' AND name = '0001_initial'")
    const before = await fingerprint(database)
    expect(codesOf(await doctor())).toEqual([])
    const { snapshot } = (await run('snapshot', 'create', '--json')).json.result
    expect((await run('mark', 'unapplied', 'shop.0001', '--with-dependants', '--yes')).exitCode).toBe(0)
    expect((await run('snapshot', 'restore', snapshot.id, '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it.each([
    ['0002_product_slug ', 'a blank behind it'],
    ['0002_Product_slug', 'another case'],
    ['0002_product_slug\u00a0', 'a blank that does not break'],
    ['0002\u200b_product_slug', 'a letter of no width'],
    ['0002_product_slug.py', 'the ending of a file'],
  ])('case 31: the name "%s" (%s) is one finding, and one row gets another name', async (name) => {
    const { database, doctor, run, djangoIsContent } = it_
    const before = await fingerprint(database)
    await database.query(`UPDATE django_migrations SET name = '${name}' WHERE app = 'shop' AND name = '0002_product_slug'`)
    expect(codesOf(await doctor())).toEqual(['damaged-name shop 0002_product_slug'])
    expect((await run('repair', '--all', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
    await djangoIsContent()
  })

  it('case 32: rows of another project are in no automatic repair', async () => {
    const { doctor, run, insert, names } = it_
    await insert('django', '0001_initial')
    await insert('elsewhere', '0007_x')
    const before = await names()
    expect((await doctor()).map(({ code, app, severity }) => `${severity} ${code} ${app}`)).toEqual(['info unknown-app django', 'info unknown-app elsewhere'])
    expect((await run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
    expect(await names()).toEqual(before)
  })

  it('case 34: rows of another branch: how to find its file comes first, and nothing is done by itself', async () => {
    const { doctor, run, insert, names } = it_
    await insert('shop', '0005_other_branch')
    const [ahead, ghost] = (await doctor()).sort((left, right) => (left.code < right.code ? -1 : 1))
    expect([ahead?.code, ghost?.code]).toEqual(['database-ahead', 'ghost'])
    expect(ghost?.repairs.map(({ command }) => command)).toEqual([
      "git log --all --name-status -- '*/0005_other_branch.py'",
      'migstate mark unapplied shop.0005_other_branch',
    ])
    const before = await names()
    expect((await run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
    expect(await names()).toEqual(before)
  })

  it('case 44: a package renamed a released migration: its row set is repaired by one change', async () => {
    const { database, shop, doctor, run, djangoIsContent } = it_
    // django-celery-beat 1.3: 0006_auto_… became 0006_auto_20180210_1226 below a recorded 0007.
    await database.query("UPDATE django_migrations SET name = '0002_auto_20180101' WHERE app = 'shop' AND name = '0002_product_slug'")
    expect((await shop.manage('migrate')).output).toContain('InconsistentMigrationHistory')
    expect(codesOf(await doctor())).toEqual(['renamed shop 0002_product_slug'])
    const done = await run('repair', '--all', '--yes', '--json')
    expect(done.json.result.changes).toMatchObject({ added: [], removed: [], updated: [{ after: { name: '0002_product_slug' } }] })
    await djangoIsContent()
  })

  it('case 49: a database that is newer than the code: named, gates can stop at it, nothing is to be deleted', async () => {
    const { doctor, run, insert, names } = it_
    await insert('shop', '0005_next')
    await insert('billing', '0003_next')
    const found = await doctor('--only', 'database-ahead')
    expect(found.map(({ severity, message, repairs }) => [severity, message.includes('by 2 migrations'), repairs])).toEqual([['info', true, []]])
    expect((await run('doctor', '--fail-on', 'info')).exitCode).toBe(3)
    const before = await names()
    await run('repair', '--all', '--yes')
    expect(await names()).toEqual(before)
  })

  it('case 50: a renamed label keeps ids and times; where a row of the new label is there already nothing is proposed', async () => {
    const { database, doctor, run, insert } = it_
    const before = await fingerprint(database)
    await database.query("UPDATE django_migrations SET app = 'store' WHERE app = 'shop'")
    expect(codesOf(await doctor())).toEqual(['renamed shop'])
    await insert('shop', '0001_initial')
    expect(codesOf(await doctor('--only', 'renamed'))).toEqual([])
    await database.query("DELETE FROM django_migrations WHERE app = 'shop'")
    expect((await run('repair', '--all', '--yes')).exitCode).toBe(0)
    expect((await fingerprint(database)).rows).toEqual(before.rows)
  })

  it('case 53: contenttypes.0002 recorded and the column still there, or the column gone and the row too', async () => {
    const { database, doctor, forget, run, djangoIsContent } = it_
    await forget('contenttypes.0002_remove_content_type_name')
    const gone = await doctor()
    expect(codesOf(gone)).toContain('hole contenttypes 0002_remove_content_type_name')
    const named = gone.find(({ app }) => app === 'contenttypes')
    expect(named?.evidence.join('\n')).toContain('django_content_type.name')
    expect(named?.repairs.find(({ recommended }) => recommended)?.command).toBe('migstate mark applied contenttypes.0002_remove_content_type_name')
    expect((await run('repair', named?.id as string, '--yes')).exitCode).toBe(0)
    await djangoIsContent()
    await database.query('ALTER TABLE django_content_type ADD COLUMN name varchar(100)')
    const found = await doctor()
    expect(codesOf(found)).toEqual(['recorded-missing contenttypes 0002_remove_content_type_name'])
    expect(found[0]?.evidence.join('\n')).toContain('django_content_type.name is still there')
  })

  it('case 64: statements for a DBA, given twice, do what the change would do', async () => {
    const { database, run, forget, names, djangoIsContent } = it_
    const before = (await names()).sort()
    await forget('shop.0002_product_slug', 'reports.0001_initial')
    const sql = await run('repair', '--all', '--sql')
    const statements = sql.stdout.split('\n').filter((line) => /^(DELETE|UPDATE|INSERT)/.test(line))
    for (let time = 0; time < 2; time++) for (const statement of statements) await database.query(statement)
    expect((await names()).sort()).toEqual(before)
    await djangoIsContent()
  })

  it('case 65: to forget a parent its recorded dependants have to go with it, and nothing runs', async () => {
    const { run, names, database } = it_
    const refused = await run('mark', 'unapplied', 'billing.0001', '--yes', '--json')
    expect([refused.exitCode, refused.json.error.code]).toEqual([4, 'would-make-hole'])
    const done = await run('mark', 'unapplied', 'billing.0001', '--with-dependants', '--yes', '--json')
    expect(done.json.result.changes.removed.map((row: { app: string; name: string }) => `${row.app}.${row.name}`).sort()).toEqual([
      'billing.0001_initial',
      'billing.0002_invoice_paid',
      'reports.0001_initial',
    ])
    expect((await names()).some((name) => /^(billing|reports)/.test(name))).toBe(false)
    expect(await database.query("SELECT count(*) AS n FROM sqlite_master WHERE name IN ('billing_invoice', 'reports_report')")).toEqual([{ n: '2' }])
  })

  it('case 68: whatever a command did, its undo gives the identical table', async () => {
    const { database, run, forget } = it_
    await forget('shop.0002_product_slug')
    const before = await fingerprint(database)
    for (const argv of [
      ['repair', '--all'],
      ['mark', 'unapplied', 'reports.0001'],
      ['mark', 'applied', 'shop.0002'],
    ]) {
      expect((await run(...argv, '--yes')).exitCode, argv.join(' ')).toBe(0)
      expect((await run('rollback', '--yes')).exitCode).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
    }
  })
})

describe.runIf(Object.keys(djangos).length > 0 && engines.includes('postgresql'))('cases of PostgreSQL', () => {
  it('case 22: an index that was not built to its end is not there: nothing is marked', async () => {
    const given = await brokenShop('postgresql')
    try {
      given.shop.write({
        'shop/migrations/0005_index.py': migrationFile(
          '("shop", "0004_order")',
          'AddIndexConcurrently("product", models.Index(fields=["name"], name="shop_name_idx"))',
          '    atomic = False\n',
        ).replace('\n\n\nclass', '\nfrom django.contrib.postgres.operations import AddIndexConcurrently\n\n\nclass'),
      })
      await given.database.query('CREATE INDEX shop_name_idx ON shop_product (name)')
      expect(codesOf(await given.doctor())).toEqual(['present-unrecorded shop 0005_index'])
      await given.database.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop_name_idx'::regclass")
      const found = await given.doctor()
      expect([codesOf(found), recommendedOf(found)]).toEqual([['partially-applied shop 0005_index'], []])
      expect(found[0]?.repairs[0]?.command).toBe('DROP INDEX CONCURRENTLY "shop_name_idx";')
      expect((await given.run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
      expect((await given.shop.manage('migrate')).output).toContain('already exists')
      await given.database.query(found[0]?.repairs[0]?.command as string)
      expect((await given.shop.manage('migrate')).exitCode).toBe(0)
      await given.djangoIsContent()
    } finally {
      await given.end()
    }
  })

  it('shared-sequence: a clone that was made with LIKE; not for a table with its own', async () => {
    const given = await brokenShop('postgresql')
    try {
      expect(codesOf(await given.doctor())).toEqual([])
      await given.database.query('CREATE SCHEMA clone; CREATE TABLE clone.other (LIKE shop_product INCLUDING ALL)')
      expect(codesOf(await given.doctor('--only', 'shared-sequence'))).toEqual([])
      await given.database.query("CREATE TABLE clone.copied (id bigint DEFAULT nextval('django_migrations_id_seq'))")
      expect((await given.doctor('--only', 'shared-sequence')).map(({ severity }) => severity)).toEqual(['info'])
    } finally {
      await given.end()
    }
  })
  it('missing-rights: a role that may read names its grants; who has them is told nothing', async () => {
    const given = await brokenShop('postgresql')
    const role = `r${Math.random().toString(36).slice(2, 10)}`
    try {
      expect(codesOf(await given.doctor('--only', 'missing-rights'))).toEqual([])
      await given.database.query(
        `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON django_migrations TO ${role}`,
      )
      const url = new URL(given.database.url)
      url.username = role
      url.password = 'secret'
      const [found] = await given.doctor('--only', 'missing-rights', '--url', url.href)
      expect(found?.severity).toBe('info')
      const grants = found?.repairs.map(({ command }) => command) ?? []
      expect(grants.join()).toMatch(/GRANT/)
      for (const grant of grants) await given.database.query(grant)
      expect(codesOf(await given.doctor('--only', 'missing-rights', '--url', url.href))).toEqual([])
    } finally {
      await given.database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
      await given.end()
    }
  })
})
