import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { open } from '../../src/index.js'
import { type BrokenShop, brokenShop, codesOf, migrationFile, recommendedOf } from '../support/broken-shop.js'
import { engines } from '../support/databases.js'
import { oneDjango } from '../support/django.js'
import { handMade } from '../support/rehearsals.js'
import { everything, furnish } from '../support/rehearsed-shop.js'

const FILE = 'shop/migrations/0003_fill_slugs.py'
const FILLS = handMade({ body: 'products.filter(slug__isnull=True).update(slug="x")' })
const DECIDES = 'migstate doctor --rehearse'

/** A hole of a data migration leaves no trace: what a rehearsal of it would change is the evidence. */
describe.each(oneDjango ? engines : [])('doctor --rehearse on %s', (engine) => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop(engine)
    await furnish(it_.database)
  })
  afterEach(() => it_.end())

  /** The hole, with what is asked of it; nothing may be changed by that. */
  async function rehearsed(file: string) {
    it_.shop.write({ [FILE]: file })
    await it_.forget('shop.0003_fill_slugs')
    const before = await everything(it_.database)
    const { json, exitCode } = await it_.run('doctor', '--rehearse', '--json')
    expect(await everything(it_.database)).toEqual(before)
    expect(exitCode, JSON.stringify(json)).toBe(3)
    const [hole] = json.result.findings
    expect(codesOf(json.result.findings)).toEqual(['hole shop 0003_fill_slugs'])
    return { hole, line: hole.evidence.at(-1) as string }
  }

  it('it would change rows, and a second run none: run it, as printed, and Django is content', async () => {
    const { hole, line } = await rehearsed(FILLS)
    expect(line).toMatch(/^rehearsed at \d{4}-\d\d-\d\dT[\d:.]+Z: it would change shop_product \(2 updated\), and a second run would find nothing more to do$/)
    expect(hole.message).toContain('To run it now would change rows')
    expect(recommendedOf([hole])).toEqual(['migstate run shop.0003_fill_slugs'])
    expect(hole.repairs.some(({ safe }: { safe: boolean }) => safe)).toBe(false)
    expect((await it_.follow('migstate run shop.0003_fill_slugs')).exitCode).toBe(0)
    expect(await it_.database.query("SELECT count(*) AS n FROM shop_product WHERE slug = 'x'")).toEqual([{ n: expect.anything() }])
    expect(Number((await it_.database.query("SELECT count(*) AS n FROM shop_product WHERE slug = 'x'"))[0]?.n)).toBe(2)
    await it_.djangoIsContent()
  })

  it('it would change nothing: mark it, as printed, and Django is content', async () => {
    await it_.database.query("UPDATE shop_product SET slug = 'there'")
    const { hole, line } = await rehearsed(FILLS)
    expect(line).toMatch(/: it would change 0 rows of the 1 table that it writes to: it has nothing to do, as after a run of it$/)
    expect(recommendedOf([hole])).toEqual(['migstate mark applied shop.0003_fill_slugs'])
    // What --all does is proven without a rehearsal.
    expect(hole.repairs.some(({ safe }: { safe: boolean }) => safe)).toBe(false)
    expect((await it_.follow('migstate mark applied shop.0003_fill_slugs')).exitCode).toBe(0)
    await it_.djangoIsContent()
  })

  it.each([
    ['changes something each time', 'products.create(name="New")', 'in a second run, so this does not tell whether it ran'],
    ['fails', 'raise ValueError("no such thing")', 'would fail: ValueError at 0003_fill_slugs.py:'],
    [
      'calls back after the commit',
      'from django.db import transaction\n    transaction.on_commit(lambda: None)',
      'what it does outside of its rows is not seen',
    ],
    ['sends something', 'import socket\n    socket.create_connection(("127.0.0.1", 9))', 'a rehearsal lets nothing out'],
  ])('code that %s decides nothing, and that is said', async (_, body, says) => {
    const { hole, line } = await rehearsed(handMade({ body }))
    expect(line).toContain(says)
    expect(recommendedOf([hole])).toEqual([])
    expect(hole.message).toContain('Whether it ran cannot be seen')
  })

  it('without the flag the command that decides is named', async () => {
    it_.shop.write({ [FILE]: FILLS })
    await it_.forget('shop.0003_fill_slugs')
    const [hole] = await it_.doctor()
    expect(hole?.repairs.map(({ command, recommended }) => [command, recommended])).toEqual([
      ['migstate mark applied shop.0003_fill_slugs', false],
      ['migstate run shop.0003_fill_slugs', false],
      [DECIDES, false],
    ])
    expect((await it_.run(...DECIDES.split(' ').slice(1))).exitCode).toBe(3)
  })

  it('code that ends the transaction: exit 8, and what it did is for a person to look at', async () => {
    it_.shop.write({ [FILE]: handMade({ body: 'db.connection.commit()' }) })
    await it_.forget('shop.0003_fill_slugs')
    const { json, exitCode } = await it_.run('doctor', '--rehearse', '--json')
    expect([exitCode, json.error.code, json.error.consequence]).toEqual([8, 'outcome-unknown', 'unknown'])
  })

  it('of two, one above the other, the upper is seen as after the lower', async () => {
    it_.shop.write({
      'shop/migrations/0005_more.py': migrationFile('("shop", "0004_order")', 'migrations.RunPython(lambda apps, editor: None)'),
      'shop/migrations/0006_last.py': migrationFile('("shop", "0005_more")', 'migrations.RunPython(lambda apps, editor: None)'),
    })
    await it_.insert('shop', '0005_more')
    await it_.insert('shop', '0006_last')
    await it_.database.query("UPDATE shop_product SET slug = 'there'")
    it_.shop.write({ [FILE]: FILLS })
    await it_.forget('shop.0003_fill_slugs', 'shop.0005_more')
    const both = await it_.doctor('--rehearse')
    expect(both.map(({ evidence }) => evidence.at(-1)?.replace(/^[^:]*:\d\d:[\d.]+Z: /, ''))).toEqual([
      'it would change 0 rows of the 1 table that it writes to: it has nothing to do, as after a run of it',
      'it would write to no table: it has nothing to do, as after a run of it',
    ])
    expect(recommendedOf(both.slice(0, 1))).toEqual(['migstate mark applied shop.0003_fill_slugs shop.0005_more'])
    await it_.database.query('UPDATE shop_product SET slug = NULL')
    const [lower, upper] = await it_.doctor('--rehearse')
    expect(lower?.evidence.at(-1)).toContain('shop_product (2 updated)')
    expect(upper?.evidence.at(-1)).toMatch(/: not done, for shop\.0003_fill_slugs below it comes first$/)
  })

  it('rows that were lost below what can be seen are rehearsed too', async () => {
    await it_.database.query("UPDATE shop_product SET slug = 'there'")
    it_.shop.write({ [FILE]: FILLS })
    await it_.database.query("DELETE FROM django_migrations WHERE app IN ('shop', 'billing', 'reports')")
    const [lost] = await it_.doctor('--rehearse')
    expect(lost?.code).toBe('present-unrecorded')
    expect(lost?.evidence.join('\n')).toMatch(/shop\.0003_fill_slugs, rehearsed at [^ ]+: it would change 0 rows of the 1 table/)
    expect(recommendedOf([lost as never])).toHaveLength(1)
    await it_.database.query('UPDATE shop_product SET slug = NULL')
    const [now] = await it_.doctor('--rehearse')
    expect(now?.repairs[0]).toMatchObject({ recommended: false, why: expect.stringContaining('but a rehearsal of shop.0003_fill_slugs would change rows') })
  })

  it('the library does the same', async () => {
    it_.shop.write({ [FILE]: FILLS })
    await it_.forget('shop.0003_fill_slugs')
    const m = await open({ project: it_.shop.folder, url: it_.database.url, env: { ...process.env, ...it_.shop.env } })
    try {
      const [hole] = (await m.doctor({ rehearse: true })).findings
      expect(hole?.evidence.at(-1)).toContain('shop_product (2 updated)')
    } finally {
      await m.close()
    }
  })
})

