import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { built, start } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { INSERTS } from '../support/shadow-project.js'
import { holdTable } from '../support/sessions.js'
import { refuseEvent } from '../support/triggers.js'
import { until } from '../support/until.js'

/** A child never outlives the command that has started it, whatever goes wrong beside it; and the command always ends. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeAll(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
    shop.write({ 'shop/migrations/0003_fill_slugs.py': INSERTS })
    // The journal is there before it is spoilt.
    const made = await run('snapshot', 'create')
    expect(made.exitCode, made.stdout).toBe(0)
  })
  afterAll(async () => {
    shop.remove()
    await database.drop()
  })
  const run = (...argv: string[]) => built([...argv, '--json'], { cwd: shop.folder, env: shop.env })
  const products = async () => Number((await database.query('SELECT count(*) AS n FROM shop_product'))[0]?.n)

  /** A rerun that cannot journal this event: whoever has a trigger there before is refused, so it comes at a failpoint. */
  async function refused(event: string, at: string, ...flags: string[]) {
    const hold = gate()
    const running = start(['rerun', 'shop', '0003', ...flags, '--yes', '--json'], { cwd: shop.folder, env: { ...shop.env, MIGSTATE_FAILPOINT: hold.at(at) } })
    await hold.reached()
    const mend = await refuseEvent(database, event)
    hold.open()
    const failed = await running.done
    await mend()
    return failed
  }

  it.each(['shadow', 'table'])('%s mode: what cannot be journaled is not run, and the command ends', async (mode) => {
    const before = [await fingerprint(database), await products()]
    const failed = await refused('child-started', mode === 'shadow' ? 'shadowed' : 'lifted', '--mode', mode)
    expect([failed.exitCode, failed.json.error?.code], failed.stdout + failed.stderr).toEqual([8, 'unfinished-operation'])
    expect(failed.json.error.message).toContain('no room')
    expect(failed.json.error.consequence).toBe(mode === 'shadow' ? 'nothing' : 'committed')
    const recovered = await run('recover')
    expect(recovered.exitCode, recovered.stdout).toBe(0)
    expect([await fingerprint(database), await products()]).toEqual(before)
  })

  it('the end of the child cannot be journaled: exit 8, and recover knows what it did', async () => {
    const before = await products()
    const failed = await refused('child-exited', 'child-held')
    expect([failed.exitCode, failed.json.error?.consequence], failed.stdout + failed.stderr).toEqual([8, 'unknown'])
    const recovered = await run('recover')
    expect(recovered.json.result?.operation?.status, recovered.stdout).toBe('done')
    expect(await products()).toBe(before + 1)
  })

  it.runIf(engine === 'sqlite')('somebody has the file longer than Django waits for it: nothing runs, and it is said who was in the way', async () => {
    const before = [await fingerprint(database), await products()]
    const hold = gate()
    const running = start(['rerun', 'shop', '0003', '--yes', '--json'], { cwd: shop.folder, env: { ...shop.env, MIGSTATE_FAILPOINT: hold.at('child-held') } })
    await hold.reached()
    const free = await holdTable(database)
    hold.open()
    // Django's own wait is five seconds (sqlite3.connect).
    const [{ pid }] = (await database.query("SELECT detail FROM migstate_event WHERE event = 'child-started' ORDER BY seq DESC LIMIT 1")).map(({ detail }) =>
      JSON.parse(String(detail)),
    )
    await until('manage.py has given up', () => !existsSync(`/proc/${pid}`), 60_000)
    await free()
    const failed = await running.done
    expect([failed.exitCode, failed.json.error?.code], failed.stdout + failed.stderr).toEqual([5, 'lock-timeout'])
    expect([await fingerprint(database), await products()]).toEqual(before)
  })
})
