import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { built, migstate, start } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'
import { INSERTS } from '../support/shadow-project.js'

const versions = process.env.DJANGO_VERSIONS === 'all' ? Object.keys(djangos) : [oneDjango as string]

const TOOL = ['before-open', 'shadowed', 'child-held', 'child-released', 'child-exited', 'forward-ran', 'before-close', 'rows-written', 'before-commit']
const AFTER = ['after-commit', 'closed']
/** In the child, in the order in which it meets them; the data is committed from `whole-marked` or `migrated` on. */
const CHILD = ['started', 'connected', 'shadow-made', 'ready', 'operation', 'operation-marked', 'whole-marked', 'migrated', 'end-marked']

/** kill -9 on either side of the pipe at each step: the real table is identical, and `recover` knows what happened. */
describe.each(versions)('Django %s', (version) => {
  // Django 2.2 with PyMySQL dies on MariaDB and MySQL: last_executed_query() decodes what is text already.
  describe.each(engines.filter((engine) => version !== '2.2' || !/mysql|mariadb/.test(engine)))('%s', (engine) => {
    let database: TestDatabase
    let shop: DjangoProject
    // One database for all: each test reads what it finds, and the next one goes on from there.
    beforeAll(async () => {
      ;({ database, shop } = await migratedShop(version, engine))
      shop.write({ 'shop/migrations/0003_fill_slugs.py': INSERTS })
    })
    beforeEach(() => database.query('DELETE FROM shop_product'))
    afterAll(async () => {
      shop.remove()
      await database.drop()
    })

    const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
    const run = (...argv: string[]) => migstate([...argv, '--json'], options())
    const products = async () => Number((await database.query('SELECT count(*) AS n FROM shop_product'))[0]?.n)

    /** The row of the target has a new time exactly where its data is there. */
    async function settled(before: Awaited<ReturnType<typeof fingerprint>>): Promise<boolean> {
      const recovered = await run('recover', '--lock-timeout', '30')
      expect(recovered.exitCode, recovered.stdout).toBe(0)
      const after = await fingerprint(database)
      expect(after.counter).toBe(before.counter)
      expect(after.rows).toHaveLength(before.rows.length)
      const changed = after.rows.filter((row, index) => row !== before.rows[index])
      expect(changed).toHaveLength(await products())
      expect((await run('recover')).json.result.operation).toBeNull()
      return changed.length === 1
    }

    it.each([...TOOL, ...AFTER])('the tool killed at %s', async (failpoint) => {
      const before = await fingerprint(database)
      const killed = await built(['rerun', 'shop', '0003', '--yes', '--json'], options({ MIGSTATE_FAILPOINT: failpoint }))
      expect(killed.exitCode, killed.stdout + killed.stderr).toBeNull()
      if (!AFTER.includes(failpoint)) expect(await fingerprint(database)).toEqual(before)
      const ran = await settled(before)
      // A child that was held never begins; one that was released goes on, unless its program was cut on the way in.
      if (failpoint !== 'child-released') expect(ran).toBe(!['before-open', 'shadowed', 'child-held'].includes(failpoint))
      if (ran) expect((await run('rollback', '--yes')).exitCode).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
    })

    it.each(CHILD)('the child killed at %s', async (failpoint) => {
      const before = await fingerprint(database)
      const result = await built(['rerun', 'shop', '0003', '--yes', '--json'], options({ MIGSTATE_FAILPOINT: `shim-${failpoint}` }))
      const ran = (await products()) === 1
      const inTransaction = engine === 'sqlite' || engine === 'postgresql'
      expect(ran).toBe(['migrated', 'end-marked', ...(inTransaction ? [] : ['whole-marked'])].includes(failpoint))
      expect(result.exitCode, result.stdout).toBe(ran ? 0 : 7)
      if (!ran) expect(await fingerprint(database)).toEqual(before)
      else expect(result.json.warnings.map((one: { code: string }) => one.code)).toContain('manage-failed-after')
      await settled(before)
    })

    it.each(CHILD)('both killed, the child at %s', async (failpoint) => {
      const before = await fingerprint(database)
      const running = start(['rerun', 'shop', '0003', '--yes'], options({ MIGSTATE_FAILPOINT: `shim-${failpoint}`, MIGSTATE_FAILPOINT_TOO: 'child-exited' }))
      expect((await running.done).exitCode).toBeNull()
      expect(await fingerprint(database)).toEqual(before)
      await settled(before)
      expect((await run('plan')).json.result.steps).toEqual([])
    })
  })
})
