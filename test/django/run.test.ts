import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built, migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'

const versions = process.env.DJANGO_VERSIONS ? Object.keys(djangos) : [oneDjango as string]

/** `migstate run`: one unrecorded migration that Django refuses because of a hole is really run, and recorded. */
describe.each(versions)('Django %s', (version) => {
  describe.each(engines.filter((engine) => version !== '2.2' || !/mysql|mariadb/.test(engine)))('%s', (engine) => {
    let database: TestDatabase
    let shop: DjangoProject
    beforeEach(async () => {
      ;({ database, shop } = await migratedShop(version, engine))
    })
    afterEach(async () => {
      shop.remove()
      await database.drop()
    })

    const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
    const run = (...argv: string[]) => migstate([...argv, '--json'], options())
    const products = async () => Number((await database.query('SELECT count(*) AS n FROM shop_product'))[0]?.n)
    const forget = (app: string, name: string) => database.query(`DELETE FROM django_migrations WHERE app = '${app}' AND name = '${name}'`)

    it('a hole in the middle: Django refuses, this runs just that one, records it, and Django is content', async () => {
      shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("ran")') })
      await forget('shop', '0003_fill_slugs')
      const before = await fingerprint(database)
      const refused = await shop.manage('migrate')
      if (version !== '1.8') expect(refused.output).toContain('InconsistentMigrationHistory')
      const dry = await run('run', 'shop.0003', '--dry-run')
      expect(dry.json.result).toMatchObject({
        operation: null,
        changes: { removed: [], updated: [], added: [{ id: null, app: 'shop', name: '0003_fill_slugs', applied: null }] },
        rerun: { kind: 'run', mode: 'shadow', target: ['shop', '0003_fill_slugs'] },
      })
      expect(await fingerprint(database)).toEqual(before)
      expect(await products()).toBe(0)
      const ran = await run('run', 'shop.0003', '--yes')
      expect(ran.json, ran.stdout + ran.stderr).toMatchObject({
        ok: true,
        result: { operation: { kind: 'run', status: 'done' }, next: { steps: [], blockedBy: [] } },
      })
      expect(await products()).toBe(1)
      const after = await fingerprint(database)
      expect(after.rows.slice(0, before.rows.length)).toEqual(before.rows)
      expect(after.rows).toHaveLength(before.rows.length + 1)
      expect(await shop.manage('migrate', '--check').then(({ exitCode, output }) => [exitCode, /refused|Inconsistent/.test(output)])).toEqual(
        version === '1.8' ? [2, false] : [0, false],
      )
      // Applied now: nothing to do, and the rollback takes the row out again.
      expect((await run('run', 'shop.0003', '--yes')).json.result.operation).toBeNull()
      expect((await run('rollback', '--yes')).exitCode).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
    })

    it('a schema migration, and its unrecorded parents first with --with-dependencies', async () => {
      await shop.manage('migrate', 'billing', 'zero', '-v0')
      await database.query(
        `INSERT INTO django_migrations (app, name, applied) VALUES ('billing', '0002_invoice_paid', '2024-01-01 00:00:00${engine === 'postgresql' ? '+00' : ''}')`,
      )
      await forget('billing', '0002_invoice_paid')
      const refused = await run('run', 'billing.0002', '--yes')
      expect(refused.json.error).toMatchObject({ code: 'pending-migrations', exitCode: 4, details: { pending: [['billing', '0001_initial']] } })
      expect(refused.json.error.hint).toContain('migstate run billing.0002_invoice_paid --with-dependencies')
      const ran = await run('run', 'billing.0002', '--with-dependencies', '--yes')
      expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true })
      expect(ran.json.result.reruns.map((one: { target: string[] }) => one.target.join('.'))).toEqual(['billing.0001_initial', 'billing.0002_invoice_paid'])
      expect(new Set(ran.json.result.reruns.map((one: { operation: string }) => one.operation)).size).toBe(2)
      expect((await database.query('SELECT paid FROM billing_invoice')).length).toBe(0)
      // What stood on it was taken back with it, and is left to Django.
      expect((await run('plan')).json.result.steps).toEqual([{ app: 'reports', name: '0001_initial', direction: 'forward' }])
    })

    it('what is there already is named before; it fails, and nothing is recorded', async () => {
      await forget('billing', '0001_initial')
      const before = await fingerprint(database)
      const dry = await run('run', 'billing.0001', '--dry-run')
      const hazards = dry.json.result.hazards as { code: string; message: string }[]
      expect(hazards.find((one) => one.code === 'already-there')?.message).toContain('the table billing_invoice is there already')
      const ran = await run('run', 'billing.0001', '--yes')
      expect(ran.json.error, ran.stdout).toMatchObject({ code: 'manage-failed', exitCode: 7 })
      expect(await fingerprint(database)).toEqual(before)
      expect((await run('history')).json.result.operations[0]).toMatchObject({ kind: 'run', status: 'failed', target: 'billing.0001_initial' })
    })

    it('another hole elsewhere does not stand in its way', async () => {
      await forget('shop', '0003_fill_slugs')
      await forget('billing', '0001_initial')
      const ran = await run('run', 'shop.0003', '--yes')
      expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true })
      expect(ran.json.result.rerun.hidden).toContainEqual(['billing', '0002_invoice_paid'])
      expect((await run('status')).json.result.summary.holes).toBe(1)
    })

    it.each(['forward-ran', 'before-close', 'before-commit'])('killed at %s: recover records it, exactly once', async (failpoint) => {
      shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("ran")') })
      await forget('shop', '0003_fill_slugs')
      const before = await fingerprint(database)
      const killed = await built(['run', 'shop.0003', '--yes'], options({ MIGSTATE_FAILPOINT: failpoint }))
      expect(killed.exitCode).toBeNull()
      expect(await products()).toBe(1)
      expect((await run('recover')).json.result).toMatchObject({ operation: { kind: 'run', status: 'done' } })
      const after = await fingerprint(database)
      expect(after.rows.filter((row) => row.includes('|shop|0003_fill_slugs|'))).toHaveLength(1)
      expect(after.rows).toHaveLength(before.rows.length + 1)
      expect((await run('recover')).json.result.operation).toBeNull()
    })

    it('killed before it ran: recover leaves the history as it was', async () => {
      await forget('shop', '0003_fill_slugs')
      const before = await fingerprint(database)
      await built(['run', 'shop.0003', '--yes'], options({ MIGSTATE_FAILPOINT: 'child-held' }))
      expect((await run('recover')).json.result).toMatchObject({ operation: { kind: 'run', status: 'failed' } })
      expect(await fingerprint(database)).toEqual(before)
    })
  })
})
