import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, migrationFile, recommendedOf } from '../support/broken-shop.js'
import { engines } from '../support/databases.js'
import { djangos } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'

/** What makes a broken history worse, in a naive tool: each one is tried, and does not come about. */
describe.runIf(Object.keys(djangos).length > 0 && engines.includes('sqlite'))('traps', () => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop()
  })
  afterEach(() => it_.end())

  const json = async (...argv: string[]) => (await it_.run(...argv, '--json')).json

  it('trap 1: where the environment is not seen, rows of its packages are no ghosts, and no repair touches them', async () => {
    const { run, shop, database, doctor } = it_
    const before = await fingerprint(database)
    shop.env.VIRTUAL_ENV = join(shop.folder, 'no-such-environment')
    shop.env.PATH = '/usr/bin:/bin'
    const found = await doctor()
    expect(found.filter(({ code }) => code === 'ghost')).toEqual([])
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([])
    await run('repair', '--all', '--yes')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('trap 2: one row in the middle is not taken out to run it again', async () => {
    const { database, run } = it_
    const before = await fingerprint(database)
    const refused = await run('mark', 'unapplied', 'shop.0002', '--yes', '--json')
    expect([refused.exitCode, refused.json.error.code]).toEqual([4, 'would-make-hole'])
    expect(await fingerprint(database)).toEqual(before)
  })

  it('trap 3 and 4: a rerun goes no way back, and rows above it in all apps are as before', async () => {
    const { database, run } = it_
    for (const mode of ['shadow', 'table']) {
      const before = await fingerprint(database)
      const done = await run('rerun', 'shop.0003', '--mode', mode, '--yes')
      expect([done.exitCode, done.stdout.includes('Unapplying'), done.stderr.includes('Unapplying')]).toEqual([0, false, false])
      const changed = (await fingerprint(database)).rows.filter((row) => !before.rows.includes(row))
      expect(changed.map((row) => row.split('|').slice(0, 3))).toEqual([expect.arrayContaining(['shop', '0003_fill_slugs'])])
    }
  })

  it('trap 6: a parent that never ran is not marked because that silences Django', async () => {
    const { database, doctor, run, forget } = it_
    await forget('shop.0002_product_slug')
    await database.query('ALTER TABLE shop_product DROP COLUMN slug')
    const [hole] = await doctor()
    expect(hole?.repairs.map(({ command }) => command)).toEqual(['migstate run shop.0002_product_slug'])
    expect((await json('repair', '--all', '--yes')).result.repaired).toEqual([])
    const marked = await json('mark', 'applied', 'shop.0002', '--dry-run')
    expect(marked.warnings).toContainEqual({
      code: 'recorded-missing',
      message: expect.stringContaining('nothing of shop.0002_product_slug is in the database'),
    })
    expect((await run('repair', hole?.id as string, '--yes', '--json')).json.error.code).toBe('not-repairable')
  })

  it('trap 7: a table of the right name with other columns is no evidence that it ran', async () => {
    const { database, doctor, forget, names } = it_
    await forget('reports.0001_initial')
    await database.query('DROP TABLE reports_report')
    await database.query('CREATE TABLE reports_report (id integer PRIMARY KEY, other text)')
    const [found, ...rest] = await doctor()
    expect([found?.code, rest.filter(({ severity }) => severity === 'error')]).toEqual(['partially-applied', []])
    const before = await names()
    expect((await json('repair', '--all', '--yes')).result.repaired).toEqual([])
    expect(await names()).toEqual(before)
  })

  it('trap 8: a squash is recorded with all that it replaces, and those rows are never stale while a file names them', async () => {
    const { shop, run, doctor, names, database } = it_
    shop.write({
      'shop/migrations/0001_squashed_0004.py': migrationFile(
        '',
        'migrations.CreateModel("Product", [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=100)), ("slug", models.CharField(max_length=100, null=True))])',
        '    replaces = [("shop", "0001_initial"), ("shop", "0002_product_slug"), ("shop", "0003_fill_slugs")]\n',
      ),
    })
    await database.query("DELETE FROM django_migrations WHERE app = 'shop' OR app = 'billing' OR app = 'reports'")
    expect((await run('mark', 'applied', 'shop.0001_squashed_0004', '--yes')).exitCode).toBe(0)
    expect((await names()).filter((name) => name.startsWith('shop.')).sort()).toEqual([
      'shop.0001_initial',
      'shop.0001_squashed_0004',
      'shop.0002_product_slug',
      'shop.0003_fill_slugs',
    ])
    expect((await shop.manage('showmigrations', 'shop')).output).toContain('[X] 0001_squashed_0004')
    for (const name of ['0001_initial', '0002_product_slug', '0003_fill_slugs']) rmSync(join(shop.folder, 'shop/migrations', `${name}.py`))
    shop.write({ 'shop/migrations/0004_order.py': migrationFile('("shop", "0001_squashed_0004")', '') })
    expect(codesOf(await doctor()).filter((code) => code.startsWith('ghost'))).toEqual([])
  })

  it('trap 9: rows that are newer than the code stay', async () => {
    const { insert, names } = it_
    await insert('shop', '0005_next')
    const before = await names()
    expect((await json('repair', '--all', '--yes')).result.repaired).toEqual([])
    expect(await names()).toEqual(before)
  })

  it('trap 10 and 11: times are not put in order; what is restored has its ids, times and counter', async () => {
    const { database, doctor, run } = it_
    await database.query("UPDATE django_migrations SET applied = '2031-01-01 00:00:00.000001' WHERE app = 'shop' AND name = '0001_initial'")
    await database.query("UPDATE django_migrations SET id = 9007199254740993 WHERE name = '0004_order'")
    await database.query("UPDATE sqlite_sequence SET seq = 9007199254740993 WHERE name = 'django_migrations'")
    const before = await fingerprint(database)
    expect((await doctor()).filter(({ severity }) => severity !== 'info')).toEqual([])
    await run('repair', '--all', '--yes')
    expect(await fingerprint(database)).toEqual(before)
    const { snapshot } = (await json('snapshot', 'create')).result
    expect((await run('mark', 'unapplied', 'shop.0001', '--with-dependants', '--yes')).exitCode).toBe(0)
    expect((await run('snapshot', 'restore', snapshot.id, '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it('trap 13: a name is mended by its id; a row that a collation calls equal is not touched', async () => {
    const { database, insert, run } = it_
    await database.query("UPDATE django_migrations SET name = '0002_PRODUCT_SLUG' WHERE name = '0002_product_slug'")
    await insert('removed', '0002_product_slug')
    const before = await fingerprint(database)
    expect((await run('repair', '--all', '--yes')).exitCode).toBe(0)
    const changed = (await fingerprint(database)).rows.filter((row) => !before.rows.includes(row))
    expect(changed.map((row) => row.split('|').slice(1, 3))).toEqual([['shop', '0002_product_slug']])
  })

  it('trap 14: rows are forgotten with what stands on them, and nothing is recorded or run afterwards', async () => {
    const { run, names } = it_
    const before = await names()
    expect((await run('mark', 'unapplied', 'shop.0004', '--with-dependants', '--yes')).exitCode).toBe(0)
    expect(before.filter((name) => /^(billing|reports)|0004_order/.test(name))).toEqual(expect.arrayContaining(['shop.0004_order', 'reports.0001_initial']))
    const after = await names()
    expect(after).toEqual(before.filter((name) => after.includes(name)))
  })

  it('trap 15: an edge that a setting decides is no certain hole', async () => {
    const { shop, doctor } = it_
    shop.write({
      'reports/migrations/0001_initial.py': `import os
from django.db import migrations, models

more = [("shop", "0009_later")] if os.environ.get("WITH_MORE") == "1" and os.path.exists("/somewhere") else []


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_invoice_paid"), ("shop", "0004_order")] + more
    operations = [migrations.CreateModel("Report", [("id", models.AutoField(primary_key=True)), ("title", models.CharField(max_length=100))])]
`,
    })
    const found = await doctor()
    expect(found.filter(({ code, severity }) => code === 'hole' || code === 'missing-parent' || severity === 'error')).toEqual([])
  })

  it('trap 17: what runs is asked for its database first, and the place is named before anything is written', async () => {
    const { run, shop, database } = it_
    const before = await fingerprint(database)
    shop.write({ 'local.sqlite3': '' })
    shop.write({
      'manage.py': `import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
os.environ["SHOP_DB_NAME"] = os.path.join(os.path.dirname(os.path.abspath(__file__)), "local.sqlite3")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`,
    })
    const refused = await run('rerun', 'shop.0003', '--yes', '--json', '--url', database.url)
    expect([refused.exitCode, refused.json.error.code, await fingerprint(database)], refused.stdout).toEqual([4, 'other-database', before])
  })

  it('trap 19: a second run is asked about in words, and never done again by itself', async () => {
    const { run } = it_
    const shown = await run('rerun', 'shop.0003', '--dry-run')
    expect((shown.stdout + shown.stderr).replaceAll(/\s+/g, ' ')).toContain('fill_slugs')
    const silent = await run('rerun', 'shop.0003', '--json')
    expect([silent.exitCode, silent.json.error.code]).toEqual([4, 'needs-yes'])
  })

  it('trap 20: each row of a repair has its reason; where the evidence conflicts nothing is done', async () => {
    const { database, forget, insert } = it_
    await forget('shop.0003_fill_slugs', 'reports.0001_initial')
    await insert('shop', '0002_other_branch')
    await database.query(`INSERT INTO django_migrations (app, name, applied) SELECT app, name, applied FROM django_migrations WHERE app = 'billing'`)
    const dry = await json('repair', '--all', '--dry-run')
    expect(dry.result.repaired.every(({ why }: { why: string }) => why.length > 10)).toBe(true)
    expect(dry.result.repaired.map(({ code }: { code: string }) => code).sort()).toEqual(['duplicate', 'duplicate', 'present-unrecorded'])
    expect(codesOf(dry.result.left)).toEqual(['hole shop 0003_fill_slugs', 'ghost shop 0002_other_branch'])
    expect(recommendedOf(dry.result.left)).toEqual([])
  })
})
