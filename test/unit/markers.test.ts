import { expect, it } from 'vitest'
import type { Database } from '../../src/database/index.js'
import type { EventRecord, Operation } from '../../src/journal/index.js'
import { judgeMarkers, refuseDamagedMarkers } from '../../src/rerun/shadow/markers.js'
import { markOf } from '../../src/rerun/table/prove-database.js'

const event = (name: string, detail: unknown, at: string, problem: string | null = null) =>
  ({ seq: '1', operation: 'f0', event: name, detail, at, problem }) as unknown as EventRecord
/** A migration of data alone, which is not atomic. */
const READY = {
  operations: [
    ['RunPython', false],
    ['RunSQL', false],
  ],
  canRollbackDdl: true,
  atomic: false,
  watched: true,
}

it('each operation has its marker and the whole has none: it ran, at the time of the last one that can be read', () => {
  const events = [
    event('ready', READY, 't1'),
    event('op:0', null, 't2'),
    event('op:1', null, 't3'),
    event('child-exited', null, 't4', 'has a detail that is not JSON'),
  ]
  expect(judgeMarkers(events, 'forward', false)).toMatchObject({ outcome: 'ran', at: 't3', rows: null })
  expect(judgeMarkers(events.toSpliced(2, 1), 'forward', false)).toMatchObject({ outcome: 'unknown', at: null, partly: true })
})

it('a marker that is none stops everything, another event that is none does not', () => {
  const database = { journal: { event: 'migstate_event', operation: 'migstate_operation' } } as Database
  const operation = { id: 'f0', kind: 'rerun', seq: '1', finishedAt: null } as Operation
  const refuse = (name: string) => () => refuseDamagedMarkers(database, operation, [event('ready', READY, 't1'), event(name, null, 't2', 'is no marker')])
  for (const name of ['op:3', 'reverse-op:12', 'applied', 'reverse-ready']) expect(refuse(name)).toThrow(`"${name}"`)
  for (const name of ['alive', 'op:x', 'toString']) expect(refuse(name)).not.toThrow()
})

it('what showmigrations does not list has no mark', () => {
  const shown = 'shop\n [X] 0001_initial (2 squashed migrations)\n [ ] 0002_data\n'
  expect(['0001_initial', '0002_data', '0002', '0003_more'].map((name) => markOf(shown, name))).toEqual(['X', ' ', null, null])
})
