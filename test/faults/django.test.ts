import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, oneDjango, shopProject } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'

const all = process.env.DJANGO_VERSIONS === 'all'
const versions = all ? Object.keys(djangos) : [oneDjango as string]
const databases = all ? engines : engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql')

/** Writes its process id, waits, and only then does its work. */
const SLOW = `import os
import time

from django.db import migrations


def slow(apps, schema_editor):
    with open(os.environ["SLOW_FILE"], "w") as file:
        file.write(str(os.getpid()))
    time.sleep(float(os.environ.get("SLOW_SECONDS", "30")))
    apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).create(name="it ran", slug="x")


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_product_slug")]
    operations = [migrations.RunPython(slow, migrations.RunPython.noop)]
`

describe.each(versions)('Django %s', (version) => {
  describe.each(databases)('%s', (engine) => {
    let database: TestDatabase
    let shop: DjangoProject
    beforeEach(async () => {
      database = await freshDatabase(engine)
      shop = shopProject(version, database)
      await shop.manage('migrate', '-v0')
      shop.write({ 'shop/migrations/0003_fill_slugs.py': SLOW })
    })
    afterEach(async () => {
      shop.remove()
      await database.drop()
    })

    const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, SLOW_FILE: join(shop.folder, 'pid'), ...env } })
    const run = (...argv: string[]) => migstate([...argv, '--json'], options())
    const products = async () => Number((await database.query('SELECT count(*) AS n FROM shop_product'))[0]?.n)
    const inTheMiddle = async () => {
      for (let turn = 0; turn < 400; turn++) {
        if (existsSync(join(shop.folder, 'pid'))) return Number(readFileSync(join(shop.folder, 'pid'), 'utf8'))
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      throw new Error('the migration never began')
    }

    it('tool and child killed in the middle, recover: identical', async () => {
      const before = await fingerprint(database)
      const running = start(['rerun', 'shop', '0003', '--mode', 'table', '--yes'], options())
      const pid = await inTheMiddle()
      running.process.kill('SIGKILL')
      process.kill(pid, 'SIGKILL')
      await running.done
      expect((await fingerprint(database)).rows.length).toBeLessThan(before.rows.length)
      const decidable = engine === 'sqlite' || engine === 'postgresql'
      const recovered = await run('recover', ...(decidable ? [] : ['--assume', 'not-applied']))
      expect(recovered.exitCode, recovered.stdout).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
      expect(await products()).toBe(0)
      expect((await shop.manage('migrate', '--check')).exitCode).toBe(0)
    })

    it('only the tool killed, the child goes on: recover waits for it and finds that it ran', async () => {
      const before = await fingerprint(database)
      const running = start(['rerun', 'shop', '0003', '--mode', 'table', '--yes'], options({ SLOW_SECONDS: '2' }))
      await inTheMiddle()
      running.process.kill('SIGKILL')
      await running.done
      const recovered = await run('recover', '--lock-timeout', '20')
      expect(recovered.exitCode, recovered.stdout).toBe(0)
      expect(recovered.json.result.operation).toMatchObject({ kind: 'rerun', status: 'done' })
      expect(await products()).toBe(1)
      const after = await fingerprint(database)
      expect(after.counter).toBe(before.counter)
      expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
      await run('rollback', '--yes')
      expect(await fingerprint(database)).toEqual(before)
    })

    it('Ctrl-C in the middle: as before, exit 130', async () => {
      const before = await fingerprint(database)
      const running = start(['rerun', 'shop', '0003', '--mode', 'table', '--yes', '--json'], options())
      await inTheMiddle()
      running.process.kill('SIGINT')
      const done = await running.done
      expect(done.exitCode, done.stderr).toBe(130)
      expect(await fingerprint(database)).toEqual(before)
      expect(await products()).toBe(0)
    })

    it('somebody else migrates meanwhile: everything is run once, reported, and not doubled', async () => {
      const running = start(['rerun', 'shop', '0003', '--mode', 'table', '--yes', '--json'], options({ SLOW_SECONDS: '3' }))
      await inTheMiddle()
      // A deploy in the window of table mode sees the rows missing; the tables exist, so it fails, and we must cope.
      const deploy = await shop.manage('migrate', '--fake', 'billing', '0001')
      expect(deploy.exitCode === 0 || /locked|database is locked/.test(deploy.output), deploy.output).toBe(true)
      const done = await running.done
      expect([0, 7]).toContain(done.exitCode)
      const names = (await fingerprint(database)).rows.map((row) => row.split('|').slice(1, 3).join('.'))
      expect(names.filter((name) => name === 'billing.0001_initial')).toHaveLength(1)
      expect(names).toHaveLength(21)
    })
  })
})
