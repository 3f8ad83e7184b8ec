import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'

/** The journal from the outside: what rollback undoes, what history tells, where the side tables come from and go to. */
let database: TestDatabase
let project: FakeProject
beforeEach(async () => {
  database = await freshDatabase('sqlite')
  project = await fakeProject(database)
})
afterEach(async () => {
  project.remove()
  await database.drop()
})

const options = (env: Record<string, string | undefined> = {}) => ({
  cwd: project.folder,
  env: { MIGSTATE_URL: database.url, MIGSTATE_ACTOR: 'maria', ...env },
})
const text = async (argv: string[], env: Record<string, string | undefined> = {}) => {
  const { exitCode, stdout, stderr } = await migstate(argv, options(env))
  return { exitCode, out: stdout.replaceAll(/\s+/g, ' ').trim(), err: stderr.replaceAll(/\s+/g, ' ').trim() }
}
const json = async (argv: string[], env: Record<string, string | undefined> = {}) => (await migstate([...argv, '--json'], options(env))).json
const unmark = async (target: string, ...more: string[]) => (await json(['mark', 'unapplied', target, '--yes', ...more])).result.operation.id as string
const tables = async () =>
  (await database.query("SELECT name FROM sqlite_master WHERE name LIKE 'migstate%' AND type = 'table' ORDER BY name")).map(({ name }) => name)

describe('rollback', () => {
  it('says what it undoes: kind, target, who, when, why; also with -y and -q', async () => {
    for (const more of [['-y'], ['-y', '-q'], ['--dry-run'], ['--dry-run', '-q']]) {
      const id = await unmark('blog.0001', '--reason', 'ticket 12')
      const { out } = await text(['rollback', ...more])
      expect(out, more.join(' ')).toMatch(
        new RegExp(`^(Undid|Would undo) mark unapplied blog\\.0001_initial \\(${id}, by maria on \\S+ at \\d{4}-.*, "ticket 12"\\)`),
      )
      if (more.includes('--dry-run')) await text(['rollback', '-y'])
    }
  })

  it('with --yes and no id it does not guess: the operation of another actor, or an old one, has to be named', async () => {
    const id = await unmark('blog.0001')
    const before = await fingerprint(database)
    const other = await json(['rollback', '--yes'], { MIGSTATE_ACTOR: 'otto' })
    expect(other.error).toMatchObject({ code: 'name-the-operation', exitCode: 4, details: { operation: id } })
    expect(other.error.message).toContain('it is of maria and not of otto')
    expect(await fingerprint(database)).toEqual(before)
    await database.query("UPDATE migstate_event SET at = replace(at, substr(at, 1, 4), '2020')")
    const old = await json(['rollback', '--yes'])
    expect(old.error).toMatchObject({ code: 'name-the-operation' })
    expect(old.error.message).toMatch(/it is \d+ days old/)
    // The hint is the command that does it.
    expect(old.error.hint).toContain(`migstate rollback ${id} --yes`)
    expect((await json(['rollback', id, '--yes'], { MIGSTATE_ACTOR: 'otto' })).ok).toBe(true)
  })

  it('--to undoes everything down to and including it, newest first, as one operation that can be undone', async () => {
    const start = await fingerprint(database)
    const first = await unmark('blog.0001')
    const second = await unmark('reports.0001')
    await json(['mark', 'applied', 'blog.0001', '--yes'])
    const end = await fingerprint(database)
    const dry = await json(['rollback', '--to', first, '--dry-run'])
    expect(dry.result.undoes.map((one: { kind: string; target: string }) => `${one.kind} ${one.target}`)).toEqual([
      'mark applied blog.0001_initial',
      'mark unapplied reports.0001_initial',
      'mark unapplied blog.0001_initial',
    ])
    expect(await fingerprint(database)).toEqual(end)
    const { result } = await json(['rollback', '--to', first.slice(0, 8), '--yes'])
    expect(await fingerprint(database)).toEqual(start)
    const { operations } = (await json(['history'])).result
    expect(operations).toHaveLength(4)
    expect(operations.slice(1).map((one: { undoneBy: string }) => one.undoneBy)).toEqual([result.operation.id, result.operation.id, result.operation.id])
    expect(operations[0].undoes).toHaveLength(3)
    await json(['rollback', '--yes'])
    expect(await fingerprint(database)).toEqual(end)
    // Redone: none of them is undone any more.
    expect((await json(['history', second])).result.operation.undoneBy).toBeNull()
  })

  it('--to refuses as a whole when one row has moved on', async () => {
    const first = await unmark('blog.0001')
    await unmark('reports.0001')
    await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0001_initial', '2024-01-01')")
    const before = await fingerprint(database)
    expect((await json(['rollback', '--to', first, '--yes'])).error).toMatchObject({ code: 'table-changed', exitCode: 6 })
    expect(await fingerprint(database)).toEqual(before)
    expect((await json(['rollback', first, '--to', first, '--yes'])).error.code).toBe('usage')
  })

  it('one that is undone already: nothing to do, by whom, and how to redo it; the redo works', async () => {
    const start = await fingerprint(database)
    const id = await unmark('blog.0001')
    const after = await fingerprint(database)
    const undo = (await json(['rollback', id, '--yes'])).result.operation.id
    const again = await text(['rollback', id, '--yes'])
    expect(again.exitCode).toBe(0)
    expect(again.out).toContain(`Already undone by ${undo}: mark unapplied blog.0001_initial`)
    expect(again.out).toContain(`To redo it: migstate rollback ${undo}`)
    expect((await json(['rollback', id, '--yes'])).result).toMatchObject({ operation: null, undoneBy: { id: undo } })
    expect(await fingerprint(database)).toEqual(start)
    await json(['rollback', undo, '--yes'])
    expect(await fingerprint(database)).toEqual(after)
    // In force again, so it can be undone again.
    expect((await json(['rollback', id, '--yes'])).result.operation).not.toBeNull()
    expect(await fingerprint(database)).toEqual(start)
  })
})

