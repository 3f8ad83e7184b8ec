import { beforeEach, describe, expect, it } from 'vitest'
import { type CliResult, migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'

/** What is proven before a migration runs: that Django works with this very table, and sees what it is meant to see. */
const all = process.env.DJANGO_VERSIONS === 'all'

describe.each(all ? engines : engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql'))('%s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("it ran")') })
  })

  const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
  const run = (...argv: string[]) => migstate([...argv, '--json'], options())
  const products = async () => Number((await database.query('SELECT count(*) AS n FROM shop_product'))[0]?.n)
  const expectRefused = async (result: CliResult, code: string, before: Awaited<ReturnType<typeof fingerprint>>) => {
    expect([result.exitCode, result.json.error?.code], result.stdout + result.stderr).toEqual([4, code])
    expect(await fingerprint(database)).toEqual(before)
    expect(await products()).toBe(0)
    expect((await run('recover')).json.result.operation).toBeNull()
  }

  it('table mode, manage.py uses another database that is not migrated: nothing is taken out', async () => {
    const other = await freshDatabase(engine)
    const before = await fingerprint(database)
    const argv = ['rerun', 'shop', '0003', '--yes', '--json', '--mode', 'table', '--url', database.url]
    await expectRefused(await migstate(argv, options(other.env)), 'other-database', before)
    expect((await run('history')).json.result.operations).toEqual([])
  })

  it('table mode, manage.py goes on seeing the row that was taken out: it is put back, and nothing runs', async () => {
    shop.write({
      'manage.py': `import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
if "showmigrations" in sys.argv:
    print("shop\\n [X] 0003_fill_slugs")
    sys.exit(0)
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`,
    })
    const before = await fingerprint(database)
    const refused = await run('rerun', 'shop', '0003', '--yes', '--mode', 'table')
    await expectRefused(refused, 'other-database', before)
    expect(refused.json.error.message).toContain('The rows were put back')
    expect((await run('history')).json.result.operations).toMatchObject([{ kind: 'rerun', status: 'failed' }])
  })

  it('table mode, manage.py dies before it shows anything: nothing is taken out', async () => {
    shop.write({ 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")\nraise RuntimeError("no cache server")\n' })
    const before = await fingerprint(database)
    const refused = await run('rerun', 'shop', '0003', '--yes', '--mode', 'table')
    expect([refused.json.error?.code, refused.json.error?.consequence], refused.stdout).toEqual(['django-does-not-start', 'nothing'])
    expect(refused.json.error.message).toContain('"manage.py showmigrations shop" does not work: RuntimeError: no cache server.')
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('history')).json.result.operations).toEqual([])
  })

  it('shadow mode, a name that begins a longer one: Django itself would call it ambiguous, and runs just this one', async () => {
    shop.write({
      'shop/migrations/0003_fill_slugs_more.py': dataMigration('create("the longer one")').replace('0002_product_slug', '0004_order'),
    })
    expect((await run('mark', 'applied', 'shop', '0003_fill_slugs_more', '--yes')).exitCode).toBe(0)
    const bare = await shop.manage('migrate', 'shop', '0003_fill_slugs', '--plan')
    expect(bare.output).toContain('More than one migration matches')
    const ran = await run('rerun', 'shop', '0003_fill_slugs', '--yes')
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    expect((await database.query('SELECT name FROM shop_product')).map((row) => row.name)).toEqual(['it ran'])
  })

  it('shadow mode, the copy of the history has lost a row: refused before anything runs', async () => {
    const before = await fingerprint(database)
    const hold = gate()
    const running = start(['rerun', 'shop', '0003', '--yes', '--json'], options({ MIGSTATE_FAILPOINT: hold.at('child-held') }))
    await hold.reached()
    await database.query("DELETE FROM migstate_snapshot_row WHERE app = 'contenttypes' AND name = '0001_initial'")
    hold.open()
    const refused = await running.done
    await expectRefused(refused, 'shadow-unavailable', before)
    expect(refused.json.error.message).toMatch(/the shadow table has \d+ rows instead of \d+/)
  })
})
