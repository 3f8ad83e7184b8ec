import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, migrationFile, recommendedOf } from '../support/broken-shop.js'
import { engines } from '../support/databases.js'
import { djangos } from '../support/django.js'
import { words } from '../support/words.js'

/** Several holes: one proposal for all of them, looked for in both directions, and Django is content once it is followed as printed. */
describe.runIf(Object.keys(djangos).length > 0 && engines.includes('sqlite'))('holes together', () => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop()
  })
  afterEach(() => it_.end())

  const model = (name: string) => `migrations.CreateModel("${name}", [("id", models.AutoField(primary_key=True))])`
  const later = (...names: string[]) =>
    it_.shop.write(
      Object.fromEntries(
        names.map((name, index) => [
          `shop/migrations/000${index + 5}_${name}.py`,
          migrationFile(`("shop", "${index === 0 ? '0004_order' : `000${index + 4}_${names[index - 1]}`}")`, model(name.toUpperCase())),
        ]),
      ),
    )

  async function follow(command: string): Promise<void> {
    for (const one of command.split(' && ')) {
      const done = one.startsWith('python manage.py') ? await it_.shop.manage(...words(one).slice(2)) : await it_.follow(one)
      expect(done.exitCode, `${one}: ${'output' in done ? done.output : done.stdout + done.stderr}`).toBe(0)
    }
  }

  it('all of them ran: one command records them, each with its reason', async () => {
    const { shop, doctor, run, forget, names, djangoIsContent } = it_
    const before = (await names()).sort()
    await forget('shop.0001_initial', 'shop.0002_product_slug', 'billing.0001_initial')
    expect((await shop.manage('migrate')).output).toContain('InconsistentMigrationHistory')
    const [first, ...others] = await doctor()
    expect(first?.repairs[0]).toMatchObject({
      command: 'migstate mark applied shop.0001_initial shop.0002_product_slug billing.0001_initial',
      recommended: true,
      safe: true,
      why: 'all at once, 3 rows of 2 apps: shop.0001_initial, shop.0002_product_slug, billing.0001_initial: recorded, for what it does is there',
    })
    expect(first?.repairs.filter(({ recommended }) => recommended)).toHaveLength(1)
    expect(codesOf(others)).toEqual(['hole shop 0002_product_slug', 'hole billing 0001_initial'])
    expect((await run('repair', first?.id as string, '--yes')).exitCode).toBe(0)
    expect((await names()).sort()).toEqual(before)
    await djangoIsContent()
  })

  it('neither the parent ran nor the child: the row of the child is the one that is wrong, and nothing is said twice', async () => {
    const { shop, doctor, run, insert, djangoIsContent } = it_
    later('a', 'b', 'c')
    await insert('shop', '0006_b')
    await insert('shop', '0007_c')
    expect((await shop.manage('migrate')).output).toContain('InconsistentMigrationHistory')
    const found = await doctor()
    expect(codesOf(found)).toEqual(['hole shop 0005_a'])
    expect(recommendedOf(found)).toEqual(['migstate mark unapplied shop.0006_b shop.0007_c && python manage.py migrate'])
    expect(found[0]?.repairs[0]?.why).toContain('shop.0006_b, shop.0007_c: unrecorded, for nothing of it is there either')
    // The other direction is there for who knows better, and it is not proposed.
    expect(found[0]?.repairs.slice(1).map(({ command, recommended }) => [command, recommended])).toEqual([['migstate run shop.0005_a', false]])
    expect((await run('repair', '--all', '--yes')).exitCode).toBe(0)
    await follow('python manage.py migrate')
    await djangoIsContent()
  })

  it('the child ran and the parent did not, and one above it did not either: each row goes its own way', async () => {
    const { database, doctor, run, insert, djangoIsContent } = it_
    later('a', 'b', 'c')
    await insert('shop', '0006_b')
    await insert('shop', '0007_c')
    await database.query('CREATE TABLE shop_b (id integer NOT NULL PRIMARY KEY AUTOINCREMENT)')
    const found = await doctor()
    expect(codesOf(found)).toEqual(['hole shop 0005_a'])
    expect(recommendedOf(found)).toEqual(['migstate mark unapplied shop.0007_c && migstate run shop.0005_a && python manage.py migrate'])
    // Code has to run, so no repair of everything begins it.
    expect((await run('repair', '--all', '--yes', '--json')).json.result.repaired).toEqual([])
    await follow(recommendedOf(found)[0] as string)
    await djangoIsContent()
  })

  it('one of them leaves no trace: every way is shown with its reasons, and none is recommended', async () => {
    const { doctor, run, forget, names, djangoIsContent } = it_
    await forget('shop.0001_initial', 'shop.0002_product_slug', 'shop.0003_fill_slugs', 'billing.0001_initial')
    const found = await doctor()
    expect(codesOf(found)).toEqual(['hole shop 0001_initial', 'hole shop 0002_product_slug', 'hole shop 0003_fill_slugs', 'hole billing 0001_initial'])
    const [recorded, ran, ...own] = found[0]?.repairs ?? []
    expect([recorded?.command, ran?.command, own.length]).toEqual([
      'migstate mark applied shop.0001_initial shop.0002_product_slug shop.0003_fill_slugs billing.0001_initial',
      'migstate mark applied shop.0001_initial shop.0002_product_slug && migstate run shop.0003_fill_slugs && migstate mark applied billing.0001_initial',
      1,
    ])
    expect(recorded?.why).toContain('shop.0003_fill_slugs: recorded, if it ran')
    expect(ran?.why).toContain('shop.0003_fill_slugs: run, if it did not run')
    expect([recorded, ran].some((one) => one?.recommended || one?.safe)).toBe(false)
    // What would be refused as long as that one is open is no advice.
    expect(found[3]?.repairs.some(({ recommended }) => recommended)).toBe(false)
    const before = await names()
    await follow(ran?.command as string)
    await djangoIsContent()
    expect((await names()).length).toBe(before.length + 4)
    expect((await run('history', '--json')).json.result.operations).toHaveLength(3)
  })

  it('a data migration recorded above one that never ran may have been faked: both directions are shown', async () => {
    const { shop, doctor, insert } = it_
    later('a')
    shop.write({
      'shop/migrations/0006_data.py': migrationFile('("shop", "0005_a")', 'migrations.RunPython(lambda apps, editor: None, migrations.RunPython.noop)'),
    })
    await insert('shop', '0006_data')
    const found = await doctor()
    expect(codesOf(found)).toEqual(['hole shop 0005_a'])
    // What is proven is one run; that the data migration did not run is not.
    expect(recommendedOf(found)).toEqual(['migstate run shop.0005_a'])
  })

  it('a migration that gives an index another name does something: it is recorded only where the new name is there', async () => {
    const { shop, database, doctor, forget } = it_
    shop.write({
      'shop/migrations/0005_index.py': migrationFile('("shop", "0004_order")', 'migrations.AddIndex("product", models.Index(fields=["name"], name="old_idx"))'),
      'shop/migrations/0006_rename.py': migrationFile('("shop", "0005_index")', 'migrations.RenameIndex("product", new_name="new_idx", old_name="old_idx")'),
      'shop/migrations/0007_after.py': migrationFile('("shop", "0006_rename")', model('After')),
    })
    expect((await shop.manage('migrate')).exitCode).toBe(0)
    await forget('shop.0006_rename')
    expect(recommendedOf(await doctor())).toEqual(['migstate mark applied shop.0006_rename'])
    await database.query('DROP INDEX new_idx')
    await database.query('CREATE INDEX old_idx ON shop_product (name)')
    const found = await doctor()
    expect([codesOf(found), recommendedOf(found)]).toEqual([['hole shop 0006_rename'], []])
  })
})
