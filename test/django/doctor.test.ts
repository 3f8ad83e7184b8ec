import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango, shopProject } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'
import { words } from '../support/words.js'

interface Finding {
  id: string
  code: string
  severity: string
  app: string | null
  migration: string | null
  message: string
  evidence: string[]
  repairs: { command: string; recommended: boolean; safe: boolean; why: string }[]
}

const version = oneDjango as string

/** The state is broken as people break it; doctor names it, its recommended repair is done as printed, and Django itself is content. */
describe.runIf(Object.keys(djangos).length > 0).each(engines)('Django and doctor on %s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(version, engine))
  })
  afterEach(async () => {
    shop.remove()
    await database.drop()
  })

  const run = (...argv: string[]) => migstate(argv, { cwd: shop.folder, env: shop.env })
  const doctor = async (...argv: string[]): Promise<Finding[]> => (await run('doctor', ...argv, '--json')).json.result.findings
  const codes = (findings: readonly Finding[]) => findings.map(({ code, app, migration }) => [code, app, migration])
  const bare = (text: string) => (engine === 'mysql' || engine === 'mariadb' ? text.replaceAll('"', '`') : text)

  /** The recommended repair as a person would: commands in a shell, statements in the database. */
  async function repairAll(findings: readonly Finding[]): Promise<void> {
    for (const { repairs } of findings) {
      const repair = repairs.find((one) => one.recommended)
      expect(repair, JSON.stringify(findings)).toBeDefined()
      for (const command of (repair as Finding['repairs'][number]).command.split(' && ')) {
        if (command.endsWith(';')) {
          for (const statement of command.split(';').filter((one) => !/^\s*(BEGIN|COMMIT)?\s*$/.test(one))) await database.query(statement)
        } else if (command.startsWith('python manage.py ')) {
          const done = await shop.manage(...words(command.slice('python manage.py '.length)))
          expect(done, done.output).toMatchObject({ exitCode: 0 })
        } else {
          const done = await run(...words(command.slice('migstate '.length)), '--yes')
          expect(done.exitCode, done.stdout + done.stderr).toBe(0)
        }
      }
    }
  }

  async function djangoIsContent(): Promise<void> {
    const check = await shop.manage('migrate', '--check')
    expect(check, check.output).toMatchObject({ exitCode: 0 })
    const migrate = await shop.manage('migrate')
    expect(migrate.output).toContain('No migrations to apply')
    expect(codes(await doctor())).toEqual([])
  }

  const forget = (app: string, name: string) => database.query(`DELETE FROM django_migrations WHERE app = '${app}' AND name = '${name}'`)

  it('a healthy state has no finding, and doctor changes nothing', async () => {
    const before = await fingerprint(database)
    const text = await run('doctor')
    expect([text.exitCode, text.stdout]).toEqual([0, 'Nothing is wrong.\n'])
    expect(await fingerprint(database)).toEqual(before)
  })

  it('a lost row below others: its column is there, so it is to be recorded', async () => {
    await forget('shop', '0002_product_slug')
    const found = await doctor()
    expect(codes(found)).toEqual([['hole', 'shop', '0002_product_slug']])
    expect(found[0]?.evidence.join('\n')).toContain('the column shop_product.slug is there')
    expect((await shop.manage('migrate')).output).toContain('InconsistentMigrationHistory')
    await repairAll(found)
    await djangoIsContent()
  })

  it('a row below others that never ran: doctor says run, and never mark', async () => {
    await forget('shop', '0002_product_slug')
    await database.query('ALTER TABLE shop_product DROP COLUMN slug')
    const found = await doctor()
    expect(codes(found)).toEqual([['hole', 'shop', '0002_product_slug']])
    expect(found[0]?.repairs.map(({ command }) => command)).toEqual(['migstate run shop.0002_product_slug'])
    await repairAll(found)
    await djangoIsContent()
  })

  it('a data migration below others: it leaves no trace, so both ways are shown and none is recommended', async () => {
    await forget('shop', '0003_fill_slugs')
    const found = await doctor()
    expect(codes(found)).toEqual([['hole', 'shop', '0003_fill_slugs']])
    expect(found[0]?.evidence.filter((line) => line.startsWith('Django:'))).toHaveLength(2)
    expect(found[0]?.repairs.map(({ command, recommended }) => [command, recommended])).toEqual([
      ['migstate mark applied shop.0003_fill_slugs', false],
      ['migstate run shop.0003_fill_slugs', false],
      ['migstate doctor --rehearse', false],
    ])
  })

  it('a lost row at the end', async () => {
    await forget('reports', '0001_initial')
    const found = await doctor()
    expect(codes(found)).toEqual([['present-unrecorded', 'reports', '0001_initial']])
    expect((await shop.manage('migrate')).output).toMatch(/already exists/)
    await repairAll(found)
    await djangoIsContent()
  })

  it('an empty history beside the whole schema: one finding, one command', async () => {
    await database.query('DELETE FROM django_migrations')
    const found = await doctor()
    expect(codes(found)).toEqual([['present-unrecorded', 'contenttypes', null]])
    await repairAll(found)
    // What leaves no trace in the schema is left to Django, which runs it.
    const migrated = await shop.manage('migrate')
    expect(migrated, migrated.output).toMatchObject({ exitCode: 0 })
    await djangoIsContent()
  })

  it('a table that was dropped: the migration that makes it, and those that need it under it', async () => {
    await database.query('DROP TABLE billing_invoice')
    const found = await doctor()
    expect(codes(found)).toEqual([['recorded-missing', 'billing', '0001_initial']])
    expect(found[0]?.evidence.at(-1)).toBe('billing.0002_invoice_paid needs what is missing')
    await repairAll(found)
    await djangoIsContent()
  })

  it('a table that was dropped, with nothing above it: unrecorded, and Django makes it', async () => {
    await database.query('DROP TABLE reports_report')
    const found = await doctor()
    expect(codes(found)).toEqual([['recorded-missing', 'reports', '0001_initial']])
    expect(found[0]?.repairs[0]).toMatchObject({ command: 'migstate mark unapplied reports.0001_initial && python manage.py migrate', safe: true })
    await repairAll(found)
    await djangoIsContent()
  })

  it('a column that was dropped', async () => {
    await database.query('ALTER TABLE shop_product DROP COLUMN slug')
    const found = await doctor()
    expect(codes(found)).toEqual([['recorded-missing', 'shop', '0002_product_slug']])
    await repairAll(found)
    await djangoIsContent()
  })

  it('half of a migration: no repair is recommended', async () => {
    shop.write({
      'shop/migrations/0005_more.py': `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_order")]
    operations = [
        migrations.AddField("product", "one", models.IntegerField(default=0)),
        migrations.AddField("product", "two", models.IntegerField(default=0)),
    ]
`,
    })
    expect(codes(await doctor())).toEqual([])
    await database.query('ALTER TABLE shop_product ADD COLUMN one integer NOT NULL DEFAULT 7')
    const found = await doctor()
    expect(codes(found)).toEqual([['partially-applied', 'shop', '0005_more']])
    expect(found[0]?.evidence[0]).toBe('in the database: 1 of 2 operations done')
    expect(found[0]?.repairs.some(({ recommended, safe }) => recommended || safe)).toBe(false)
  })

  it.each([
    ['damaged-name', '0002_product_slug.py', ['shop', '0002_product_slug']],
    ['damaged-name', '0002_Product_slug', ['shop', '0002_product_slug']],
    ['damaged-name', '0002_product_slug ', ['shop', '0002_product_slug']],
    ['renamed', '0002_slug', ['shop', '0002_product_slug']],
    ['renamed', '0007_product_slug', ['shop', '0002_product_slug']],
  ])('%s: %s is one finding, one UPDATE, and the row keeps id and time', async (code, name, subject) => {
    const before = await fingerprint(database)
    await database.query(`UPDATE django_migrations SET name = '${name}' WHERE app = 'shop' AND name = '0002_product_slug'`)
    const found = await doctor()
    expect(codes(found)).toEqual([[code, ...subject]])
    await repairAll(found)
    expect(await fingerprint(database)).toEqual(before)
    await djangoIsContent()
  })

  it('a renamed app: its rows get the new label', async () => {
    const before = await fingerprint(database)
    await database.query(`UPDATE django_migrations SET app = 'store' WHERE app = 'shop'`)
    const found = await doctor()
    expect(codes(found)).toEqual([['renamed', 'shop', null]])
    await repairAll(found)
    expect(await fingerprint(database)).toEqual(before)
    await djangoIsContent()
  })

  it('duplicates keep the earliest row', async () => {
    const before = await fingerprint(database)
    await database.query(`INSERT INTO django_migrations (app, name, applied) SELECT app, name, applied FROM django_migrations WHERE app = 'billing'`)
    const found = await doctor()
    expect(codes(found)).toEqual([
      ['duplicate', 'billing', '0001_initial'],
      ['duplicate', 'billing', '0002_invoice_paid'],
    ])
    await repairAll(found)
    expect((await fingerprint(database)).rows).toEqual(before.rows)
    await djangoIsContent()
  })

  it('a ghost is named and never deleted by reflex; a row of an app that is not installed is no ghost', async () => {
    const at = `(SELECT applied FROM (SELECT max(applied) AS applied FROM django_migrations) AS newest)`
    await database.query(`INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002_other_branch', ${at})`)
    await database.query(`INSERT INTO django_migrations (app, name, applied) VALUES ('removed', '0001_initial', ${at})`)
    const found = await doctor()
    expect(found.map(({ code, app, severity }) => [code, app, severity])).toEqual([
      ['ghost', 'shop', 'warning'],
      ['unknown-app', 'removed', 'info'],
    ])
    expect(found.flatMap(({ repairs }) => repairs).some(({ recommended, safe }) => recommended || safe)).toBe(false)
  })

  it('a file that was lost is missing-parent alone, and its row is to stay', async () => {
    const lost = 'shop/migrations/0002_product_slug.py'
    const { readFileSync, rmSync } = await import('node:fs')
    const text = readFileSync(`${shop.folder}/${lost}`, 'utf8')
    rmSync(`${shop.folder}/${lost}`)
    expect((await shop.manage('migrate')).output).toContain('NodeNotFoundError')
    const found = await doctor()
    expect(codes(found)).toEqual([['missing-parent', 'shop', '0002_product_slug']])
    expect(found[0]?.evidence.at(-1)).toContain('its row must stay')
    shop.write({ [lost]: text })
    await djangoIsContent()
  })

  it('two leaves: the files are at fault, and which leaf is recorded is said', async () => {
    const leaf = (name: string) => ({
      [`shop/migrations/${name}.py`]: `from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("shop", "0003_fill_slugs")]\n    operations = []\n`,
    })
    shop.write(leaf('0004_other'))
    const found = await doctor()
    expect(codes(found)).toEqual([['conflict', 'shop', null]])
    expect(found[0]?.evidence).toEqual(['shop.0004_order: recorded here, so its file must stay', 'shop.0004_other: not recorded here'])
  })

  it('--explain finds what an error of Django or of this database comes of', async () => {
    await forget('shop', '0002_product_slug')
    await forget('reports', '0001_initial')
    const django = await shop.manage('migrate')
    expect(codes(await doctor('--explain', django.output))).toEqual([['hole', 'shop', '0002_product_slug']])
    await repairAll(await doctor('--only', 'hole'))
    const failed = await shop.manage('migrate')
    expect(codes(await doctor('--explain', failed.output.slice(failed.output.indexOf('Traceback'))))).toEqual([
      ['present-unrecorded', 'reports', '0001_initial'],
    ])
    await repairAll(await doctor())
    await database.query('ALTER TABLE shop_product DROP COLUMN slug')
    const query = await shop.manage('shell', '-c', 'from shop.models import Product; list(Product.objects.all())')
    expect(query.exitCode).not.toBe(0)
    expect(codes(await doctor('--explain', query.output))).toEqual([['recorded-missing', 'shop', '0002_product_slug']])
    const other = await run('doctor', '--explain', 'ValueError: something else altogether')
    expect([other.exitCode, other.stdout]).toEqual([0, 'None of the findings explains this error.\n'])
  })

  it.runIf(engine === 'postgresql')('a sequence that is behind, before Django dies of it', async () => {
    await database.query(`SELECT setval('django_migrations_id_seq', 1)`)
    const found = await doctor()
    expect(codes(found)).toEqual([['sequence-behind', null, null]])
    await repairAll(found)
    await djangoIsContent()
  })

  it('a history without its key', async () => {
    await database.query('CREATE TABLE copied AS SELECT * FROM django_migrations')
    await database.query('DROP TABLE django_migrations')
    await database.query('ALTER TABLE copied RENAME TO django_migrations')
    const found = await doctor()
    expect(codes(found)).toEqual([['id-default-missing', null, null]])
    await repairAll(found)
    expect(codes(await doctor())).toEqual([])
    shop.write({
      'reports/migrations/0002_x.py': `from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("reports", "0001_initial")]\n`,
    })
    const migrated = await shop.manage('migrate')
    expect(migrated, migrated.output).toMatchObject({ exitCode: 0 })
    await djangoIsContent()
  })

  it.runIf(/mysql|mariadb/.test(engine))('a role that the server shows one table alone: what it does not see is not called missing', async () => {
    const [{ name } = { name: '' }] = await database.query('SELECT DATABASE() AS name')
    const user = `r${Math.random().toString(36).slice(2, 10)}`
    await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'secret'`)
    await database.query(`GRANT SELECT ON ${name}.django_migrations TO '${user}'@'%'`)
    try {
      const url = new URL(database.url)
      url.username = user
      url.password = 'secret'
      const answer = await migstate(['doctor', '--json', '--url', url.href], { cwd: shop.folder, env: shop.env })
      expect([answer.exitCode, codes(answer.json.result.findings)], answer.stdout).toEqual([0, [['missing-rights', null, null]]])
      await forget('shop', '0002_product_slug')
      const hole = await migstate(['doctor', '--json', '--url', url.href], { cwd: shop.folder, env: shop.env })
      expect(codes(hole.json.result.findings)).toEqual([
        ['hole', 'shop', '0002_product_slug'],
        ['missing-rights', null, null],
      ])
      expect(hole.json.result.findings[0].repairs.some(({ recommended }: { recommended: boolean }) => recommended)).toBe(false)
    } finally {
      await database.query(`DROP USER '${user}'@'%'`)
    }
  })

  it.runIf(engine === 'postgresql')('a role that may only read the history sees the whole schema, and nothing else is needed', async () => {
    const role = `r${Math.random().toString(36).slice(2, 10)}`
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON django_migrations TO ${role}`)
    await forget('shop', '0002_product_slug')
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'secret'
      const answer = await migstate(['doctor', '--json', '--url', url.href], { cwd: shop.folder, env: shop.env })
      expect(codes(answer.json.result.findings), answer.stdout).toEqual([
        ['hole', 'shop', '0002_product_slug'],
        ['missing-rights', null, null],
      ])
      expect(answer.json.result.findings[0].repairs[0]).toMatchObject({ command: 'migstate mark applied shop.0002_product_slug', recommended: true })
    } finally {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  it('no table at all: usual on an empty database, a loss beside the tables', async () => {
    await database.query(bare('DROP TABLE django_migrations'))
    expect(codes(await doctor())).toEqual([['table-missing', null, null]])
    expect((await doctor())[0]?.severity).toBe('error')
    const empty = await freshDatabase(engine)
    const fresh = shopProject(version, empty)
    const answer = await migstate(['doctor', '--json'], { cwd: fresh.folder, env: fresh.env })
    expect([answer.exitCode, answer.json.result.findings.map((one: Finding) => [one.code, one.severity])]).toEqual([0, [['table-missing', 'info']]])
    fresh.remove()
    await empty.drop()
  })
})
