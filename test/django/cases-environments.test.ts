import { copyFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, recommendedOf } from '../support/broken-shop.js'
import { engines } from '../support/databases.js'
import { djangos } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'

/** One code and several databases or schemas, and what Django does beside rows, by the number that docs/cases.md gives the report. */
const spaces = (text: string) => text.replaceAll(/\s+/g, ' ')

describe.runIf(Object.keys(djangos).length > 0 && engines.includes('sqlite'))('cases of environments', () => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop()
  })
  afterEach(() => it_.end())

  const contentTypes = () => it_.database.query("SELECT model FROM django_content_type WHERE app_label = 'reports'")

  it('case 18: after a model was recorded without running it is said when its content types and permissions come, and then they come', async () => {
    const { shop, database, run, forget } = it_
    await forget('reports.0001_initial')
    await database.query("DELETE FROM auth_permission WHERE content_type_id IN (SELECT id FROM django_content_type WHERE app_label = 'reports')")
    await database.query("DELETE FROM django_content_type WHERE app_label = 'reports'")
    const sentence = 'Content types and permissions of reports.Report, where they are missing, appear at the next "manage.py migrate"'
    for (const argv of [
      ['mark', 'applied', 'reports.0001'],
      ['repair', '--all'],
      ['fake', 'reports'],
    ]) {
      expect(spaces((await run(...argv, '--dry-run')).stdout), argv.join(' ')).toContain(sentence)
      const done = await run(...argv, '--yes')
      expect([done.exitCode, spaces(done.stdout)]).toEqual([0, expect.stringContaining(sentence)])
      expect((await run('rollback', '--yes')).stdout).not.toContain('Content types')
    }
    const marked = await run('mark', 'applied', 'reports.0001', '--yes', '--json')
    expect([marked.json.result.modelsRecorded, await contentTypes()]).toEqual([['reports.Report'], []])
    expect((await shop.manage('migrate')).output).toContain('No migrations to apply')
    expect(await contentTypes()).toEqual([{ model: 'report' }])
  })
  it('nothing of content types is said where no model is recorded, nor where they are not installed', async () => {
    const { shop, run, forget } = it_
    await forget('shop.0002_product_slug')
    expect((await run('mark', 'applied', 'shop.0002', '--dry-run')).stdout).not.toContain('Content types')
    shop.write({ 'project/settings.py': 'INSTALLED_APPS = ["shop"]\nUSE_TZ = True\n' })
    await forget('shop.0001_initial')
    expect((await run('mark', 'applied', 'shop.0001', '--dry-run', '--url', it_.database.url)).stdout).not.toContain('Content types')
  })

  describe('a test database', () => {
    /** The same rows and tables as the one of the settings, under another name. */
    const copied = (name: string) => {
      const file = join(dirname(it_.database.file as string), name)
      copyFileSync(it_.database.file as string, file)
      return ['--url', `sqlite:///${file}`]
    }
    const named = (test: string) =>
      it_.shop.write({
        'project/local.py': `from project.settings import *\nDATABASES["default"]["TEST"] = {"NAME": ${JSON.stringify(join(dirname(it_.database.file as string), test))}}\n`,
      })

    it.each(['test_shop.sqlite3', 'test_shop_gw0.sqlite3', 'test_shop_2.sqlite3'])(
      'case 66: a row of another branch in %s: gates can stop at it, and the advice is to make the database anew',
      async (name) => {
        const { run, insert } = it_
        await insert('shop', '0005_branch')
        named('test_shop.sqlite3')
        const at = [...copied(name), '--settings', 'project.local']
        const answer = await run('doctor', '--json', ...at)
        const ghost = answer.json.result.findings.find(({ code }: { code: string }) => code === 'ghost')
        expect([answer.exitCode, recommendedOf([ghost])]).toEqual([3, ['pytest --create-db']])
        expect((await run('repair', '--all', '--yes', '--json', ...at)).json.result.repaired).toEqual([])
      },
    )
    it('case 66: also what is mended elsewhere is made anew there', async () => {
      const { database, run, doctor } = it_
      await database.query("UPDATE django_migrations SET name = '0002_slug' WHERE name = '0002_product_slug'")
      named('test_shop.sqlite3')
      const at = [...copied('test_shop.sqlite3'), '--settings', 'project.local']
      const found = await doctor(...at)
      expect([codesOf(found), recommendedOf(found)]).toEqual([['renamed shop 0002_product_slug'], ['pytest --create-db']])
      expect((await run('repair', '--all', '--yes', '--json', ...at)).json.result.repaired).toEqual([])
      expect(recommendedOf(await doctor('--settings', 'project.local')).join()).toMatch(/^migstate repair/)
    })
    it('a name that only looks like one is none, nor one of a project whose own database is called so', async () => {
      const { insert, doctor } = it_
      await insert('shop', '0005_branch')
      named('test_shop.sqlite3')
      for (const name of ['test_other.sqlite3', 'test_shop_copy.sqlite3', 'shop.sqlite3'])
        expect(recommendedOf(await doctor(...copied(name), '--settings', 'project.local')), name).toEqual([])
      expect(recommendedOf(await doctor(...copied('test_shop.sqlite3')))).toEqual([])
      named('db.sqlite3')
      expect(recommendedOf(await doctor('--settings', 'project.local'))).toEqual([])
    })
  })
})

