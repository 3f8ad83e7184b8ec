import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop } from '../support/django.js'
import { fingerprint, insertLikeDjango } from '../support/history-table.js'

/** The main job with real Django: rerun in mid-history, dependants in two other apps. */
describe.each(Object.keys(djangos))('Django %s', (version) => {
  // Django 2.2 with PyMySQL dies on MariaDB: last_executed_query() decodes what is text already.
  describe.each(engines.filter((engine) => version !== '2.2' || engine !== 'mariadb'))('%s', (engine) => {
    let database: TestDatabase
    let shop: DjangoProject
    beforeEach(async () => {
      ;({ database, shop } = await migratedShop(version, engine))
    })
    afterEach(async () => {
      shop.remove()
      await database.drop()
    })

    const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: shop.folder, env: shop.env })
    const slugs = async () => (await database.query('SELECT slug FROM shop_product ORDER BY id')).map((row) => row.slug)

    const modes = engine === 'sqlite' || process.env.DJANGO_VERSIONS === 'all' ? ['shadow', 'table'] : ['shadow']
    it.each(modes)('runs the migration again and leaves every other row as it was, %s mode', async (mode) => {
      await database.query("INSERT INTO shop_product (name) VALUES ('Blue Hat')")
      const before = await fingerprint(database)
      const rerun = await run('rerun', 'shop', '0003', '--yes', '--mode', mode)
      expect(rerun.json, rerun.stderr).toMatchObject({
        ok: true,
        warnings: [],
        result: {
          operation: { kind: 'rerun', status: 'done' },
          next: { steps: [], blockedBy: [] },
          rerun: { mode, target: ['shop', '0003_fill_slugs'], exitCode: 0 },
        },
      })
      expect(rerun.json.result.rerun.hidden.map((pair: string[]) => pair.join('.')).sort()).toEqual([
        'billing.0001_initial',
        'billing.0002_invoice_paid',
        'reports.0001_initial',
        'shop.0004_order',
      ])
      expect(rerun.stderr).toContain('Applying shop.0003_fill_slugs... OK')
      expect(await slugs()).toEqual(['blue-hat'])
      const after = await fingerprint(database)
      expect(after.counter).toBe(before.counter)
      const changed = before.rows.flatMap((row, index) => (row === after.rows[index] ? [] : [[row, after.rows[index]]]))
      expect(after.rows).toHaveLength(before.rows.length)
      expect(changed).toHaveLength(1)
      const [old, now] = changed[0]?.map((row) => row?.split('|')) as [string[], string[]]
      expect(old.slice(0, 3)).toEqual(now.slice(0, 3))
      expect(old[2]).toBe('0003_fill_slugs')
      // --check came with 3.1.
      if (Number(version) >= 3.1) expect((await shop.manage('migrate', '--check', '-v0')).exitCode).toBe(0)
      expect((await shop.manage('migrate', '-v0')).exitCode).toBe(0)
      expect((await run('rollback', '--yes')).exitCode).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
      const next = await insertLikeDjango(database)
      expect(before.rows.every((row) => row.split('|')[0] !== next)).toBe(true)
    })

    it('puts everything back when the migration fails, and says why', async () => {
      shop.write({ 'shop/migrations/0003_fill_slugs.py': failing })
      const before = await fingerprint(database)
      const failed = await run('rerun', 'shop', '0003', '--yes')
      expect(failed.json, failed.stderr).toMatchObject({ ok: false, error: { code: 'manage-failed', exitCode: 7, details: { exitCode: 1 } } })
      expect(failed.json.error.details.tail.at(-1)).toContain('ValueError: not today')
      expect(failed.exitCode).toBe(7)
      expect(await fingerprint(database)).toEqual(before)
      expect((await run('history')).json.result.operations).toMatchObject([{ kind: 'rerun', status: 'failed', changes: { updated: 0 } }])
      expect((await run('recover')).json.result.operation).toBeNull()
    })

    it('shows what showmigrations shows', async () => {
      await run('mark', 'unapplied', 'reports', '0001', '--yes')
      const shown = (await shop.manage('showmigrations')).output.trimEnd().split('\n')
      const status = (await run('status')).json.result
      const lines = status.apps.flatMap((app: { label: string; migrations: { name: string; state: string }[] }) => [
        app.label,
        ...app.migrations.map((one) => ` [${one.state === 'applied' ? 'X' : ' '}] ${one.name}`),
      ])
      expect(lines).toEqual(shown)
    })
  })
})

const failing = `from django.db import migrations


def fail(apps, schema_editor):
    apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).create(name="half-way")
    raise ValueError("not today")


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_product_slug")]
    operations = [migrations.RunPython(fail, migrations.RunPython.noop)]
`
