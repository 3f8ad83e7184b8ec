import type { Row } from '../database/row.js'
import { type FakePlan, keyOf, pairOf } from '../migrations/index.js'
import type { Change, PlannedRow } from './change.js'

/** The calls of Django's recorder as one change: it inserts without looking, and deletes all rows of a key. */
export function planFakeChange(plan: FakePlan, rows: readonly Row[]): Change {
  const remove = new Set<Row>()
  let add: PlannedRow[] = []
  for (const { action, key } of plan.calls) {
    const [app, name] = pairOf(key)
    if (action === 'record') add.push({ app, name })
    else {
      for (const row of rows) if (keyOf(row) === key) remove.add(row)
      add = add.filter((row) => row.app !== app || row.name !== name)
    }
  }
  return { remove: rows.filter((row) => remove.has(row)), add, update: [] }
}
