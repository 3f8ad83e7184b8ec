import { beforeEach, describe, expect, it } from 'vitest'
import { built, type CliResult, migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { FORGED, type ForgedRow, forger, liftedDetail, outcome } from '../support/forged.js'

const HUGE = '9223372036854775807'

/** Whoever may insert into the side tables, as Django's own role may, writes what he likes there; the tool works with a DBA's rights. */
describe.each(engines.filter((engine) => engine !== 'mysql'))('forged rows of the journal, %s', (engine) => {
  let database: TestDatabase
  let project: FakeProject
  let forge: ReturnType<typeof forger>
  /** A snapshot of the whole history, made by an operation that has ended. */
  let snapshot: string
  let rows: ForgedRow[]
  let finished: string
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
    forge = forger(database)
    const marked = (await run('mark', 'unapplied', 'blog', '0001_initial', '--yes')).json.result.operation
    finished = marked.id
    snapshot = marked.snapshot
    rows = (await run('snapshot', 'show', snapshot)).json.result.snapshot.history
  })

  const options = () => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url } })
  const run = (...argv: string[]) => migstate([...argv, '--json'], options())

  async function expectRefused(result: CliResult, code: string, ...words: string[]): Promise<void> {
    expect([result.exitCode, result.json.error?.code], result.stdout + result.stderr).toEqual([2, code])
    for (const word of words) expect(result.json.error.message).toContain(word)
    expect(result.json.error.hint).not.toBe('')
  }

  /** Nothing is written, whatever is tried; and everything that reads goes on. */
  async function expectStopped(writing: string[][], words: string[], code = 'damaged-journal'): Promise<void> {
    const before = await fingerprint(database)
    const events = await database.query('SELECT count(*) AS n FROM migstate_event')
    for (const argv of writing) await expectRefused(await run(...argv), code, ...words)
    expect(await fingerprint(database)).toEqual(before)
    expect(await database.query('SELECT count(*) AS n FROM migstate_event')).toEqual(events)
    for (const argv of [['status'], ['history'], ['snapshot', 'list'], ['plan']]) {
      const read = await run(...argv)
      expect(read.json.ok, `${argv.join(' ')}: ${read.stdout}`).toBe(true)
    }
  }

  /** A finished operation's snapshot under another id, with its own header, and an operation of its own that has lifted something. */
  async function forgeOperation(id: string, lifted: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<void> {
    await forge.operation(id)
    await forge.copyRows(snapshot, `${id}s`)
    const own = { ...(await forge.header(snapshot)), id: `${id}s`, ...header }
    await forge.event(id, 'snapshot', own)
    await forge.event(id, 'lifted', liftedDetail({ sequence: own.sequence, ...lifted }))
  }

  const RECOVER = [['recover'], ['recover', '--dry-run'], ['recover', '--assume', 'applied'], ['recover', 'f0']]

  it('an operation without a snapshot has lifted nothing', async () => {
    await forge.operation('f0')
    await forge.event('f0', 'lifted', liftedDetail({ sequence: HUGE }))
    await expectStopped(RECOVER, ['f0', 'has no snapshot f0s'])
    expect((await run('mark', 'applied', 'blog', '0001_initial', '--yes')).json.error.code).toBe('unfinished-operation')
    // As the hint says; then everything is as if nothing had been.
    const { hint } = (await run('recover')).json.error
    await database.query(/DELETE FROM migstate_operation|DELETE FROM \S+ WHERE seq = \d+/.exec(hint)?.[0] as string)
    expect((await run('mark', 'applied', 'blog', '0001_initial', '--yes')).exitCode).toBe(0)
  })

  it('a row that was never in the history is not put back', async () => {
    await forgeOperation('f0', { rest: rows.map((row) => row.id) })
    await expectStopped(RECOVER, ['admin.0001_forged', 'not in the snapshot'])
  })

  it('nor one that somebody has put into the snapshot as well', async () => {
    await forgeOperation('f0', { rest: rows.map((row) => row.id) })
    await forge.insert('migstate_snapshot_row', { snapshot: 'f0s', row_id: FORGED.id, app: FORGED.app, name: FORGED.name, applied: FORGED.applied })
    await expectStopped(RECOVER, ['do not have the digest'])
  })

  it.each([
    ['another time', (row: ForgedRow) => ({ target: [{ ...row, applied: '2001-01-01 00:00:00' }] }), 'not in the snapshot'],
    ['a row twice', (row: ForgedRow) => ({ target: [row], hidden: [row] }), 'does not divide'],
    ['no rest', (row: ForgedRow) => ({ target: [row], rest: [] }), 'does not divide'],
    ['as many others in place of the rest', (row: ForgedRow) => ({ target: [row], rest: ['501', '502', '503', '504', '505'] }), 'does not divide'],
    ['the row of another migration', (row: ForgedRow) => ({ target: [row], name: '0009_other' }), 'is no row of'],
  ])('what is lifted and what is left make up the history: %s', async (_what, change, word) => {
    const row = rows.at(-1) as ForgedRow
    await forgeOperation('f0', { app: row.app, name: row.name, rest: rows.slice(0, -1).map(({ id }) => id), ...change(row) })
    await expectStopped(RECOVER, [word])
  })

  it('the counter is the one of the snapshot, and never far above the table', async () => {
    const row = rows.at(-1) as ForgedRow
    const sound = { app: row.app, name: row.name, target: [row], rest: rows.slice(0, -1).map(({ id }) => id) }
    await forgeOperation('f0', { ...sound, sequence: HUGE })
    await expectStopped(RECOVER, [HUGE, 'is not the'])
    await database.query("DELETE FROM migstate_event WHERE operation = 'f0'")
    await forge.event('f0', 'snapshot', { ...(await forge.header(snapshot)), id: 'f0s', sequence: HUGE })
    await forge.event('f0', 'lifted', liftedDetail({ ...sound, sequence: HUGE }))
    await expectStopped(RECOVER, [HUGE, 'far above'])
  })

  it('a counter that still had to be put back is compared too', async () => {
    const { sequence } = await forge.header(snapshot)
    const pend = async (step: Record<string, unknown>, end: Record<string, unknown> = outcome({}, sequence, HUGE)) => {
      await database.query("DELETE FROM migstate_event WHERE operation = 'f0' AND event = 'sequence-pending'")
      await forge.event('f0', 'sequence-pending', { operation: 'f0', expected: sequence, wanted: HUGE, then: 'done', outcome: end, ...step })
    }
    await forge.operation('f0')
    await pend({})
    await expectStopped(RECOVER, ['has no snapshot'])
    await forge.copyRows(snapshot, 'f0s')
    await forge.event('f0', 'snapshot', { ...(await forge.header(snapshot)), id: 'f0s' })
    await expectStopped(RECOVER, [HUGE, 'far above'])
    await pend({ wanted: '100000' })
    await expectStopped(RECOVER, ['names two counters'])
    await pend({ operation: finished })
    await expectStopped(RECOVER, ['of another operation'])
    await pend({}, outcome({}, '77', HUGE))
    await expectStopped(RECOVER, ['counter 77'])
    await pend({}, outcome({ removed: [FORGED] }, sequence, HUGE))
    await expectStopped(RECOVER, ['admin.0001_forged'])
  })

  it('a run that has recorded what was there before, or something else than itself, is not ended', async () => {
    const { sequence } = await forge.header(snapshot)
    await forge.operation('f0', { kind: 'run' })
    await forge.copyRows(snapshot, 'f0s')
    await forge.event('f0', 'snapshot', { ...(await forge.header(snapshot)), id: 'f0s' })
    const row = rows[0] as ForgedRow
    const shadow = async (more: Record<string, unknown>) => {
      await database.query("DELETE FROM migstate_event WHERE operation = 'f0' AND event = 'shadowed'")
      const shadowed = { app: 'shop', name: '0009_x', target: [], hidden: [], halves: ['forward'], showsSessions: false, local: true, timeZone: null, sequence }
      await forge.event('f0', 'shadowed', { shadowed: { ...shadowed, ...more } })
    }
    await shadow({ records: [['admin', '0001_forged']] })
    await expectStopped(RECOVER, ['would not record shop.0009_x'])
    await shadow({ app: row.app, name: row.name, records: [[row.app, row.name]] })
    await expectStopped(RECOVER, ['was recorded before it ran'])
    await shadow({ app: FORGED.app, name: FORGED.name, target: [FORGED] })
    await expectStopped(RECOVER, ['admin.0001_forged', 'not in the snapshot'])
    await shadow({ records: [['shop', '0009_x']], hidden: [FORGED] })
    await expectStopped(RECOVER, ['admin.0001_forged', 'not in the snapshot'])
    await shadow({ records: [['shop', '0009_x']], halves: ['forward', 'backward'] })
    await expectStopped(RECOVER, ['no way forward'])
  })

  it('what an interrupted rerun has really lifted comes back, once a second claim beside it is taken out', async () => {
    await run('rollback', '--yes')
    const before = await fingerprint(database)
    const killed = await built(['rerun', 'shop', '0002', '--yes', '--force', ...project.manage('record')], {
      ...options(),
      env: { ...options().env, MIGSTATE_FAILPOINT: 'lifted' },
    })
    expect(killed.exitCode).toBeNull()
    const [{ id }] = (await run('history')).json.result.operations
    await forge.event(id, 'lifted', liftedDetail({}))
    await expectStopped([['recover'], ['recover', '--dry-run'], ['recover', id]], ['"lifted"', 'one too many'])
    expect((await run('status')).json.warnings.map((one: { code: string }) => one.code)).toEqual(
      expect.arrayContaining(['unfinished-operation', 'damaged-journal']),
    )
    const { hint } = (await run('recover')).json.error
    await database.query(/DELETE FROM \S+ WHERE seq = \d+/.exec(hint)?.[0] as string)
    const recovered = await run('recover')
    expect(recovered.exitCode, recovered.stdout).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it('beside one that cannot be believed another one is recovered by its name', async () => {
    await forge.operation('f0')
    await forge.event('f0', 'lifted', liftedDetail({}))
    await forge.operation('f1')
    const refused = await run('recover')
    await expectRefused(refused, 'damaged-journal')
    expect(refused.json.error.hint).toContain('migstate recover f1')
    expect((await run('recover', 'f1')).json.result.operation).toMatchObject({ id: 'f1', status: 'aborted' })
  })

  describe('rollback', () => {
    const forgeEnd = async (changes: Parameters<typeof outcome>[0], sequence?: string, end = 'done') => {
      const header = await forge.header(snapshot)
      await forge.operation('f0', { kind: 'mark unapplied' })
      await forge.copyRows(snapshot, 'f0s')
      await forge.event('f0', 'snapshot', { ...header, id: 'f0s', sequence: sequence ?? header.sequence })
      await forge.event('f0', end, outcome(changes, sequence ?? header.sequence))
    }
    const ROLLBACK = [
      ['rollback', 'f0', '--yes'],
      ['rollback', 'f0', '--dry-run'],
      ['rollback', '--to', 'f0', '--yes'],
    ]
    /** `--to` passes over what is not done. */
    const naming = (end: string) => (end === 'done' ? ROLLBACK : ROLLBACK.slice(0, 2))

    it.each(['done', 'failed', 'aborted'])('puts no row back that was not there, whatever it ended with: %s', async (end) => {
      await forgeEnd({ removed: [FORGED] }, undefined, end)
      await expectStopped(naming(end), ['admin.0001_forged', 'not in the snapshot'])
    })

    it('changes none into what it never was, and gives none another id', async () => {
      const row = rows[0] as ForgedRow
      await forgeEnd({ updated: [{ before: { ...row, name: '0001_forged' }, after: row }] })
      await expectStopped(ROLLBACK, ['0001_forged', 'not in the snapshot'])
      await database.query("DELETE FROM migstate_event WHERE operation = 'f0' AND event = 'done'")
      await forge.event('f0', 'done', outcome({ updated: [{ before: row, after: { ...row, id: '77' } }] }, (await forge.header(snapshot)).sequence))
      await expectStopped(ROLLBACK, ['the id 77'])
    })

    it.each(['done', 'failed', 'aborted'])('takes none out that was there before, whatever it ended with: %s', async (end) => {
      await forgeEnd({ added: [rows[0]] }, undefined, end)
      await expectStopped(naming(end), ['was there before'])
    })

    it('moves the counter to nowhere', async () => {
      await forgeEnd({ removed: [rows.find((row) => row.app === 'blog')] }, HUGE)
      await expectStopped(ROLLBACK, [HUGE, 'far above'])
    })

    it('undoes nothing that has two ends, and the rest as ever', async () => {
      await forge.event(finished, 'done', outcome({ removed: [FORGED] }, (await forge.header(snapshot)).sequence))
      await expectStopped(
        [
          ['rollback', finished, '--yes'],
          ['rollback', '--yes'],
        ],
        ['one too many'],
      )
      const { warnings } = (await run('history')).json
      expect(warnings).toEqual([{ code: 'damaged-journal', message: expect.stringContaining(`of operation ${finished} the event "done"`) }])
      const marked = (await run('mark', 'applied', 'blog', '0001_initial', '--yes')).json.result.operation
      expect((await run('rollback', marked.id, '--yes')).exitCode).toBe(0)
    })
  })

  describe('snapshot restore', () => {
    it('takes no snapshot with two headers, nor one of an operation that is not there', async () => {
      await forge.event(undefined, 'snapshot', { ...(await forge.header(snapshot)), rows: 0 })
      await expectStopped(
        [
          ['snapshot', 'restore', snapshot, '--yes'],
          ['snapshot', 'restore', snapshot, '--dry-run'],
        ],
        ['another header'],
      )
      await forge.event('nobody', 'snapshot', { ...(await forge.header(snapshot)), id: 'abc' })
      await expectStopped([['snapshot', 'restore', 'abc', '--yes']], ['no operation nobody'])
    })

    it('does not move the counter to nowhere', async () => {
      await forge.copyRows(snapshot, 'abc')
      await forge.event(undefined, 'snapshot', { ...(await forge.header(snapshot)), id: 'abc', sequence: HUGE })
      await expectStopped(
        [
          ['snapshot', 'restore', 'abc', '--yes'],
          ['snapshot', 'restore', 'abc', '--dry-run'],
        ],
        [HUGE],
      )
    })
  })
})
