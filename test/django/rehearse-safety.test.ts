import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { migrationFile } from '../support/broken-shop.js'
import { built, migstate } from '../support/cli.js'
import { engines } from '../support/databases.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { HAND_MADE, handMade } from '../support/rehearsals.js'
import { everything, furnish } from '../support/rehearsed-shop.js'

const FILE = 'shop/migrations/0003_fill_slugs.py'

/** Where its child can be killed. */
const PLACES = ['proven', 'begun', 'operation', 'first-run', 'second-run', 'compared', 'rolled-back']

async function furnished(engine: (typeof engines)[number]) {
  const { database, shop } = await migratedShop(oneDjango as string, engine)
  await furnish(database)
  const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: shop.folder, env: shop.env })
  return { database, shop, run, before: await everything(database) }
}

describe.each(oneDjango ? engines : [])('what a rehearsal promises on %s', (engine) => {
  it('a transaction that is ended behind its back is noticed: exit 8, and what may be committed is said', async () => {
    const { shop, run } = await furnished(engine)
    const body = 'products.create(name="kept")\n    db.connection.commit()'
    shop.write({ [FILE]: handMade({ body }) })
    const { json, exitCode } = await run('rehearse', 'shop', '0003')
    expect(exitCode, JSON.stringify(json)).toBe(8)
    expect(json.error).toMatchObject({ code: 'outcome-unknown', consequence: 'unknown' })
    expect(json.error.message).toContain('has ended the transaction of the rehearsal')
  })

  it.each(PLACES)('its child killed at %s leaves nothing', async (place) => {
    const { database, shop, before } = await furnished(engine)
    const made = HAND_MADE.find(({ name }) => name === 'create') as (typeof HAND_MADE)[number]
    shop.write({ [FILE]: handMade(made) })
    const killed = await migstate(['rehearse', 'shop', '0003', '--json'], { cwd: shop.folder, env: { ...shop.env, MIGSTATE_FAILPOINT: `shim-${place}` } })
    expect(killed.exitCode, killed.stdout).toBe(7)
    expect(await everything(database)).toEqual(before)
  })

  it.each(PLACES)('its child killed at %s and the tool right after it leave nothing, and the next one works', async (place) => {
    const { database, shop, before } = await furnished(engine)
    const made = HAND_MADE.find(({ name }) => name === 'get_or_create') as (typeof HAND_MADE)[number]
    shop.write({ [FILE]: handMade(made) })
    const env = { ...shop.env, MIGSTATE_FAILPOINT: `shim-${place}`, MIGSTATE_FAILPOINT_TOO: 'rehearsal-ended' }
    const killed = await built(['rehearse', 'shop', '0003'], { cwd: shop.folder, env })
    expect(killed.exitCode, killed.stderr).toBeNull()
    await expect.poll(async () => (await built(['rehearse', 'shop', '0003'], { cwd: shop.folder, env: shop.env })).exitCode, { timeout: 60_000 }).toBe(0)
    expect(await everything(database)).toEqual(before)
  })

  it.each(['rehearsal-held', 'rehearsal-released', 'rehearsal-ended'])('the tool killed at %s leaves nothing, and the next one works', async (place) => {
    const { database, shop, before } = await furnished(engine)
    await built(['rehearse', 'shop', '0003'], { cwd: shop.folder, env: { ...shop.env, MIGSTATE_FAILPOINT: place } })
    await expect.poll(async () => (await built(['rehearse', 'shop', '0003'], { cwd: shop.folder, env: shop.env })).exitCode, { timeout: 60_000 }).toBe(0)
    expect(await everything(database)).toEqual(before)
  })

  it('what is pending is rehearsed in the order of migrate, each on what the one before has left', async () => {
    const { database, shop, run } = await furnished(engine)
    shop.write({
      'shop/migrations/0005_a.py': handMade({ body: 'products.create(name="a")' }).replace('0002_product_slug', '0004_order'),
      'shop/migrations/0006_b.py': handMade({ body: 'assert products.filter(name="a").count() == 1' }).replace('0002_product_slug', '0005_a'),
    })
    const before = await everything(database)
    const { json, exitCode } = await run('rehearse')
    expect(exitCode, JSON.stringify(json)).toBe(3)
    expect(json.result.rehearsals.map(({ target, answer }: { target: string[]; answer: string }) => [target[1], answer])).toEqual([
      ['0005_a', 'changes-more'],
      ['0006_b', 'repeatable'],
    ])
    expect((await run('rehearse', '--once')).exitCode).toBe(0)
    expect(await everything(database)).toEqual(before)
  })

  it('a table with more rows than --max-rows is compared as a whole, and that is said', async () => {
    const { shop, run } = await furnished(engine)
    shop.write({ [FILE]: handMade({ body: 'products.create(name="a")' }) })
    const { json } = await run('rehearse', 'shop', '0003', '--max-rows', '1')
    expect(json.result.rehearsal).toMatchObject({ answer: 'changes-more', differences: [{ table: 'shop_product', inserted: 1, examples: [] }] })
    expect(json.result.rehearsal.compared.left).toEqual(['shop_product (more than 1 rows: compared as a whole)'])
  })

  it('a rehearsal that takes longer than --timeout is stopped and rolled back', async () => {
    const { database, shop, run, before } = await furnished(engine)
    shop.write({ [FILE]: handMade({ imports: 'import time', body: 'products.create(name="a")\n    time.sleep(60)' }) })
    const { json, exitCode } = await run('rehearse', 'shop', '0003', '--timeout', '8')
    expect(exitCode, JSON.stringify(json)).toBe(7)
    expect(json.error.message).toContain('--timeout 8 s')
    expect(await everything(database)).toEqual(before)
  })

  it('another database is rehearsed on only where --on names it, and the first stays untouched', async () => {
    const { database, run, before } = await furnished(engine)
    const other = await furnished(engine)
    await other.database.query("INSERT INTO shop_product (name) VALUES ('Third Hat')")
    const there = await everything(other.database)
    const refused = await run('rehearse', 'shop', '0003', '--url', other.database.url)
    expect(refused.json.error).toMatchObject({ code: 'other-database', exitCode: 4 })
    const { json, exitCode } = await run('rehearse', 'shop', '0003', '--on', other.database.url)
    expect(exitCode, JSON.stringify(json)).toBe(0)
    expect(json.result.rehearsal.runs[0].rows).toEqual({ shop_product: { inserted: 0, updated: 3, deleted: 0 } })
    expect(await everything(other.database)).toEqual(there)
    expect(await everything(database)).toEqual(before)
  })

  it('a write to another database is refused before it is sent; it may be read', async () => {
    const { database, shop, run, before } = await furnished(engine)
    const other = await furnished(engine)
    const there = await everything(other.database)
    const settings = readFileSync(join(shop.folder, 'project', 'settings.py'), 'utf8')
    const [, entry] = /("default": \{.*?\n {4}\})/s.exec(settings) as unknown as [string, string]
    const second = entry.replace('default', 'other').replace(/os\.environ\.get\("SHOP_DB_NAME".*\),/, `${JSON.stringify(other.shop.env.SHOP_DB_NAME)},`)
    shop.write({ 'project/settings.py': settings.replace(entry, `${entry},\n    ${second}`) })
    shop.write({ [FILE]: handMade({ body: 'Product.objects.using("other").create(name="there")' }) })
    const refused = await run('rehearse', 'shop', '0003')
    expect(refused.json.error, JSON.stringify(refused.json)).toMatchObject({ code: 'cannot-rehearse', exitCode: 4, consequence: 'nothing' })
    expect(refused.json.error.message).toContain('the code writes to the database other')
    expect(refused.json.error.details.rehearsal.outside.map(({ kind }: { kind: string }) => kind)).toEqual(['alias'])
    shop.write({ [FILE]: handMade({ body: 'assert Product.objects.using("other").count() == 2\n    products.get_or_create(name="here")' }) })
    const read = await run('rehearse', 'shop', '0003')
    expect(read.exitCode, JSON.stringify(read.json)).toBe(0)
    expect(await everything(other.database)).toEqual(there)
    expect(await everything(database)).toEqual(before)
  })

  it('files may be written, made and removed in a folder that is allowed, and nowhere else, through a link neither', async () => {
    const { database, shop, run, before } = await furnished(engine)
    const at = (name: string) => JSON.stringify(join(shop.folder, name))
    mkdirSync(join(shop.folder, 'out'))
    const body = `open(${at('out/a')}, "a").write("x")\n    os.mkdir(${at('out/d')})\n    os.rename(${at('out/d')}, ${at('out/e')})\n    os.rmdir(${at('out/e')})`
    shop.write({ [FILE]: handMade({ imports: 'import os', body }) })
    const refused = await run('rehearse', 'shop', '0003')
    expect(refused.json.error, JSON.stringify(refused.json)).toMatchObject({ code: 'cannot-rehearse' })
    const { json, exitCode } = await run('rehearse', 'shop', '0003', '--allow-files', 'out')
    expect(exitCode, JSON.stringify(json)).toBe(0)
    expect(readFileSync(join(shop.folder, 'out', 'a'), 'utf8')).toBe('xx')
    for (const outside of [
      `os.rename(${at('out/a')}, ${at('a')})`,
      `os.symlink(${at('manage.py')}, ${at('out/link')})\n    open(${at('out/link')}, "a").write("x")`,
      `os.remove("manage.py", dir_fd=os.open(${at('.')}, os.O_RDONLY))`,
    ]) {
      rmSync(join(shop.folder, 'out', 'link'), { force: true })
      shop.write({ [FILE]: handMade({ imports: 'import os', body: outside }) })
      const kept = await run('rehearse', 'shop', '0003', '--allow-files', 'out')
      expect(kept.json.error, JSON.stringify(kept.json)).toMatchObject({ code: 'cannot-rehearse' })
    }
    expect(readFileSync(join(shop.folder, 'out', 'a'), 'utf8')).toBe('xx')
    expect(readFileSync(join(shop.folder, 'manage.py'), 'utf8')).not.toMatch(/x$/)
    expect(await everything(database)).toEqual(before)
  })

  it('a failure is explained by the later migration that is to blame', async () => {
    const { database, shop, run } = await furnished(engine)
    await database.query("UPDATE shop_product SET slug = ''")
    const later = 'migrations.AlterField("product", "slug", models.CharField(max_length=100, default=""))'
    shop.write({ 'shop/migrations/0005_strict.py': migrationFile('("shop", "0004_order")', later), [FILE]: handMade({ body: 'products.create(name="New")' }) })
    expect((await shop.manage('migrate', '-v0')).exitCode).toBe(0)
    const { json, exitCode } = await run('rehearse', 'shop', '0003')
    expect(exitCode, JSON.stringify(json)).toBe(3)
    expect(json.result.rehearsal.verdict).toMatch(
      /would fail: IntegrityError at 0003_fill_slugs\.py:\d+: .*slug.*, because shop\.0005_strict made shop\.Product\.slug NOT NULL/,
    )
  })

  it('rerun --rehearse stops unless it is repeatable; --force goes on', async () => {
    const { database, shop, run, before } = await furnished(engine)
    shop.write({ [FILE]: handMade({ body: 'products.create(name="a")' }) })
    const stopped = await run('rerun', 'shop', '0003', '--rehearse', '--yes')
    expect(stopped.json.error).toMatchObject({ code: 'not-repeatable', exitCode: 4, consequence: 'nothing' })
    expect(await everything(database)).toEqual(before)
    expect((await run('rerun', 'shop', '0003', '--rehearse', '--yes', '--force')).exitCode).toBe(0)
    expect(await database.query("SELECT name FROM shop_product WHERE name = 'a'")).toHaveLength(1)
    shop.write({ [FILE]: handMade({ body: 'products.get_or_create(name="b")' }) })
    expect((await run('rerun', 'shop', '0003', '--rehearse', '--yes')).exitCode).toBe(0)
    expect(await database.query("SELECT name FROM shop_product WHERE name = 'b'")).toHaveLength(1)
  })
})
