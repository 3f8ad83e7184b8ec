import { expect, it } from 'vitest'
import { migstate, start } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { eachServer } from '../support/each-server.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { fingerprint, insertLikeDjango } from '../support/history-table.js'
import { killSessions } from '../support/sessions.js'
import { INSERTS } from '../support/shadow-project.js'
import { throughProxy } from '../support/tcp-proxy.js'

/** The answer to the first COMMIT after something was written is lost, and with it the connection that held the lock. */
async function losesCommit({ engine, url: target }: TestDatabase, writes: RegExp): Promise<string> {
  let cuts = 0
  const url = await throughProxy(target, () => {
    let [wrote, waits] = [false, false]
    return {
      toServer(data) {
        const text = data.toString('latin1')
        wrote ||= writes.test(text)
        waits ||= cuts === 0 && wrote && /\bCOMMIT(?!TED)/.test(text)
        return data
      },
      toClient(data, upstream) {
        if (!waits) return data
        waits = false
        cuts++
        upstream.destroy()
        return null
      },
    }
  })
  return engine === 'postgresql' ? `${url}?sslmode=disable` : `${url}?ssl-mode=DISABLED`
}

/** With its connection a tool loses its lock: whoever comes to `recover` before it is back has ended the operation, and it must not go on. */
eachServer((engine) => {
  const ended = async (running: ReturnType<typeof start>) => {
    const done = await running.done
    expect([done.exitCode, done.json.error?.code, done.json.error?.consequence], done.stdout + done.stderr).toEqual([6, 'table-changed', 'rolled-back'])
    expect(done.json.error.message).toContain('recover')
  }

  it('a rerun in table mode starts nothing: Django would take back what comes after the target', async () => {
    const database = await freshDatabase(engine)
    const project: FakeProject = await fakeProject(database)
    const options = (env: Record<string, string>) => ({ cwd: project.folder, env })
    const before = await fingerprint(database)
    const hold = gate()
    const url = await losesCommit(database, /DELETE FROM/i)
    const running = start(
      ['rerun', 'shop', '0002', '--yes', '--force', '--json', ...project.manage('record')],
      options({ MIGSTATE_URL: url, MIGSTATE_FAILPOINT: hold.at('commit-lost') }),
    )
    await hold.reached()
    const recovered = await migstate(['recover', '--json'], options({ MIGSTATE_URL: database.url }))
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ kind: 'rerun', status: 'failed' })
    hold.open()
    await ended(running)
    expect(await fingerprint(database)).toEqual(before)
    const { operations } = (await migstate(['history', '--json'], options({ MIGSTATE_URL: database.url }))).json.result
    expect(operations).toMatchObject([{ kind: 'rerun', status: 'failed', readable: true }])
  })

  it('a rerun in shadow mode starts nothing', async () => {
    const { database, shop }: { database: TestDatabase; shop: DjangoProject } = await migratedShop(oneDjango as string, engine)
    shop.write({ 'shop/migrations/0003_fill_slugs.py': INSERTS })
    const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
    const before = await fingerprint(database)
    const hold = gate()
    const url = await losesCommit(database, /INSERT INTO \S*migstate_snapshot_row/i)
    const running = start(['rerun', 'shop', '0003', '--yes', '--json'], options({ MIGSTATE_URL: url, MIGSTATE_FAILPOINT: hold.at('commit-lost') }))
    await hold.reached()
    const recovered = await migstate(['recover', '--json'], options())
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ kind: 'rerun', status: 'failed' })
    hold.open()
    await ended(running)
    expect(await database.query('SELECT name FROM shop_product')).toEqual([])
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(engine === 'mysql' || engine === 'mariadb')('the step of the counter is done once', async () => {
    const database = await freshDatabase(engine)
    const project = await fakeProject(database)
    const options = (env: Record<string, string> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, ...env } })
    const run = (...argv: string[]) => migstate([...argv, '--json'], options())
    const before = await fingerprint(database)
    await run('mark', 'applied', 'blog', '0002_x', '--no-files', '--yes')
    const hold = gate()
    const running = start(['rollback', '--yes', '--json'], options({ MIGSTATE_FAILPOINT: hold.at('before-sequence') }))
    await hold.reached()
    await killSessions(database)
    expect((await run('recover')).json.result.operation).toMatchObject({ kind: 'rollback', status: 'done' })
    hold.open()
    const done = await running.done
    expect([done.exitCode, done.json.result?.operation?.status], done.stdout + done.stderr).toEqual([0, 'done'])
    expect(await fingerprint(database)).toEqual(before)
    const { id } = (await run('history')).json.result.operations[0]
    const { events } = (await run('history', id)).json.result.operation
    expect(events.filter(({ event }: { event: string }) => event === 'done')).toHaveLength(1)
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    await insertLikeDjango(database)
  })
})
