import { describe, expect, it } from 'vitest'
import { open } from '../../src/index.js'
import { migstate } from '../support/cli.js'
import { engines } from '../support/databases.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { handMade } from '../support/rehearsals.js'
import { everything, furnish } from '../support/rehearsed-shop.js'
import { terminal } from '../support/terminal.js'

const FILE = 'shop/migrations/0003_fill_slugs.py'

async function furnished(engine: (typeof engines)[number]) {
  const { database, shop } = await migratedShop(oneDjango as string, engine)
  await furnish(database)
  const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: shop.folder, env: shop.env })
  /** What a person is asked. */
  const question = async () => {
    const session = terminal(['rerun', 'shop', '0003'], { cwd: shop.folder, env: shop.env, columns: 400 })
    const { text } = await session.sees(/Run this migration again\? \[y\/N\]/)
    session.type('n\r')
    await session.done
    // Lines end where the terminal does.
    return text.replaceAll(/\s+/g, ' ')
  }
  const shown = async () => (await run('show', 'shop', '0003')).json.result.migration.rehearsal
  return { database, shop, run, question, shown }
}

const APPENDS = handMade({ body: 'products.create(name="a")' })
const ADVICE = 'migstate rehearse shop.0003_fill_slugs'

describe.each(oneDjango ? engines : [])('what is kept of a rehearsal on %s', (engine) => {
  it('without --record nothing at all is written; with it one event, and the question of rerun quotes it', async () => {
    const { database, shop, run, question, shown } = await furnished(engine)
    shop.write({ [FILE]: APPENDS })
    const before = await everything(database)
    await run('rehearse', 'shop', '0003')
    expect(await everything(database)).toEqual(before)
    expect(await question()).toContain(ADVICE)
    expect(await shown()).toBeNull()
    const recorded = await run('rehearse', 'shop', '0003', '--record')
    expect(recorded.exitCode, JSON.stringify(recorded.json)).toBe(3)
    const events = await database.query('SELECT operation, event, detail FROM migstate_event')
    expect(events.map(({ operation, event }) => [operation, event])).toEqual([[null, 'rehearsed']])
    expect(JSON.parse(String(events[0]?.detail))).toMatchObject({ app: 'shop', name: '0003_fill_slugs', answer: 'changes-more' })
    const asked = await question()
    expect(asked).toContain(`with this file and this history: ${recorded.json.result.rehearsal.verdict}`)
    expect(asked).not.toContain(ADVICE)
    expect((await run('history')).json.result.operations).toEqual([])
    expect(await shown()).toMatchObject({ answer: 'changes-more', verdict: recorded.json.result.rehearsal.verdict, current: true })
  })

  it('a rehearsal of another file, or of another history, is not quoted, and shown as such', async () => {
    const { database, shop, run, question, shown } = await furnished(engine)
    shop.write({ [FILE]: APPENDS })
    await run('rehearse', 'shop', '0003', '--record')
    shop.write({ [FILE]: handMade({ body: 'products.get_or_create(name="a")' }) })
    expect(await question()).toContain(ADVICE)
    expect(await shown()).toMatchObject({ answer: 'changes-more', current: false })
    shop.write({ [FILE]: APPENDS })
    expect(await shown()).toMatchObject({ current: true })
    expect(await question()).not.toContain(ADVICE)
    await database.query("UPDATE django_migrations SET name = '0001_other' WHERE app = 'reports'")
    expect(await question()).toContain(ADVICE)
  })

  it('a hole, to which Django would refuse to go, is rehearsed as "run" would run it', async () => {
    const { database, shop, run } = await furnished(engine)
    shop.write({ [FILE]: handMade({ body: 'products.get_or_create(name="a")' }) })
    await database.query("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0003_fill_slugs'")
    const before = await everything(database)
    const { rehearsal } = (await run('rehearse', 'shop', '0003')).json.result
    expect(rehearsal).toMatchObject({ target: ['shop', '0003_fill_slugs'], answer: 'repeatable', idempotent: true })
    expect(rehearsal.runs[0].rows).toMatchObject({ shop_product: { inserted: 1 } })
    expect(await everything(database)).toEqual(before)
    // What it stands on is not recorded either: the same refusal as that of "run".
    await database.query("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0002_product_slug'")
    expect((await run('rehearse', 'shop', '0003')).json.error.code).toBe('pending-migrations')
  })

  it('the library rehearses, and asks nobody', async () => {
    const { database, shop } = await furnished(engine)
    const before = await everything(database)
    const m = await open({ project: shop.folder, url: database.url, env: { ...process.env, ...shop.env } })
    try {
      const { rehearsal, rehearsals, warnings } = await m.rehearse({ app: 'shop', migration: '0003' })
      expect(rehearsal).toMatchObject({ target: ['shop', '0003_fill_slugs'], answer: 'repeatable', idempotent: true })
      expect([rehearsals.length, warnings]).toEqual([1, []])
      expect((await m.rehearse()).rehearsal).toBeNull()
    } finally {
      await m.close()
    }
    expect(await everything(database)).toEqual(before)
  })
})
