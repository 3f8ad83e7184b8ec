import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CliResult, migstate } from '../support/cli.js'
import { promisedExit } from '../support/contract.js'
import { engines, freshDatabase } from '../support/databases.js'
import { FORGED, forger, liftedDetail, outcome } from '../support/forged.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'

const NAMES = [
  'snapshot',
  'lifted',
  'shadowed',
  'target-back',
  'child-started',
  'child-exited',
  'ready',
  'op:0',
  'applied',
  'finished',
  'alive',
  'sequence-pending',
]
const ENDS = ['done', 'failed', 'aborted', 'outcome-unknown', 'toString', '__proto__']

/** Anything at all in the three tables; the more likely, the nearer to what the tool would write. */
const word = fc.constantFrom('f0', 'f1', 'f0s', 'real', '', '1', '__proto__', 'x\u001b[2J', 'django_migrations')
const REAL = [
  { id: '1', app: 'shop', name: '0001_initial' },
  { id: '2', app: 'shop', name: '0002_data' },
]
const rowLike = fc.record(
  {
    id: fc.oneof(fc.constantFrom('1', '2', '900'), fc.integer(), word),
    app: fc.constantFrom('shop', 'admin', 7),
    name: fc.constantFrom('0001_initial', '0002_data', '0001_forged', null),
    applied: fc.constantFrom('2024-03-10 02:30:00.123456', 'x', null),
  },
  { requiredKeys: ['id', 'app'] },
)
const rowsLike = fc.oneof(
  fc.subarray(REAL).map((rows) => rows.map((row) => ({ ...row, applied: 'REAL' }))),
  fc.array(rowLike, { maxLength: 3 }),
  fc.constant([FORGED]),
  fc.jsonValue({ maxDepth: 2 }),
)
const counterLike = fc.constantFrom('1', '3', '9223372036854775807', null, 5, 'x')
const outcomeLike = fc.record({
  changes: fc.record({ removed: rowsLike, added: rowsLike, updated: fc.constant([]) }),
  sequence: fc.record({ before: counterLike, after: counterLike }),
})
const detailLike = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  outcomeLike,
  fc.constant(outcome({ removed: [FORGED] }, '3')),
  fc.record({ id: word, rows: fc.nat(), digest: fc.constantFrom('a'.repeat(64), 'x'), sequence: counterLike, engine: word, database: word }),
  fc
    .record({ target: rowsLike, hidden: rowsLike, rest: fc.constantFrom(['1', '2'], ['1'], []), sequence: counterLike, reverse: fc.constantFrom(null, 'zero') })
    .map(liftedDetail),
  fc.record({ pid: fc.oneof(fc.integer(), word), startTime: fc.constant(null), host: word, command: word, half: fc.option(word) }),
  fc.record({ exitCode: fc.option(fc.integer()), signal: fc.option(word), tail: fc.oneof(fc.array(word), fc.jsonValue()), ended: fc.option(fc.boolean()) }),
  fc.record({ operation: word, expected: counterLike, wanted: counterLike, then: fc.constantFrom(...ENDS), outcome: outcomeLike }),
  fc.record({
    shadowed: fc.record({
      app: fc.constant('admin'),
      name: fc.constant('0001_forged'),
      target: rowsLike,
      hidden: rowsLike,
      halves: fc.constantFrom(['forward'], ['backward', 'forward'], ['x']),
      records: fc.constantFrom([['admin', '0001_forged']], [], undefined),
      showsSessions: fc.boolean(),
      local: fc.boolean(),
      timeZone: fc.constantFrom(null, 'Nowhere/Land', 'Europe/Zurich'),
      sequence: counterLike,
    }),
  }),
)
const eventLike = fc.record({
  operation: fc.option(fc.constantFrom('f0', 'f1', 'real', 'nobody'), { nil: undefined }),
  event: fc.oneof({ arbitrary: fc.constantFrom(...NAMES, ...ENDS), weight: 6 }, { arbitrary: fc.string({ maxLength: 12 }), weight: 1 }),
  detail: fc.oneof(
    { arbitrary: detailLike.map((detail) => JSON.stringify(detail) ?? 'null'), weight: 8 },
    { arbitrary: fc.string({ maxLength: 30 }), weight: 1 },
  ),
  at: fc.constantFrom('2026-11-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z', 'x', ''),
})
const operationLike = fc.record({
  kind: fc.constantFrom('rerun', 'run', 'mark applied', ''),
  format: fc.constantFrom(1, 1, 1, 2, 0),
  snapshot: fc.constantFrom('f0s', 'real', ''),
  started_at: fc.constantFrom('2026-11-01T00:00:00.000Z', 'x'),
  pid: word,
  host: word,
})
const snapshotRowLike = fc.record({ snapshot: fc.constantFrom('f0s', 'real'), row_id: fc.constantFrom('1', '900', 'x'), app: word, name: word })
const journal = fc.record({
  operations: fc.array(operationLike, { maxLength: 2 }),
  events: fc.array(eventLike, { maxLength: 8 }),
  /** The operation f0 has a whole and true snapshot. */
  sound: fc.boolean(),
  snapshotRows: fc.oneof(fc.constant([]), fc.array(snapshotRowLike, { maxLength: 2 })),
})

