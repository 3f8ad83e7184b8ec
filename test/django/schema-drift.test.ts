import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, migrationFile, recommendedOf } from '../support/broken-shop.js'
import { engines } from '../support/databases.js'
import { djangos } from '../support/django.js'

/** What differs in the database though no migration explains it: made by Django, changed by hand, and silent where a migration is the reason. */
describe.runIf(Object.keys(djangos).length > 0).each(engines)('schema-drift on %s', (engine) => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop(engine)
  })
  afterEach(() => it_.end())

  const isMysql = engine === 'mysql' || engine === 'mariadb'
  const field = '("id", models.AutoField(primary_key=True)), ("a", models.IntegerField(default=0)), ("b", models.CharField(max_length=20, null=True))'
  const made = `migrations.CreateModel("Line", [${field}], options={"indexes": [models.Index(fields=["a"], name="line_a_idx")], "constraints": [models.UniqueConstraint(fields=["a", "b"], name="line_ab_key")]})`
  const operations = [
    made,
    'migrations.AddIndex("line", models.Index(fields=["b", "-a"], name="line_b_idx"))',
    'migrations.AddIndex("line", models.Index(fields=["b"], name="line_cond_idx", condition=models.Q(a__gt=1)))',
    'migrations.AddIndex("line", models.Index(fields=["a", "b"], name="line_gone_idx"))',
    'migrations.RemoveIndex("line", "line_gone_idx")',
    'migrations.AlterField("line", "a", models.IntegerField(null=True))',
    'migrations.AlterField("line", "b", models.CharField(max_length=20, default=""))',
  ]
  async function migrate(): Promise<void> {
    it_.shop.write({ 'reports/migrations/0002_line.py': migrationFile('("reports", "0001_initial")', operations.join(', ')) })
    const migrated = await it_.shop.manage('migrate')
    expect(migrated.exitCode, migrated.output).toBe(0)
  }
  const dropIndex = (name: string) => it_.database.query(isMysql ? `ALTER TABLE reports_line DROP INDEX ${name}` : `DROP INDEX ${name}`)
  const messages = async () =>
    (await it_.doctor()).map(({ code, severity, message }) => `${severity} ${code} ${/(constraint|column) (\S+)/.exec(message)?.[2]}`)

  it('silent for what Django itself has made, also where this database has no such index', async () => {
    await migrate()
    expect(codesOf(await it_.doctor())).toEqual([])
  })

  it('a lost index and a lost constraint, each with its name, and nothing is done about it by itself', async () => {
    await migrate()
    await dropIndex('line_a_idx')
    await dropIndex('line_b_idx')
    if (engine === 'postgresql') await it_.database.query('ALTER TABLE reports_line DROP CONSTRAINT line_ab_key')
    if (isMysql) await dropIndex('line_ab_key')
    expect((await messages()).sort()).toEqual([
      'warning schema-drift line_a_idx',
      ...(engine === 'sqlite' ? [] : ['warning schema-drift line_ab_key']),
      'warning schema-drift line_b_idx',
    ])
    expect((await it_.run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
    expect(recommendedOf(await it_.doctor())).toEqual([])
    // What the warning says: the next migration about it fails.
    it_.shop.write({
      'reports/migrations/0003_x.py': migrationFile('("reports", "0002_line")', 'migrations.RenameIndex("line", new_name="line_x_idx", old_name="line_a_idx")'),
    })
    expect((await it_.shop.manage('migrate')).exitCode).not.toBe(0)
  })

  it('silent for an index that a migration renames, has for the state alone, or drops by SQL', async () => {
    await migrate()
    const next = async (name: string, below: string, operation: string) => {
      it_.shop.write({ [`reports/migrations/${name}.py`]: migrationFile(`("reports", "${below}")`, operation) })
      const migrated = await it_.shop.manage('migrate')
      expect(migrated.exitCode, migrated.output).toBe(0)
      expect(codesOf(await it_.doctor())).toEqual([])
    }
    await next('0003_rename', '0002_line', 'migrations.RenameIndex("line", new_name="line_x_idx", old_name="line_a_idx")')
    // What has another name now says nothing of the others.
    await dropIndex('line_b_idx')
    expect(await messages()).toEqual(['warning schema-drift line_b_idx'])
    await it_.database.query('CREATE INDEX line_b_idx ON reports_line (b)')
    const state = 'migrations.AddIndex("line", models.Index(fields=["a"], name="line_state_idx"))'
    await next('0004_state', '0003_rename', `migrations.SeparateDatabaseAndState(state_operations=[${state}])`)
    const drop = isMysql ? 'ALTER TABLE reports_line DROP INDEX line_b_idx' : 'DROP INDEX line_b_idx'
    await next('0005_sql', '0004_state', `migrations.RunSQL("${drop}", migrations.RunSQL.noop)`)
  })

  it('told also where another app has a pending migration and a row without a file, and not of an app that has them itself', async () => {
    await migrate()
    await dropIndex('line_b_idx')
    it_.shop.write({
      'shop/migrations/0005_pending.py': migrationFile('("shop", "0004_order")', 'migrations.AddField("order", "later", models.IntegerField(null=True))'),
    })
    await it_.insert('billing', '0009_elsewhere')
    const drift = async () => (await it_.doctor('--only', 'schema-drift')).map(({ message }) => message)
    expect(await drift()).toEqual([expect.stringContaining('line_b_idx')])
    await it_.insert('reports', '0009_elsewhere')
    expect(await drift()).toEqual([])
    await it_.database.query("DELETE FROM django_migrations WHERE app = 'reports' AND name = '0009_elsewhere'")
    it_.shop.write({
      'reports/migrations/0003_pending.py': migrationFile('("reports", "0002_line")', 'migrations.AddField("line", "later", models.IntegerField(null=True))'),
    })
    expect(await drift()).toEqual([])
  })

  it('of a migration that cannot be read nothing is claimed: no drift, no certainty that it does nothing', async () => {
    it_.shop.write({
      'reports/migrations/0002_odd.py': `import time

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]
    operations = []
    if time.time() > 0:
        operations.append(migrations.AddField("report", "odd", models.IntegerField(default=0)))
`,
      'reports/migrations/0003_renamed.py': migrationFile('("reports", "0002_odd")', 'migrations.RenameField("report", "odd", "even")'),
      'reports/migrations/0004_last.py': migrationFile('("reports", "0003_renamed")', 'migrations.AddField("report", "last", models.IntegerField(null=True))'),
    })
    const migrated = await it_.shop.manage('migrate')
    expect(migrated.exitCode, migrated.output).toBe(0)
    expect(codesOf(await it_.doctor())).toEqual([])
    await it_.forget('reports.0002_odd', 'reports.0003_renamed')
    const found = await it_.doctor()
    expect(codesOf(found)).toEqual(['hole reports 0002_odd', 'hole reports 0003_renamed'])
    expect(recommendedOf(found)).toEqual([])
    expect(found.map(({ message }) => message)).toEqual([expect.stringContaining('cannot be seen'), expect.stringContaining('cannot be seen')])
    expect((await it_.run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
  })

  it('AlterField in both directions: the column that does not follow it', async () => {
    await migrate()
    const to = (column: string, type: string, nullable: boolean) =>
      isMysql
        ? `ALTER TABLE reports_line MODIFY ${column} ${type} ${nullable ? 'NULL' : 'NOT NULL'}`
        : `ALTER TABLE reports_line ALTER COLUMN ${column} ${nullable ? 'DROP' : 'SET'} NOT NULL`
    if (engine === 'sqlite') {
      await it_.database.query('DROP TABLE reports_line')
      await it_.database.query(
        'CREATE TABLE reports_line (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, a integer NOT NULL, b varchar(20) NULL, CONSTRAINT "line_ab_key" UNIQUE (a, b))',
      )
      for (const name of ['line_a_idx', 'line_b_idx', 'line_cond_idx']) await it_.database.query(`CREATE INDEX ${name} ON reports_line (a)`)
    } else {
      await it_.database.query(to('a', 'integer', false))
      await it_.database.query(to('b', 'varchar(20)', true))
    }
    expect((await messages()).sort()).toEqual(['warning schema-drift reports_line.a', 'warning schema-drift reports_line.b'])
    const said = (await it_.doctor()).map(({ message }) => message).join('\n')
    expect(said).toContain('reports_line.a must not be NULL, and the field of reports.Line says that it may')
    expect(said).toContain('reports_line.b may be NULL, and the field of reports.Line says that it must not')
    const written = await it_.shop.manage(
      'shell',
      '-c',
      'from django.db import connection; connection.cursor().execute("INSERT INTO reports_line (a, b) VALUES (NULL, \'\')")',
    )
    expect(written.output).toMatch(/IntegrityError/)
  })

  it('silent for a field that a migration made so for the state alone, or by SQL', async () => {
    await migrate()
    it_.shop.write({
      'reports/migrations/0003_state.py': migrationFile(
        '("reports", "0002_line")',
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.AlterField("line", "b", models.CharField(max_length=20, null=True))])',
      ),
    })
    expect((await it_.shop.manage('migrate')).exitCode).toBe(0)
    expect(codesOf(await it_.doctor())).toEqual([])
  })
})