describe('history', () => {
  it('names targets, who, where, why, and what a rollback undid', async () => {
    const id = await unmark('shop.0002', '--with-dependants', '--reason', 'before the move')
    const undo = (await json(['rollback', '--yes'])).result.operation.id
    const { out } = await text(['history'])
    expect(out).toContain('shop.0002_data, 3 more')
    expect(out).toContain('by maria on ')
    expect(out).toContain('"before the move"')
    expect(out).toContain(`undoes ${id}`)
    expect(out).toContain(`undone by ${undo}`)
    expect((await json(['history'])).result.operations).toMatchObject([
      { id: undo, kind: 'rollback', undoes: [id], undoneBy: null },
      { id, kind: 'mark unapplied', target: 'shop.0002_data, 3 more', undoneBy: undo },
    ])
  })

  it('tells why a run failed, in words', async () => {
    await migstate(['rerun', 'shop.0002', '--yes', '--force', ...project.manage('fail')], options())
    const [operation] = (await json(['history'])).result.operations
    expect(operation).toMatchObject({ status: 'failed', target: 'shop.0002_data' })
    const { out } = await text(['history', operation.id])
    expect(out).toMatch(/manage\.py ended with exit 1: .*NOT NULL constraint failed: shop_order\.z/)
    expect(out).toContain('did not run')
    expect(out).toContain('took the rows out of the table')
  })

  it.each([
    [{ MIGSTATE_ACTOR: 'maria' }, 'maria'],
    [{ MIGSTATE_ACTOR: undefined, GITHUB_ACTIONS: 'true', GITHUB_ACTOR: 'octo' }, 'octo'],
    [{ MIGSTATE_ACTOR: undefined, GITLAB_CI: 'true', GITLAB_USER_LOGIN: 'lab' }, 'lab'],
    ...(process.getuid?.() === 0 ? [[{ MIGSTATE_ACTOR: undefined, SUDO_USER: 'dba' }, 'dba'] as [Record<string, string | undefined>, string]] : []),
  ])('who: %j', async (env, actor) => {
    await json(['mark', 'unapplied', 'blog.0001', '--yes'], { GITHUB_ACTIONS: undefined, ...env })
    expect((await json(['history'])).result.operations[0].actor).toBe(actor)
  })

  it('where, in Kubernetes: the pod and its namespace', async () => {
    await json(['mark', 'unapplied', 'blog.0001', '--yes'], { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAME: 'web-7d9f', POD_NAMESPACE: 'shop' })
    expect((await json(['history'])).result.operations[0].host).toBe('shop/web-7d9f')
  })
})

it('snapshots have labels: the reason of a person, or the operation that they were made for', async () => {
  const { result } = await json(['snapshot', 'create', '--reason', 'before the move'])
  await unmark('blog.0001')
  const { snapshots } = (await json(['snapshot', 'list'])).result
  expect(snapshots).toMatchObject([{ label: 'before mark unapplied blog.0001_initial' }, { id: result.snapshot.id, label: 'by hand: before the move' }])
  expect((await text(['snapshot', 'list'])).out).toContain('by hand: before the move')
  expect((await text(['snapshot', 'show', result.snapshot.id])).out).toContain('by hand: before the move')
})

