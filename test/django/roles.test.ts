import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { whenTestEnds } from '../support/endings.js'
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

/** MySQL's own messages name no right. */
describe.each(engines.filter((engine) => engine === 'mysql' || engine === 'mariadb'))('%s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  let user: string
  const name = () => new URL(database.url).pathname.slice(1)
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("it ran")') })
    user = `ms_role_${randomBytes(4).toString('hex')}`
    await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`)
    whenTestEnds(async () => void (await database.query(`DROP USER '${user}'@'%'`)))
  })

  const asRole = () => ({ ...shop.env, SHOP_DB_USER: user, SHOP_DB_PASSWORD: 'x' })
  const rerun = (...more: string[]) => migstate(['rerun', 'shop', '0003', '--yes', '--json', ...more], { cwd: shop.folder, env: asRole() })
  const products = async () => (await database.query('SELECT name FROM shop_product')).map((row) => row.name)

  it("Django's role lacks rights on the side tables and that of temporary tables: all of them are named at once, before anything runs", async () => {
    const tables = await database.query(`SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${name()}'`)
    for (const table of tables) await database.query(`GRANT ALL ON ${name()}.${String(table.name)} TO '${user}'@'%'`)
    const before = await fingerprint(database)
    const refused = await rerun('--url', database.url)
    expect([refused.exitCode, refused.json.error?.code], refused.stdout + refused.stderr).toEqual([4, 'shadow-unavailable'])
    const grants = (refused.json.error.hint as string).split(/;\s*/).filter(Boolean)
    expect(grants.map((grant) => /^GRANT (.*) ON/.exec(grant)?.[1])).toEqual(['SELECT', 'SELECT, INSERT', 'CREATE TEMPORARY TABLES'])
    expect(await fingerprint(database)).toEqual(before)
    expect(await products()).toEqual([])
    for (const grant of grants) await database.query(grant)
    const ran = await rerun('--url', database.url)
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    expect(await products()).toEqual(['it ran'])
  })

  it('one that lacks only INSERT into the journal, or only temporary tables', async () => {
    const first = await migstate(['snapshot', 'create', '--json'], { cwd: shop.folder, env: shop.env })
    expect(first.exitCode, first.stdout).toBe(0)
    await database.query(`GRANT SELECT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES, LOCK TABLES, CREATE TEMPORARY TABLES ON ${name()}.* TO '${user}'@'%'`)
    await database.query(`GRANT INSERT ON ${name()}.shop_product TO '${user}'@'%'`)
    const journal = await rerun('--url', database.url)
    expect(journal.json.error, journal.stdout).toMatchObject({ code: 'shadow-unavailable', details: { reason: 'rights' } })
    expect(journal.json.error.hint).not.toContain('TEMPORARY')
    await database.query(`GRANT INSERT ON ${name()}.* TO '${user}'@'%'`)
    await database.query(`REVOKE CREATE TEMPORARY TABLES ON ${name()}.* FROM '${user}'@'%'`)
    const temporary = await rerun('--url', database.url)
    expect(temporary.json.error, temporary.stdout).toMatchObject({ code: 'shadow-unavailable', details: { reason: 'temporary-tables' } })
    expect(temporary.json.error.hint).toBe(`GRANT CREATE TEMPORARY TABLES ON \`${name()}\`.* TO '${user}'@'%';`)
    expect(await products()).toEqual([])
  })

  it('the role of the settings, which the tool works as too, hears the right of temporary tables with all others', async () => {
    await database.query(`GRANT SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX, REFERENCES ON ${name()}.* TO '${user}'@'%'`)
    const refused = await rerun()
    expect([refused.exitCode, refused.json.error?.code], refused.stdout + refused.stderr).toEqual([1, 'missing-rights'])
    const grants = refused.json.error.details.grants as string[]
    expect(grants.join()).toMatch(/LOCK TABLES/)
    expect(grants.join()).toMatch(/CREATE TEMPORARY TABLES/)
    expect(grants.join()).toMatch(/DELETE/)
    const dry = await rerun('--dry-run')
    expect(dry.json.warnings.find(({ code }: { code: string }) => code === 'missing-rights')?.message, dry.stdout).toContain('CREATE TEMPORARY TABLES')
    for (const grant of grants) await database.query(grant)
    const ran = await rerun()
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    expect(await products()).toEqual(['it ran'])
  })
})