/** RunSQL may commit by itself on MySQL and MariaDB; elsewhere it is rehearsed like any other. */
describe.each(oneDjango ? engines : [])('doctor --rehearse of a RunSQL on %s', (engine) => {
  it(engine === 'mysql' || engine === 'mariadb' ? 'says why it cannot, and decides nothing' : 'decides', async () => {
    const it_ = await brokenShop(engine)
    try {
      await furnish(it_.database)
      it_.shop.write({
        [FILE]: migrationFile('("shop", "0002_product_slug")', 'migrations.RunSQL("UPDATE shop_product SET slug = \'x\' WHERE slug IS NULL", "")'),
      })
      await it_.forget('shop.0003_fill_slugs')
      const before = await everything(it_.database)
      const [hole] = await it_.doctor('--rehearse')
      expect(await everything(it_.database)).toEqual(before)
      const said = hole?.evidence.at(-1)
      if (engine === 'mysql' || engine === 'mariadb') {
        expect(said).toContain(`it could not be (cannot-rehearse): shop.0003_fill_slugs cannot be rehearsed on ${engine}: operation 1 (RunSQL`)
        expect(recommendedOf([hole as never])).toEqual([])
      } else {
        expect(said).toContain('it would change shop_product (2 updated), and a second run would find nothing more to do')
        expect(recommendedOf([hole as never])).toEqual(['migstate run shop.0003_fill_slugs'])
      }
    } finally {
      await it_.end()
    }
  })
})

describe.runIf(oneDjango && engines.includes('postgresql'))('what doctor --rehearse cannot tell from rows', () => {
  it('a statement of the schema in the code', async () => {
    const it_ = await brokenShop('postgresql')
    try {
      await furnish(it_.database)
      it_.shop.write({ [FILE]: handMade({ body: 'sql("CREATE INDEX IF NOT EXISTS by_name ON shop_product (name)")' }) })
      await it_.forget('shop.0003_fill_slugs')
      const [hole] = await it_.doctor('--rehearse')
      expect(hole?.evidence.at(-1)).toContain('it changes the schema too (CREATE INDEX IF)')
      expect(recommendedOf([hole as never])).toEqual([])
    } finally {
      await it_.end()
    }
  })
})
