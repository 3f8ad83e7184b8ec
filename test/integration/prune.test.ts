import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { open } from '../../src/index.js'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { whenTestEnds } from '../support/endings.js'
import { forger } from '../support/forged.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { lengthenJournal, longId } from '../support/long-journal.js'

/** Copies go when no undo needs them; what is left of their operations is said, and never guessed. */
describe.each(engines)('snapshot prune, %s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, [
      ['shop', '0001_initial'],
      ['shop', '0002_data'],
    ])
  })

  const words = (...argv: string[]) => [...argv, '--no-files', '--url', database.url]
  const run = (...argv: string[]) => migstate([...words(...argv), '--json'])
  const text = async (...argv: string[]) => (await migstate(words(...argv))).stdout.replaceAll(/\s+/g, ' ')
  const mark = async (kind: 'applied' | 'unapplied') => (await run('mark', kind, 'shop', '0002_data', '--yes')).json.result.operation as Made
  const prune = async (...argv: string[]) => {
    const pruned = await run('snapshot', 'prune', ...argv)
    expect(pruned.exitCode, pruned.stdout).toBe(0)
    return pruned.json.result as { dryRun: boolean; pruned: { id: string; operation: string }[]; kept: number }
  }
  const copies = async () => (await database.query('SELECT DISTINCT snapshot FROM migstate_snapshot_row')).map(({ snapshot }) => snapshot)
  const listed = async () => (await run('snapshot', 'list')).json.result.snapshots.map(({ id }: { id: string }) => id)
  interface Made {
    id: string
    snapshot: string
  }

  it('keeps the newest that changed rows, and those made by hand; the question comes first', async () => {
    const made: Made[] = []
    for (const kind of ['unapplied', 'applied', 'unapplied', 'applied'] as const) made.push(await mark(kind))
    const { snapshot: byHand } = (await run('snapshot', 'create')).json.result
    const [first, second, third, fourth] = made as [Made, Made, Made, Made]
    expect(await prune('--yes')).toEqual({ dryRun: false, pruned: [], kept: 5 })
    const before = await fingerprint(database)
    expect(await prune('--keep', '2', '--dry-run')).toMatchObject({
      dryRun: true,
      pruned: [{ id: second.snapshot, operation: second.id }, { id: first.snapshot }],
      kept: 3,
    })
    expect((await run('snapshot', 'prune', '--keep', '2')).json.error).toMatchObject({ code: 'needs-yes', exitCode: 4 })
    expect(await copies()).toHaveLength(5)
    expect(await prune('--keep', '2', '--yes')).toMatchObject({ dryRun: false, pruned: [{ id: second.snapshot }, { id: first.snapshot }], kept: 3 })
    expect((await copies()).sort()).toEqual([byHand.id, third.snapshot, fourth.snapshot].sort())
    expect(await listed()).toEqual([byHand.id, fourth.snapshot, third.snapshot])
    expect(await prune('--keep', '2', '--yes')).toEqual({ dryRun: false, pruned: [], kept: 3 })
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('status')).json.warnings).toEqual([])
  })

  it('a pruned snapshot is neither shown nor restored, and its operation is not undone', async () => {
    const made = [await mark('unapplied'), await mark('applied')]
    await prune('--keep', '0', '--yes')
    const before = await fingerprint(database)
    for (const { snapshot } of made)
      for (const argv of [
        ['snapshot', 'show', snapshot],
        ['snapshot', 'show', snapshot.slice(0, 6)],
        ['snapshot', 'restore', snapshot, '--yes'],
        ['snapshot', 'restore', snapshot, '--dry-run'],
      ]) {
        const refused = await run(...argv)
        expect([refused.exitCode, refused.json.error?.code], argv.join(' ')).toEqual([2, 'unknown-snapshot'])
        expect(refused.json.error.message).toMatch(/was pruned at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by \S+/)
        expect(refused.json.error.details).toMatchObject({ snapshot, prunedAt: expect.any(String) })
      }
    for (const argv of [
      ['rollback', '--yes'],
      ['rollback', '--dry-run'],
      ['rollback', made[0]?.id as string, '--yes'],
      ['rollback', '--to', made[0]?.id as string, '--yes'],
    ]) {
      const refused = await run(...argv)
      expect([refused.exitCode, refused.json.error?.code], argv.join(' ')).toEqual([2, 'unknown-snapshot'])
      expect(refused.json.error.message).toContain('can no longer be undone')
    }
    expect(await fingerprint(database)).toEqual(before)
    const { operations } = (await run('history')).json.result
    expect(operations).toMatchObject([
      { id: made[1]?.id, copyPrunedAt: expect.stringMatching(/^\d{4}-/) },
      { copyPrunedAt: expect.any(String), readable: true },
    ])
    expect(await text('history')).toContain('can no longer be undone (its snapshot was pruned)')
    const one = await text('history', made[0]?.id as string)
    expect(one).toContain('pruned')
    expect((await run('history', made[0]?.id as string)).json.result.operation.changes.removed).toHaveLength(1)
    // What comes now has a copy of its own.
    const later = await mark('unapplied')
    expect((await run('history')).json.result.operations[0]).toMatchObject({ id: later.id, copyPrunedAt: null })
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
  })

  it('not the copy of an unfinished operation, nor of one that is not understood; of one without changes yes', async () => {
    const { id, snapshot } = await mark('unapplied')
    const forge = forger(database)
    const header = await forge.header(snapshot)
    const copy = async (name: string, more: Record<string, number> = {}) => {
      await forge.operation(name, more)
      await forge.copyRows(snapshot, `${name}s`)
      await forge.event(name, 'snapshot', { ...header, id: `${name}s` })
    }
    const nothing = { changes: { removed: [], added: [], updated: [] }, sequence: { before: null, after: null } }
    await copy('running')
    await copy('later', { format: 3 })
    await forge.event('later', 'done', nothing)
    await copy('damaged')
    await forge.event('damaged', 'done', 'x')
    await copy('twice')
    await forge.event('twice', 'done', nothing)
    await forge.event('twice', 'failed', nothing)
    await copy('failed')
    await forge.event('failed', 'failed', nothing)
    await forge.event('nobody', 'snapshot', { ...header, id: 'nobodys' })
    expect((await prune('--keep', '1', '--yes')).pruned.map((one) => one.operation)).toEqual(['failed'])
    expect((await prune('--keep', '0', '--yes')).pruned.map((one) => one.operation)).toEqual([id])
    expect((await copies()).sort()).toEqual(['damageds', 'laters', 'runnings', 'twices'])
  })

  it('--older-than: only those; both hold', async () => {
    const [first, second] = [await mark('unapplied'), await mark('applied')]
    const old = new Date(Date.now() - 40 * 86_400_000).toISOString()
    await database.query(`UPDATE migstate_event SET at = '${old}' WHERE operation = '${first.id}'`)
    expect((await prune('--older-than', '60', '--keep', '0', '--dry-run')).pruned).toEqual([])
    expect((await prune('--older-than', '30', '--keep', '2', '--dry-run')).pruned).toEqual([])
    expect((await prune('--older-than', '30', '--keep', '0', '--yes')).pruned.map(({ id }) => id)).toEqual([first.snapshot])
    expect((await prune('--older-than', '0', '--keep', '0', '--yes')).pruned.map(({ id }) => id)).toEqual([second.snapshot])
    expect((await run('snapshot', 'prune', '--keep', '-1', '--yes')).exitCode).toBe(2)
  })

  it('of a long journal all at once, and then the list is short', async () => {
    const { snapshot } = await mark('unapplied')
    await lengthenJournal(database, 450, { copies: snapshot })
    expect(await prune('--yes')).toMatchObject({ kept: 20 })
    expect(await copies()).toHaveLength(20)
    expect((await listed())[0]).toBe(`s${longId(450)}`)
    expect(await listed()).toHaveLength(20)
  })

  it('what says so without being so hides nothing', async () => {
    const { id, snapshot } = await mark('unapplied')
    const forge = forger(database)
    await forge.event(id, 'snapshot-pruned', { id: 'another', actor: 'mallory' })
    expect((await run('snapshot', 'show', snapshot)).exitCode).toBe(0)
    await forge.event(id, 'snapshot-pruned', { id: snapshot, actor: 'mallory' })
    // Its rows are there, and they prove what it changed.
    expect((await run('rollback', id, '--yes')).exitCode).toBe(0)
  })

  it('the library has it too', async () => {
    const made = await mark('unapplied')
    await using m = await open({ url: database.url, noFiles: true, cwd: '/' })
    expect(await m.pruneSnapshots({ keep: 0, dryRun: true })).toMatchObject({ dryRun: true, pruned: [{ id: made.snapshot }] })
    expect(await m.pruneSnapshots({ keep: 0 })).toMatchObject({ dryRun: false, pruned: [{ id: made.snapshot }], kept: 0 })
    expect((await m.snapshots()).snapshots).toEqual([])
    await expect(m.pruneSnapshots({ keep: 1.5 })).rejects.toMatchObject({ code: 'usage' })
  })

  it.runIf(engine !== 'sqlite')('a role that may not delete there is told which right it lacks', async () => {
    await mark('unapplied')
    const role = `ms_role_${randomBytes(4).toString('hex')}`
    const postgres = engine === 'postgresql'
    const account = postgres ? role : `'${role}'@'%'`
    await database.query(postgres ? `CREATE ROLE ${role} LOGIN PASSWORD 'x'` : `CREATE USER ${account} IDENTIFIED BY 'x'`)
    whenTestEnds(async () => {
      await database.drop()
      const admin = await freshDatabase(engine)
      await admin.query(postgres ? `DROP ROLE ${role}` : `DROP USER ${account}`)
    })
    for (const table of ['django_migrations', 'migstate_operation', 'migstate_event', 'migstate_snapshot_row'])
      await database.query(`GRANT SELECT, INSERT ON ${table} TO ${account}`)
    const own = new URL(database.url)
    own.username = role
    own.password = 'x'
    const refused = await migstate(['snapshot', 'prune', '--keep', '0', '--yes', '--no-files', '--json', '--url', own.href])
    expect(refused.json.error, refused.stdout).toMatchObject({ code: 'missing-rights', hint: expect.stringContaining('GRANT DELETE ON') })
    expect(refused.json.error.message).toMatch(/nothing was changed/i)
    expect(await database.query("SELECT 1 FROM migstate_event WHERE event = 'snapshot-pruned'")).toEqual([])
    expect(await copies()).toHaveLength(1)
  })

  it('without a journal there is nothing to prune, and none is made', async () => {
    expect(await prune('--yes')).toEqual({ dryRun: false, pruned: [], kept: 0 })
    await expect(database.query('SELECT 1 FROM migstate_event')).rejects.toThrow()
  })
})