describe.runIf(Object.keys(djangos).length > 0 && engines.includes('postgresql'))('cases of schemas', () => {
  let it_: BrokenShop
  const schemas = ['one', 'two', 'three']
  const inSchema = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    it_.shop.env.PGOPTIONS = `-c search_path=${name}`
    try {
      return await work()
    } finally {
      delete it_.shop.env.PGOPTIONS
    }
  }
  beforeEach(async () => {
    it_ = await brokenShop('postgresql')
    for (const name of schemas) {
      await it_.database.query(`CREATE SCHEMA ${name}`)
      const migrated = await inSchema(name, () => it_.shop.manage('migrate', '-v0'))
      expect(migrated.exitCode, migrated.output).toBe(0)
    }
  })
  afterEach(() => it_.end())
  const rowsOf = (name: string) => it_.database.query(`SELECT id, app, name, applied FROM ${name}.django_migrations ORDER BY id`)

  it('case 61: an app that moved to the tenants: its rows go in each schema without its tables, and only there', async () => {
    const { shop, database, run } = it_
    // A table of the shared schema would stand for it, as search_path has it.
    for (const name of ['public', 'one', 'two']) await database.query(`DROP TABLE ${name}.reports_report`)
    const before = [await rowsOf('three'), await fingerprint(database)]
    for (const name of schemas) {
      const done = await run('repair', '--all', '--yes', '--json', '--schema', name)
      const removed = done.json.result.changes.removed.map((row: { app: string; name: string }) => `${row.app}.${row.name}`)
      expect([done.exitCode, removed], done.stdout).toEqual([0, name === 'three' ? [] : ['reports.0001_initial']])
      await inSchema(name, async () => {
        const migrated = await shop.manage('migrate')
        expect([migrated.exitCode, migrated.output.includes('No migrations to apply')], migrated.output).toEqual([0, name === 'three'])
      })
      expect(codesOf(await it_.doctor('--schema', name, '--only', 'recorded-missing'))).toEqual([])
    }
    expect([await rowsOf('three'), await fingerprint(database)]).toEqual(before)
  })

  it('case 62: a schema that is not there, one without the table, one whose table others see: each is named, and nothing is made', async () => {
    const { database, run } = it_
    await database.query('CREATE SCHEMA bare')
    const tables = () =>
      database.query("SELECT schemaname, tablename FROM pg_tables WHERE tablename LIKE '%migra%' OR tablename LIKE 'migstate%' ORDER BY 1, 2")
    const before = await tables()
    for (const name of ['gone', 'bare']) {
      for (const command of [['doctor'], ['status'], ['mark', 'applied', 'shop.0001', '--yes']]) {
        const { json } = await run(...command, '--schema', name, '--json')
        expect([json.error?.code, json.error?.message]).toEqual(['table-missing', expect.stringContaining(name)])
      }
    }
    const [found] = await it_.doctor('--only', 'table-ambiguous')
    expect(schemas.every((name) => found?.message.includes(`${name}.django_migrations`))).toBe(true)
    expect(await tables()).toEqual(before)
  })

  it('case 8: rerun schema by schema: two are done, the one that fails is as before, and each says so', async () => {
    const { database, run } = it_
    await database.query('ALTER TABLE two.shop_product DROP COLUMN slug')
    await database.query("INSERT INTO two.shop_product (name) VALUES ('A B')")
    for (const name of ['one', 'three']) await database.query(`INSERT INTO ${name}.shop_product (name) VALUES ('A B')`)
    const before = await Promise.all(schemas.map(rowsOf))
    const answers = []
    for (const name of schemas) answers.push(await inSchema(name, () => run('rerun', 'shop.0003', '--schema', name, '--yes', '--json')))
    expect(answers.map(({ exitCode, json }) => [exitCode, json.error?.code ?? json.result.operation.status])).toEqual([
      [0, 'done'],
      [7, 'manage-failed'],
      [0, 'done'],
    ])
    for (const name of ['one', 'three']) expect(await database.query(`SELECT slug FROM ${name}.shop_product`)).toEqual([{ slug: 'a-b' }])
    expect(await rowsOf('two')).toEqual(before[1])
    const others = async (name: string) => (await rowsOf(name)).filter((row) => row.name !== '0003_fill_slugs')
    for (const [index, name] of schemas.entries()) expect(await others(name)).toEqual(before[index]?.filter((row) => row.name !== '0003_fill_slugs'))
  })
})