const READING = [
  ['status'],
  ['history'],
  ['history', '--limit', '1'],
  ['snapshot', 'list'],
  ['show', 'shop', '0001_initial'],
  ['history', 'f0'],
  ['snapshot', 'show', 'f0s'],
]
const WRITING = [
  ['recover'],
  ['recover', 'f0', '--assume', 'applied'],
  ['recover', '--assume', 'not-applied'],
  ['rollback', '--yes'],
  ['rollback', 'f0', '--yes'],
  ['snapshot', 'restore', 'f0s', '--yes'],
]

/** Whatever somebody writes there: a code of the contract, nothing internal, and no row that was never in the history. */
describe.each(engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql'))('garbage in the side tables, %s', (engine) => {
  it('leads to an answer, and to no row that no snapshot has', { timeout: 300_000 }, async () => {
    const database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, [
      ['shop', '0001_initial'],
      ['shop', '0002_data'],
    ])
    const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json', '--url', database.url], { env: { MIGSTATE_LOCK_TIMEOUT: '1' } })
    const { snapshot } = (await run('snapshot', 'create')).json.result
    const forge = forger(database)
    const header = await forge.header(snapshot.id)
    const saved = await database.query('SELECT row_id, app, name, applied FROM migstate_snapshot_row')
    const real = new Map(saved.map((row) => [row.row_id, String(row.applied)]))
    /** The times of real rows are the database's own. */
    const withTimes = (detail: string) =>
      detail.replaceAll(
        /"id":"([12])","app":"shop","name":"(\w+)","applied":"REAL"/g,
        (_all, id: string, name: string) => `"id":"${id}","app":"shop","name":"${name}","applied":"${real.get(id)}"`,
      )
    const known = new Set((await fingerprint(database)).rows)
    const highest = Number((await fingerprint(database)).counter) + 1_000_010
    const expectAnswer = (result: CliResult, argv: readonly string[]) => {
      const { ok, error } = result.json
      expect(error?.code, `${argv.join(' ')}: ${result.stdout}${result.stderr}`).not.toBe('internal-error')
      expect(result.exitCode, argv.join(' ')).toBe(ok ? 0 : promisedExit(error.code))
      expect(result.stdout + result.stderr).not.toContain('\u001b')
      return ok
    }
    await fc.assert(
      fc.asyncProperty(journal, fc.shuffledSubarray(WRITING, { minLength: 2, maxLength: 3 }), async ({ operations, events, sound, snapshotRows }, writing) => {
        for (const table of ['migstate_operation', 'migstate_event', 'migstate_snapshot_row']) await database.query(`DELETE FROM ${table}`)
        for (const [at, operation] of operations.entries()) await forge.operation(`f${at}`, operation)
        if (sound) {
          for (const row of saved) await forge.insert('migstate_snapshot_row', { ...row, snapshot: 'f0s' } as Record<string, string>)
          await forge.event('f0', 'snapshot', { ...header, id: 'f0s' })
        }
        for (const { operation, event, detail, at } of events) await forge.event(operation, clean(event), withTimes(clean(detail)), { at })
        for (const row of snapshotRows) await forge.insert('migstate_snapshot_row', row)
        for (const argv of READING) {
          const ok = expectAnswer(await run(...argv), argv)
          // These name nothing of the journal, so nothing in it can refuse them.
          if (!argv.some((one) => one.startsWith('f0'))) expect(ok, argv.join(' ')).toBe(true)
        }
        for (const argv of writing) {
          expectAnswer(await run(...argv), argv)
          const { rows, counter } = await fingerprint(database)
          expect(
            rows.filter((row) => !known.has(row)),
            argv.join(' '),
          ).toEqual([])
          if (counter !== 'none') expect(Number(counter)).toBeLessThan(highest)
        }
      }),
      { numRuns: engine === 'sqlite' ? 60 : 15, endOnFailure: true },
    )
  })
})

/** PostgreSQL takes no NUL and no lone surrogate. */
function clean(text: string): string {
  return text.replaceAll('\0', '').replaceAll(/\p{Surrogate}/gu, '')
}
