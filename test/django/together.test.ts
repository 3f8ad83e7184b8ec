import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { open } from '../../src/index.js'
import { migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, oneDjango, shopProject } from '../support/django.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { someoneWaits } from '../support/sessions.js'
import { until } from '../support/until.js'

/** Real Django at the same time, and the ways to start it. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    shop = shopProject(oneDjango as string, database)
    await shop.manage('migrate', '-v0')
  })
  afterEach(async () => {
    shop.remove()
    await database.drop()
  })

  const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: shop.folder, env: shop.env })

  it('a real migrate waits while an edit holds the table, then sees what it left', async () => {
    await run('mark', 'unapplied', 'reports', '0001', '--yes')
    await database.query('DROP TABLE reports_report')
    const hold = gate()
    const marking = start(['mark', 'unapplied', 'billing', '0002', '--yes', '--json'], {
      cwd: shop.folder,
      env: { ...shop.env, MIGSTATE_FAILPOINT: hold.at('rows-written') },
    })
    await hold.reached()
    let said = ''
    let ended = false
    const migrating = shop.manageLive(['migrate', 'reports', '-v1'], (chunk) => (said += chunk)).finally(() => (ended = true))
    // On SQLite readers go on, and the first write waits; elsewhere the first read does.
    await until('migrate waits', () => (engine === 'sqlite' ? said.includes('Applying reports.0001_initial') : someoneWaits(database)))
    expect(ended).toBe(false)
    hold.open()
    expect((await marking.done).exitCode).toBe(0)
    const migrated = await migrating
    const names = (await fingerprint(database)).rows.map((row) => row.split('|').slice(1, 3).join('.'))
    expect(new Set(names).size).toBe(names.length)
    if (engine === 'sqlite') {
      // Its plan was made from what it read before.
      expect(migrated, migrated.output).toMatchObject({ exitCode: 0, output: expect.stringMatching(/reports\.0001_initial\.* OK/) })
      expect(names).toContain('reports.0001_initial')
      expect(names).not.toContain('billing.0002_invoice_paid')
      return
    }
    // billing.0002 adds a column that is still there: Django saw that it is not recorded any more, and ran it again.
    expect(migrated.output).toMatch(/already exists|Duplicate column/)
    expect(migrated.exitCode).not.toBe(0)
    expect(names).not.toContain('reports.0001_initial')
  })

  if (engine === 'sqlite') {
    it('a rerun on a database in WAL mode', async () => {
      await database.query('PRAGMA journal_mode = WAL')
      const before = await fingerprint(database)
      const result = await run('rerun', 'shop', '0003', '--yes')
      expect(result.exitCode, result.stdout).toBe(0)
      const after = await fingerprint(database)
      expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
      expect(await database.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    })
  }

  it('other-database: manage.py uses another one, nothing is changed', async () => {
    const other = await freshDatabase(engine)
    const before = await fingerprint(database)
    const wrong = await migstate(['rerun', 'shop', '0003', '--yes', '--json', '--url', database.url], { cwd: shop.folder, env: { ...shop.env, ...other.env } })
    expect(wrong.json.error).toMatchObject({ code: 'other-database', exitCode: 4 })
    expect(await fingerprint(database)).toEqual(before)
    await other.drop()
  })

  it('a settings error of Django: django-does-not-start, nothing is changed', async () => {
    const before = await fingerprint(database)
    shop.write({ 'shop/apps.py': 'raise RuntimeError("boom")\n' })
    expect((await run('rerun', 'shop', '0003', '--yes')).json.error).toMatchObject({
      code: 'django-does-not-start',
      exitCode: 7,
      message: expect.stringContaining('boom'),
    })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('a command as --python, a --manage command, --settings', async () => {
    const python = `${shop.env.VIRTUAL_ENV}/bin/python`
    for (const argv of [
      ['--python', `env SHOP_NOTHING=1 ${python}`],
      ['--python', python, '--settings', 'project.settings'],
      ['--mode', 'table', '--manage', `${python} manage.py migrate APP NAME`, '--force'],
    ]) {
      const result = await run('rerun', 'shop', '0003', '--yes', ...argv)
      expect(result.exitCode, `${argv.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0)
    }
    expect((await shop.manage('migrate', '--check')).exitCode).toBe(0)
  })

  it('the library: the same verbs, results and failures', async () => {
    const before = { ...process.env }
    Object.assign(process.env, shop.env)
    try {
      await using m = await open({ project: shop.folder })
      expect((await m.status()).summary.unapplied).toBe(0)
      expect(await m.plan()).toEqual({ steps: [], blockedBy: [], notFound: [], warnings: [] })
      const was = await fingerprint(database)
      await m.mark({ applied: false, app: 'reports', migrations: ['0001'] })
      expect((await m.plan()).steps).toEqual([{ app: 'reports', name: '0001_initial', direction: 'forward' }])
      await m.rollback()
      expect(await fingerprint(database)).toEqual(was)
      const { snapshot } = await m.snapshot()
      const reran = await m.rerun({ app: 'shop', migrations: ['0003'] })
      expect(reran.rerun.target).toEqual(['shop', '0003_fill_slugs'])
      await m.restore({ id: snapshot.id })
      expect(await fingerprint(database)).toEqual(was)
      await expect(m.mark({ applied: false, app: 'shop', migrations: ['0003'] })).rejects.toMatchObject({ code: 'would-make-hole', exitCode: 4 })
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
      Object.assign(process.env, before)
    }
  })
})
