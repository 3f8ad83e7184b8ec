import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'
import { roleUrl } from '../support/roles.js'
import { dataMigration } from '../support/shadow-project.js'

/** A rerun where the tool and Django work as different roles. */
describe.runIf(engines.includes('postgresql'))('postgresql', () => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, 'postgresql'))
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("it ran")') })
  })

  const rerun = (url: string, env: Record<string, string> = {}) =>
    migstate(['rerun', 'shop', '0003', '--yes', '--json', '--url', url], { cwd: shop.folder, env: { ...shop.env, ...env } })
  const products = async () => (await database.query('SELECT name FROM shop_product')).map((row) => row.name)

  it('a role that may not update the row at the end: refused before anything runs', async () => {
    const before = await fingerprint(database)
    const url = await roleUrl(
      database,
      'GRANT USAGE, CREATE ON SCHEMA public TO @; GRANT SELECT, INSERT, DELETE ON django_migrations TO @; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO @',
    )
    const refused = await rerun(url)
    expect([refused.exitCode, refused.json.error?.code], refused.stdout + refused.stderr).toEqual([1, 'missing-rights'])
    expect(refused.json.error.message).toContain('Nothing was changed')
    expect(await products()).toEqual([])
    expect(await fingerprint(database)).toEqual(before)
    expect((await migstate(['recover', '--json', '--no-files', '--url', url])).json.result.operation).toBeNull()
    const stranger = await migstate(['recover', '--json', '--no-files', '--url', database.url])
    expect([stranger.exitCode, stranger.json.error.code], stranger.stderr).toEqual([2, 'damaged-journal'])
    expect(stranger.json.error.message).toMatch(/ALTER TABLE "public"\."migstate_event" OWNER TO "\w+"/)
  })

  it("the owner of the table, which is Django's role, can use the side tables that another role makes", async () => {
    const url = new URL(await roleUrl(database))
    await database.query(`ALTER TABLE django_migrations OWNER TO ${url.username}`)
    const ran = await rerun(database.url, { SHOP_DB_USER: url.username })
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    expect(await products()).toEqual(['it ran'])
  })
})
