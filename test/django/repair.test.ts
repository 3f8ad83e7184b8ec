import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'
import { ENTER, terminal } from '../support/terminal.js'

interface Finding {
  id: string
  code: string
  app: string | null
  migration: string | null
  repairs: { command: string; recommended: boolean; safe: boolean }[]
}

/** Several damages at once, mended by one operation and taken back by one; Django itself is asked. */
describe.runIf(Object.keys(djangos).length > 0).each(engines)('repair on %s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
  })
  afterEach(async () => {
    shop.remove()
    await database.drop()
  })

  const run = (...argv: string[]) => migstate(argv, { cwd: shop.folder, env: shop.env })
  const doctor = async (): Promise<Finding[]> => (await run('doctor', '--json')).json.result.findings
  const codes = (findings: readonly Finding[]) => findings.map(({ code, app, migration }) => [code, app, migration].filter(Boolean).join(' '))
  const forget = (app: string, name: string) => database.query(`DELETE FROM django_migrations WHERE app = '${app}' AND name = '${name}'`)
  const rename = (app: string, name: string, to: string) =>
    database.query(`UPDATE django_migrations SET name = '${to}' WHERE app = '${app}' AND name = '${name}'`)
  const twice = (app: string) =>
    database.query(`INSERT INTO django_migrations (app, name, applied) SELECT app, name, applied FROM django_migrations WHERE app = '${app}'`)
  const pairs = ({ rows }: { rows: string[] }) => rows.map((row) => row.split('|').slice(1, 3).join('.')).sort()
  const idsOf = (findings: readonly Finding[]) => findings.map(({ id }) => id)
  async function djangoIsContent(): Promise<void> {
    const check = await shop.manage('migrate', '--check')
    expect(check, check.output).toMatchObject({ exitCode: 0 })
    expect((await shop.manage('migrate')).output).toContain('No migrations to apply')
  }
  /** A lost row, a damaged name, a row without a file, two duplicates. */
  async function damage(): Promise<void> {
    await twice('billing')
    await forget('shop', '0002_product_slug')
    await rename('reports', '0001_initial', '0001_Initial ')
    await rename('shop', '0004_order', '0009_order')
  }
  const DAMAGED = [
    'damaged-name reports 0001_initial',
    'renamed shop 0004_order',
    'hole shop 0002_product_slug',
    'duplicate billing 0001_initial',
    'duplicate billing 0002_invoice_paid',
  ]

  it('--all: one operation, rows that were not named as they were, Django content, one undo for all of it', async () => {
    const healthy = await fingerprint(database)
    await damage()
    const broken = await fingerprint(database)
    expect(codes(await doctor())).toEqual(DAMAGED)
    const done = await run('repair', '--all', '--yes', '--json')
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    expect(codes(done.json.result.repaired)).toEqual(DAMAGED)
    expect([done.json.result.left, done.json.result.next.blockedBy, done.json.result.next.steps]).toEqual([[], [], []])
    const mended = await fingerprint(database)
    const lost = healthy.rows.filter((row) => row.includes('|0002_product_slug|'))
    expect(mended.rows.filter((row) => !row.includes('|0002_product_slug|'))).toEqual(healthy.rows.filter((row) => !lost.includes(row)))
    expect(pairs(mended)).toEqual(pairs(healthy))
    await djangoIsContent()
    expect(codes(await doctor())).toEqual([])
    const operations = (await run('history', '--json')).json.result.operations
    expect(operations.map((one: { kind: string; changes: object }) => [one.kind, one.changes])).toEqual([['repair', { removed: 2, added: 1, updated: 2 }]])
    const undone = await run('rollback', operations[0].id, '--yes')
    expect(undone.exitCode, undone.stdout + undone.stderr).toBe(0)
    expect((await fingerprint(database)).rows).toEqual(broken.rows)
    expect(codes(await doctor())).toEqual(DAMAGED)
  })

  it('only what is named: the others stay, and are said to be there still', async () => {
    await damage()
    const broken = await fingerprint(database)
    const [, renamed, , duplicate] = idsOf(await doctor())
    const done = await run('repair', renamed as string, duplicate as string, '--yes', '--json')
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    const { removed, added, updated } = done.json.result.changes
    expect([removed.length, added.length, updated.length]).toEqual([1, 0, 1])
    expect(updated[0].after).toEqual({ ...updated[0].before, name: '0004_order' })
    expect(codes(done.json.result.left)).toEqual([DAMAGED[0], DAMAGED[2], DAMAGED[4]])
    const after = await fingerprint(database)
    expect(after.rows.filter((row) => !broken.rows.includes(row)).map((row) => row.split('|')[2])).toEqual(['0004_order'])
  })

  it('a dry run and --sql write nothing; the statements do the same, given once or twice', async () => {
    const healthy = await fingerprint(database)
    await damage()
    const broken = await fingerprint(database)
    const dry = await run('repair', '--all', '--dry-run', '--json')
    expect([dry.exitCode, dry.json.result.operation, dry.json.result.changes.removed.length], dry.stdout).toEqual([0, null, 2])
    expect(dry.json.result.left).toEqual([])
    const sql = await run('repair', '--all', '--sql')
    expect(sql.exitCode, sql.stdout + sql.stderr).toBe(0)
    expect(await fingerprint(database)).toEqual(broken)
    for (let time = 0; time < 2; time++) {
      for (const statement of sql.stdout.split('\n').filter((line) => /^(DELETE|UPDATE|INSERT)/.test(line))) await database.query(statement)
      expect(pairs(await fingerprint(database))).toEqual(pairs(healthy))
    }
    await djangoIsContent()
    expect(codes(await doctor())).toEqual([])
  })

  it('a finding whose repair has to run code is never started; with it nothing of the command is done', async () => {
    await forget('shop', '0002_product_slug')
    await database.query('ALTER TABLE shop_product DROP COLUMN slug')
    await twice('reports')
    const broken = await fingerprint(database)
    const [hole, duplicate] = idsOf(await doctor())
    const refused = await run('repair', duplicate as string, hole as string, '--yes', '--json')
    expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([4, 'not-repairable'])
    expect(refused.json.error.hint).toContain('migstate run shop.0002_product_slug')
    expect(await fingerprint(database)).toEqual(broken)
    const all = await run('repair', '--all', '--yes', '--json')
    expect([all.exitCode, codes(all.json.result.repaired), codes(all.json.result.left)], all.stdout).toEqual([
      0,
      ['duplicate reports 0001_initial'],
      ['hole shop 0002_product_slug'],
    ])
  })

  it('a ghost and a hole that leaves no trace are for a person to decide', async () => {
    await forget('shop', '0003_fill_slugs')
    await database.query(
      `INSERT INTO django_migrations (app, name, applied) SELECT 'shop', '0002_other_branch', applied FROM django_migrations WHERE name = '0004_order'`,
    )
    for (const id of idsOf(await doctor())) expect((await run('repair', id, '--yes', '--json')).json.error.code).toBe('not-repairable')
    const all = await run('repair', '--all', '--yes', '--json')
    expect([all.exitCode, all.json.result.operation, all.json.result.repaired], all.stdout).toEqual([0, null, []])
  })

  it('a repair that Django would refuse for something new is refused; together with the other it is done', async () => {
    await forget('billing', '0002_invoice_paid')
    await rename('reports', '0001_initial', '0001_Initial')
    const found = await doctor()
    const damaged = found.find(({ code }) => code === 'damaged-name') as Finding
    const refused = await run('repair', damaged.id, '--yes', '--json')
    expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([4, 'would-make-hole'])
    const done = await run('repair', '--all', '--yes', '--json')
    expect([done.exitCode, done.json.result.left], done.stdout).toEqual([0, []])
    await djangoIsContent()
  })

  it('what is recommended and not proven is done when it is named, and not by --all', async () => {
    // Data migrations below leave no trace: they ran if what stands on them is there.
    await database.query('DELETE FROM django_migrations')
    const all = await run('repair', '--all', '--yes', '--json')
    expect([all.exitCode, all.json.result.operation, all.json.result.repaired], all.stdout).toEqual([0, null, []])
    const [lost] = await doctor()
    expect([lost?.code, lost?.repairs[0]?.safe]).toEqual(['present-unrecorded', false])
    const done = await run('repair', lost?.id as string, '--yes', '--json')
    expect([done.exitCode, done.json.result.next.blockedBy], done.stdout).toEqual([0, []])
  })

  it('mark says where the schema contradicts what is to be recorded', async () => {
    await forget('reports', '0001_initial')
    const codesOf = async (...argv: string[]) => (await run('mark', ...argv, '--dry-run', '--json')).json.warnings.map(({ code }: { code: string }) => code)
    expect(await codesOf('applied', 'reports.0001_initial')).toEqual([])
    expect(await codesOf('unapplied', 'billing.0002_invoice_paid')).toEqual(['present-unrecorded'])
    await database.query('DROP TABLE reports_report')
    expect(await codesOf('applied', 'reports.0001_initial')).toEqual(['recorded-missing'])
    expect(await codesOf('unapplied', 'shop.0003_fill_slugs', '--with-dependants')).toEqual([])
  })

  it('a step that Django cannot take: the plan says so, and Django dies there', async () => {
    shop.write({
      'reports/migrations/0002_x.py': `from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("reports", "0001_initial")]\n    operations = [migrations.RemoveField("report", "nowhere")]\n`,
    })
    expect(codes(await doctor())).toEqual(['state-breaks reports 0002_x'])
    expect((await run('plan', '--json')).json.warnings).toContainEqual({ code: 'state-breaks', message: expect.stringContaining('reports.0002_x') })
    const migrate = await shop.manage('migrate')
    expect([migrate.exitCode, migrate.output]).toEqual([1, expect.stringMatching(/KeyError|FieldDoesNotExist|has no field/)])
  })

  it('an id that is not there, no id without a terminal, both ways at once: wrong usage', async () => {
    await twice('reports')
    const codeOf = async (...argv: string[]) => {
      const answer = await run('repair', ...argv, '--yes', '--json')
      return [answer.exitCode, answer.json.error?.code]
    }
    expect(await codeOf('0123abcd')).toEqual([2, 'unknown-finding'])
    expect(await codeOf()).toEqual([2, 'usage'])
    expect(await codeOf('--all', '0123abcd')).toEqual([2, 'usage'])
  })

  it.runIf(engine === 'sqlite' || engine === 'postgresql')('what was shown and is no more so when a person says yes: exit 6, nothing changed', async () => {
    await forget('shop', '0002_product_slug')
    const broken = await fingerprint(database)
    const [{ id } = { id: '' }] = await doctor()
    const asked = terminal(['repair', id], { cwd: shop.folder, env: shop.env })
    expect((await asked.sees(/\[y\/N\]/)).text.replaceAll(/\s+/g, ' ')).toContain('the column shop_product.slug is there')
    // The evidence goes, the rows stay: it never ran.
    await database.query('ALTER TABLE shop_product DROP COLUMN slug')
    asked.type(`y${ENTER}`)
    const done = await asked.done
    expect([done.exitCode, done.text]).toEqual([6, expect.stringContaining('table-changed')])
    expect(await fingerprint(database)).toEqual(broken)
  })

  it.runIf(engine === 'sqlite')('in a terminal without ids it asks which, shows the plan and asks once', async () => {
    await damage()
    const asked = terminal(['repair'], { cwd: shop.folder, env: shop.env })
    expect((await asked.sees(/numbers, or all/)).text).toMatch(/\b4 +duplicate \([0-9a-f]{8}\)/)
    asked.type(`9${ENTER}`)
    await asked.sees(/from 1 to 5/)
    asked.type(`2, 4${ENTER}`)
    await asked.sees(/\[y\/N\]/)
    asked.type(`y${ENTER}`)
    const done = await asked.done
    expect(done.exitCode, done.text).toBe(0)
    expect(codes(await doctor())).toEqual([DAMAGED[0], DAMAGED[2], DAMAGED[4]])
    const none = terminal(['repair'], { cwd: shop.folder, env: shop.env })
    await none.sees(/numbers, or all/)
    none.type(ENTER)
    expect((await none.done).exitCode).toBe(4)
  })
})
