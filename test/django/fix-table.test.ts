import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, recommendedOf } from '../support/broken-shop.js'
import { built } from '../support/cli.js'
import { engines } from '../support/databases.js'
import { oneDjango } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'

/** The counter of the ids is apart from the rows on PostgreSQL alone; elsewhere it cannot fall behind them. */
describe.runIf(oneDjango && engines.includes('postgresql'))('repair --fix-table', () => {
  let it_: BrokenShop
  beforeEach(async () => {
    it_ = await brokenShop('postgresql')
    await it_.database.query("SELECT setval('django_migrations_id_seq', 1)")
  })
  afterEach(() => it_.end())

  const next = async () => Number((await it_.database.query('SELECT last_value AS n, is_called FROM django_migrations_id_seq'))[0]?.n)
  const highest = async () => Number((await it_.database.query('SELECT max(id) AS n FROM django_migrations'))[0]?.n)

  it('sets the counter above the ids, is in the journal, and Django is content; a second time there is nothing to do', async () => {
    const { run, doctor, database, djangoIsContent } = it_
    const rows = (await fingerprint(database)).rows
    const [found] = await doctor()
    expect(recommendedOf([found as never])).toEqual(['migstate repair --fix-table'])
    // Without the flag it is not touched, by name or by --all.
    const refused = await run('repair', found?.id as string, '--yes', '--json')
    expect([refused.json.error.code, refused.json.error.hint]).toEqual(['not-repairable', expect.stringContaining('migstate repair --fix-table')])
    expect((await run('repair', '--all', '--yes', '--json')).json.result.operation).toBeNull()
    expect((await run('repair', '--all', '--fix-table', '--yes')).exitCode).toBe(2)
    const dry = await run('repair', '--fix-table', '--dry-run', '--json')
    const wanted = { before: '2', after: String((await highest()) + 1) }
    expect([dry.json.result.counter, dry.json.result.left, await next()]).toEqual([wanted, [], 1])
    const done = await run('repair', '--fix-table', '--yes', '--json')
    expect([done.exitCode, done.json.result.counter, done.json.result.repaired.map(({ code }: { code: string }) => code)]).toEqual([
      0,
      wanted,
      ['sequence-behind'],
    ])
    expect((await fingerprint(database)).rows).toEqual(rows)
    const shown = (await run('history', done.json.result.operation.id, '--json')).json.result.operation
    expect([shown.kind, shown.status]).toEqual(['repair', 'done'])
    await djangoIsContent()
    expect((await run('repair', '--fix-table', '--yes', '--json')).json.result.operation).toBeNull()
    // Below the ids it never goes back: undoing it has nothing to do.
    expect((await run('rollback', done.json.result.operation.id, '--yes')).exitCode).toBe(0)
    await djangoIsContent()
  })

  it('what was done and not recorded, and the counter that kept it from being recorded, are one operation with one undo', async () => {
    const { run, doctor, forget, names, shop } = it_
    await forget('reports.0001_initial')
    expect((await shop.manage('migrate')).exitCode).not.toBe(0)
    const before = await names()
    const found = await doctor()
    expect(codesOf(found).sort()).toEqual(['present-unrecorded reports 0001_initial', 'sequence-behind'])
    const ids = found.map(({ id }) => id)
    // Recording alone would meet a taken id.
    const present = found.find(({ code }) => code === 'present-unrecorded')?.id as string
    expect((await run('repair', present, '--yes', '--json')).json.error.code).toBe('sequence-behind')
    const done = await run('repair', ...ids, '--fix-table', '--yes', '--json')
    expect([done.exitCode, done.json.result.changes.added.length], done.stdout).toEqual([0, 1])
    await it_.djangoIsContent()
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await names()).toEqual(before)
    expect(codesOf(await doctor())).toEqual(['present-unrecorded reports 0001_initial'])
  })

  it('a counter that another table uses too is not moved', async () => {
    await it_.database.query("CREATE TABLE beside (id bigint DEFAULT nextval('django_migrations_id_seq'))")
    const refused = await it_.run('repair', '--fix-table', '--yes', '--json')
    expect([refused.exitCode, refused.json.error.code, refused.json.error.message]).toEqual([4, 'not-repairable', expect.stringContaining('another table too')])
    expect(await next()).toBe(1)
  })

  it.each(['table-mended', 'before-commit'])('killed at %s: nothing has happened', async (point) => {
    const { run, shop, doctor } = it_
    await built(['repair', '--fix-table', '--yes'], { cwd: shop.folder, env: { ...shop.env, MIGSTATE_FAILPOINT: point } })
    expect(await next()).toBe(1)
    expect(codesOf(await doctor())).toEqual(['sequence-behind'])
    expect((await run('repair', '--fix-table', '--yes')).exitCode).toBe(0)
    await it_.djangoIsContent()
  })
})