describe('the side tables', () => {
  const NAMES = ['migstate_event', 'migstate_operation', 'migstate_snapshot_row']

  it('are named before the first write and after it, and not again', async () => {
    const dry = await json(['mark', 'unapplied', 'blog.0001', '--dry-run'])
    expect([...dry.result.creates].sort()).toEqual(NAMES)
    expect((await text(['mark', 'unapplied', 'blog.0001', '--dry-run'])).out).toContain("It would also make migstate's side tables: migstate_operation")
    expect(await tables()).toEqual([])
    expect([...(await json(['mark', 'unapplied', 'blog.0001', '--yes'])).result.creates].sort()).toEqual(NAMES)
    expect(await tables()).toEqual(NAMES)
    expect((await json(['rollback', '--yes'])).result.creates).toEqual([])
  })

  it('uninstall exports the journal and drops them; the history stays', async () => {
    const id = await unmark('blog.0001')
    const before = await fingerprint(database)
    const file = join(project.folder, 'journal.json')
    expect((await json(['uninstall', '--dry-run', '--export', file])).result).toMatchObject({ dryRun: true, exported: { operations: 1, snapshots: 1 } })
    expect(await tables()).toEqual(NAMES)
    expect((await json(['uninstall', '--export', file])).error.code).toBe('needs-yes')
    expect((await json(['uninstall', '--yes', '--export', file])).result.dropped.sort()).toEqual(NAMES)
    expect(await tables()).toEqual([])
    expect(await fingerprint(database)).toEqual(before)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const exported = JSON.parse(readFileSync(file, 'utf8'))
    expect(exported).toMatchObject({
      format: 1,
      operations: [{ id, changes: { removed: [{ name: '0001_initial' }] } }],
      snapshots: [{ history: expect.any(Array) }],
    })
    expect((await json(['uninstall', '--yes'])).result).toEqual({ dryRun: false, dropped: [], exported: null })
    expect((await json(['history'])).result.operations).toEqual([])
  })

  it('uninstall writes over no file, drops nothing then, and can leave the export out', async () => {
    await unmark('blog.0001')
    const file = join(project.folder, 'journal.json')
    writeFileSync(file, 'mine')
    expect((await json(['uninstall', '--yes', '--export', file])).error).toMatchObject({ code: 'bad-file', exitCode: 2 })
    expect(readFileSync(file, 'utf8')).toBe('mine')
    expect(await tables()).toEqual(NAMES)
    expect((await json(['uninstall', '--yes', '--no-export'])).result.exported).toBeNull()
    expect(await tables()).toEqual([])
  })

  it('uninstall refuses while an operation is unfinished, and where another table has its journal there', async () => {
    const id = await unmark('blog.0001')
    await database.query("DELETE FROM migstate_event WHERE event = 'done'")
    expect((await json(['uninstall', '--yes', '--no-export'])).error).toMatchObject({ code: 'unfinished-operation', exitCode: 8, details: { operation: id } })
    expect(await tables()).toEqual(NAMES)
    await json(['recover'])
    await database.query(
      "INSERT INTO migstate_event (history_table, at, event, detail) VALUES ('other_migrations', '2024-01-01T00:00:00.000Z', 'snapshot', '{}')",
    )
    expect((await json(['uninstall', '--yes', '--no-export'])).error.message).toContain('other_migrations')
    expect(await tables()).toEqual(NAMES)
  })

  it('without a name the journal goes into the current folder', async () => {
    await unmark('blog.0001')
    const folder = mkdtempSync(join(tmpdir(), 'migstate-export-'))
    try {
      const result = await migstate(['uninstall', '--yes', '--json'], { cwd: folder, env: { MIGSTATE_URL: database.url } })
      expect(existsSync(join(folder, result.json.result.exported.file))).toBe(true)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

it('-q drops decoration and never data', async () => {
  expect((await migstate(['mark', 'unapplied', 'blog.0001', '--yes', '-q'], options())).stdout).toBe('- 6  blog  0001_initial  2024-03-10 02:30:05.123456\n')
  expect((await migstate(['plan', '-q'], options())).stdout).toBe('blog.0001_initial\n')
  expect((await migstate(['status', 'blog', '-q'], options())).stdout).toBe('blog\n [ ] 0001_initial\n')
})
