import { beforeEach, describe, expect, it } from 'vitest'
import { built, migstate, start } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { commandLineOf, processesIn } from '../support/endings.js'
import { gate } from '../support/gate.js'
import { fingerprint, record } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'

/** Shadow mode: what happens while the migration runs, and after whoever started it is gone. */
const all = process.env.DJANGO_VERSIONS === 'all'

describe.each(all ? engines : engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql'))('%s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('wait()\n    create("it ran")') })
  })

  const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
  const products = async () => (await database.query('SELECT name FROM shop_product')).map((row) => row.name)
  const names = (rows: string[]) => rows.map((row) => row.split('|').slice(1, 3).join('.'))

  it('what others record, change and delete stays as they left it, and is reported', async () => {
    const go = gate()
    const running = start(['rerun', 'shop', '0003', '--yes', '--json'], options({ WAIT_FOR: go.file }))
    await go.reached()
    await record(database, [['elsewhere', '0001_initial']])
    await database.query("UPDATE django_migrations SET applied = '2020-01-01 00:00:00' WHERE app = 'billing' AND name = '0001_initial'")
    await database.query("DELETE FROM django_migrations WHERE app = 'reports'")
    const theirs = await fingerprint(database)
    go.open()
    const done = await running.done
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    const { message } = done.json.warnings.find((one: { code: string }) => one.code === 'interleaved')
    expect(message).toMatch(/recorded elsewhere\.0001_initial/)
    expect(message).toMatch(/changed billing\.0001_initial/)
    expect(message).toMatch(/deleted reports\.0001_initial/)
    const after = await fingerprint(database)
    expect(names(after.rows.filter((row, index) => row !== theirs.rows[index]))).toEqual(['shop.0003_fill_slugs'])
    expect(after.rows).toHaveLength(theirs.rows.length)
  })

  /** Runs Python in a session of its own, with files for its output, as a container does: when the client dies, nothing reaches Python. */
  const CLIENT = `import os, subprocess, sys, time
files = [open(os.environ["OUTPUT"] + name, "wb") for name in (".out", ".err")]
child = subprocess.Popen([os.environ["REAL_PYTHON"]] + sys.argv[1:], stdin=sys.stdin, stdout=files[0], stderr=files[1], start_new_session=True)
shown = [open(os.environ["OUTPUT"] + name, "rb") for name in (".out", ".err")]
while True:
    ended = child.poll()
    for source, sink in zip(shown, (sys.stdout, sys.stderr)):
        sink.buffer.write(source.read())
        sink.flush()
    if ended is not None:
        sys.exit(ended)
    time.sleep(0.02)
`

  it('its client was killed, and manage.py goes on: it is waited for', async () => {
    shop.write({ 'client.py': CLIENT })
    const [go, exited] = [gate(), gate()]
    const python = `${djangos[oneDjango as string]}/bin/python`
    const argv = ['rerun', 'shop', '0003', '--yes', '--json', '--python', `${python} ${shop.folder}/client.py`, '--manage-py', 'manage.py']
    const env = { WAIT_FOR: go.file, REAL_PYTHON: python, OUTPUT: exited.file, MIGSTATE_FAILPOINT: exited.at('child-exited') }
    const running = start(argv, options(env))
    await go.reached()
    const client = processesIn(shop.folder).find((pid) => /^[^\0]*python[\d.]*\0[^\0 ]*client\.py\0/.test(commandLineOf(pid)))
    process.kill(client as number, 'SIGKILL')
    await exited.reached()
    exited.open()
    const status = await migstate(['status', '--json'], options())
    expect(status.json.warnings).toContainEqual({ code: 'unfinished-operation', message: expect.stringContaining('in progress') })
    expect(running.process.exitCode).toBeNull()
    go.open()
    const done = await running.done
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    expect(done.json.warnings.map((one: { code: string }) => one.code)).toContain('manage-failed-after')
    expect(await products()).toEqual(['it ran'])
  })

  it('killed between the way back and the way forward: recover says which half is done, and rerun does the other', async () => {
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("forth")', '', 'create("back")') })
    const before = await fingerprint(database)
    const killed = await built(['rerun', 'shop', '0003', '--yes', '--reverse-first'], options({ MIGSTATE_FAILPOINT: 'backward-ran' }))
    expect(killed.exitCode).toBeNull()
    const recovered = await migstate(['recover', '--json'], options())
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: 'failed' })
    expect(recovered.json.warnings).toContainEqual({
      code: 'half-done',
      message: expect.stringMatching(/Its reverse code has run and its forward code has not[\s\S]*migstate rerun shop 0003_fill_slugs/),
    })
    expect(await fingerprint(database)).toEqual(before)
    expect(await products()).toEqual(['back'])
    expect((await migstate(['rerun', 'shop', '0003', '--yes', '--json'], options())).exitCode).toBe(0)
    expect(await products()).toEqual(['back', 'forth'])
  })

  it('recover gives the row the time at which the migration ran, not that of recovering', async () => {
    const go = gate()
    go.open()
    const killed = await built(['rerun', 'shop', '0003', '--yes'], options({ WAIT_FOR: go.file, MIGSTATE_FAILPOINT: 'before-close' }))
    expect(killed.exitCode).toBeNull()
    const [marker] = await database.query("SELECT at FROM migstate_event WHERE event = 'applied'")
    const recovered = await migstate(['recover', '--json'], options())
    const [update] = recovered.json.result.changes.updated
    const digits = (text: string) =>
      text
        .replace(/\+00$|Z$/, '')
        .replace('T', ' ')
        .replace(/\.?0+$/, '')
    expect(digits(update.after.applied), recovered.stdout).toBe(digits(String(marker?.at)))
  })
})
