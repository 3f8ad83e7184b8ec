import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { migstate, type Running, start } from '../support/cli.js'
import { engines, freshDatabase } from '../support/databases.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { fakeProject } from '../support/fake-project.js'
import { processesIn } from '../support/endings.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'
import { until } from '../support/until.js'

/** Ctrl-C, each when the one before has been heard. */
async function interruptThreeTimes({ process: tool }: Running): Promise<void> {
  let said = ''
  tool.stderr?.on('data', (chunk) => (said += chunk))
  tool.kill('SIGINT')
  await until('the first is heard', () => said.includes('Interrupting'))
  tool.kill('SIGINT')
  await until('the second is heard', () => said.includes('A third Ctrl-C kills manage.py'))
  tool.kill('SIGINT')
}

describe.each(engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql'))('a manage.py that does not listen to Ctrl-C, %s', (engine) => {
  it('table mode: the third kills it and what it has started, the rows are back, exit 130', async () => {
    const database = await freshDatabase(engine)
    const project = await fakeProject(database)
    const before = await fingerprint(database)
    const deaf = join(project.folder, 'deaf')
    // `sleep` inherits that SIGINT is ignored (POSIX, trap).
    const command = `sh -c "trap '' INT; sleep 300 & echo $! > ${deaf}; wait" APP NAME`
    const argv = ['rerun', 'shop', '0002', '--yes', '--force', '--json', '--mode', 'table', '--manage', command]
    const running = start(argv, { cwd: project.folder, env: { MIGSTATE_URL: database.url } })
    await until('manage.py is at work', () => existsSync(deaf))
    await interruptThreeTimes(running)
    const done = await running.done
    expect([done.exitCode, done.json.error?.code], done.stdout + done.stderr).toEqual([130, 'interrupted'])
    expect(await fingerprint(database)).toEqual(before)
    await until('nothing of it is left', () => processesIn(project.folder).length === 0)
  })

  it('shadow mode: the third kills it, nothing has happened, exit 130', async () => {
    const { database, shop } = await migratedShop(oneDjango as string, engine)
    shop.write({
      'shop/migrations/0003_fill_slugs.py': dataMigration('import signal\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    create("half")\n    wait()'),
    })
    const before = await fingerprint(database)
    const never = gate()
    const running = start(['rerun', 'shop', '0003', '--yes', '--json'], { cwd: shop.folder, env: { ...shop.env, WAIT_FOR: never.file } })
    await never.reached()
    await interruptThreeTimes(running)
    const done = await running.done
    expect([done.exitCode, done.json.error?.code], done.stdout + done.stderr).toEqual([130, 'interrupted'])
    expect(await fingerprint(database)).toEqual(before)
    expect(await database.query('SELECT name FROM shop_product')).toEqual([])
    expect((await migstate(['recover', '--json'], { cwd: shop.folder, env: shop.env })).json.result.operation).toBeNull()
  })
})
