import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { built, migstate } from '../support/cli.js'
import { engines } from '../support/databases.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { handMade } from '../support/rehearsals.js'
import { everything, furnish } from '../support/rehearsed-shop.js'
import { CTRL_C, terminal } from '../support/terminal.js'

const FILE = 'shop/migrations/0003_fill_slugs.py'

async function furnished(engine: (typeof engines)[number]) {
  const { database, shop } = await migratedShop(oneDjango as string, engine)
  await furnish(database)
  const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: shop.folder, env: shop.env })
  return { database, shop, run, before: await everything(database) }
}

const SLOW = { imports: 'import time', body: 'products.update(slug="a")\n    time.sleep(60)' }

describe.each(oneDjango ? engines : [])('how a rehearsal ends on %s', (engine) => {
  it('Ctrl-C rolls back and says so: exit 130', async () => {
    const { database, shop, before } = await furnished(engine)
    shop.write({ [FILE]: handMade(SLOW) })
    const session = terminal(['rehearse', 'shop', '0003'], { cwd: shop.folder, env: shop.env, columns: 200 })
    await session.sees(/run 1, operation 1 of 1: RunPython forward, 2 rows written so far/)
    session.type(CTRL_C)
    const shown = await session.done
    expect(shown.exitCode, shown.text).toBe(130)
    expect(shown.text).toContain('Interrupting … The rehearsal is rolled back.')
    expect(shown.text).toContain('Interrupted: the rehearsal was rolled back.')
    expect(shown.text).toContain('Nothing was changed.')
    expect(await everything(database)).toEqual(before)
  })

  it('Ctrl-C that the code swallows gives no verdict', async () => {
    const { database, shop, before } = await furnished(engine)
    shop.write({ [FILE]: handMade({ imports: 'import time', body: 'try:\n        time.sleep(60)\n    except BaseException:\n        pass' }) })
    const session = terminal(['rehearse', 'shop', '0003', '--once'], { cwd: shop.folder, env: shop.env, columns: 200 })
    await session.sees(/run 1, operation 1 of 1: RunPython forward/)
    session.type(CTRL_C)
    const shown = await session.done
    expect(shown.exitCode, shown.text).toBe(130)
    expect(shown.text).not.toContain('0003_fill_slugs runs')
    expect(await everything(database)).toEqual(before)
  })

  it('a Python that keeps nothing in is asked about before anything runs, and the verdict says so', async () => {
    const { database, shop, run, before } = await furnished(engine)
    const manage = readFileSync(join(shop.folder, 'manage.py'), 'utf8')
    // As before Python 3.8.
    shop.write({ 'manage.py': `import sys\ndel sys.addaudithook\n${manage}`, [FILE]: handMade({ body: 'open("rehearsed.txt", "a").write("x")' }) })
    const refused = await run('rehearse', 'shop', '0003')
    expect(refused.json.error, JSON.stringify(refused.json)).toMatchObject({ code: 'needs-yes', exitCode: 4, consequence: 'nothing' })
    expect(existsSync(join(shop.folder, 'rehearsed.txt'))).toBe(false)
    const { json, exitCode } = await run('rehearse', 'shop', '0003', '--yes')
    expect(exitCode, JSON.stringify(json)).toBe(0)
    expect(json.result.rehearsal.verdict).toContain('Files, network and processes were not kept in')
    expect(readFileSync(join(shop.folder, 'rehearsed.txt'), 'utf8')).toBe('xx')
    expect(await everything(database)).toEqual(before)
  })

  it('tool and child killed at once leave nothing, and the next one works', async () => {
    const { database, shop, before } = await furnished(engine)
    const file = handMade({ imports: 'import os', body: 'products.create(name="a")\n    os.kill(os.getppid(), 9)\n    os.kill(os.getpid(), 9)' })
    shop.write({ [FILE]: file })
    const killed = await built(['rehearse', 'shop', '0003'], { cwd: shop.folder, env: shop.env })
    expect(killed.exitCode).toBeNull()
    expect(killed.stderr).toContain('[SIGKILL]')
    shop.write({ [FILE]: handMade({ body: 'products.get_or_create(name="a")' }) })
    await expect.poll(async () => (await built(['rehearse', 'shop', '0003'], { cwd: shop.folder, env: shop.env })).exitCode, { timeout: 60_000 }).toBe(0)
    expect(await everything(database)).toEqual(before)
  })

  it('--reverse-first rehearses both halves, each time', async () => {
    const { database, shop, run, before } = await furnished(engine)
    const forward = handMade({ body: 'products.create(name="a")' })
    const reverse = 'def reverse(apps, schema_editor):\n    apps.get_model("shop", "Product").objects.filter(name="a").delete()\n\n\nclass Migration'
    shop.write({ [FILE]: forward.replace('class Migration', reverse).replace('migrations.RunPython.noop', 'reverse') })
    expect((await run('rehearse', 'shop', '0003')).json.result.rehearsal.answer).toBe('changes-more')
    const { json, exitCode } = await run('rehearse', 'shop', '0003', '--reverse-first')
    // The second run deletes the row of the first and makes one with another id.
    expect(exitCode, JSON.stringify(json)).toBe(3)
    expect(json.result.rehearsal.differences).toMatchObject([{ table: 'shop_product', inserted: 1, deleted: 1 }])
    shop.write({
      [FILE]: forward
        .replace('products.create(name="a")', 'products.filter(slug=None).update(slug="x")')
        .replace('class Migration', reverse.replace('filter(name="a").delete()', 'update(slug=None)'))
        .replace('migrations.RunPython.noop', 'reverse'),
    })
    const mended = await run('rehearse', 'shop', '0003', '--reverse-first')
    expect(mended.exitCode, JSON.stringify(mended.json)).toBe(0)
    expect(await everything(database)).toEqual(before)
  })
})

/** Where a schema change commits by itself. */
describe.each(oneDjango ? engines.filter((engine) => engine === 'mysql' || engine === 'mariadb') : [])('what cannot be rolled back on %s', (engine) => {
  it.each([
    ['RunSQL', 'migrations.RunSQL("UPDATE shop_product SET slug = \'x\'")', 'operation 2 (RunSQL'],
    ['a schema operation', 'migrations.AddField("product", "extra", models.IntegerField(null=True))', 'operation 2 (AddField'],
  ])('%s is refused before anything runs', async (_name, operation, says) => {
    const { database, shop, run, before } = await furnished(engine)
    const file = handMade({ imports: 'from django.db import models', body: 'open("rehearsed.txt", "w")' })
    shop.write({ [FILE]: file.replace('RunPython.noop)]', `RunPython.noop), ${operation}]`) })
    const { json, exitCode, stderr } = await run('rehearse', 'shop', '0003')
    expect(exitCode, JSON.stringify(json)).toBe(4)
    expect(json.error).toMatchObject({ code: 'cannot-rehearse', consequence: 'nothing' })
    expect(json.error.message).toContain(`shop.0003_fill_slugs cannot be rehearsed on ${engine}: ${says}`)
    expect(stderr).not.toContain('Rehearsing')
    expect(await everything(database)).toEqual(before)
  })
})
