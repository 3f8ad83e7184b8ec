import type { MigrationFile } from '../../project/index.js'
import { appOf, isKnown, isManaged, isNullable, isPrimaryKey, isProxy, type Key, type ModelState, type ProjectState, valueOr } from '../../migrations/index.js'
import type { Sight } from './sight.js'

/** What the database has otherwise than every migration together says. */
export interface Drift {
  /** `stranger`: a column that no migration makes; `null`: one that may be NULL, and must not by its field. */
  what: 'stranger' | 'null'
  table: string
  column: string
  nullable: boolean
  app: string
  model: string
}

export interface DriftRequest {
  /** After all migrations; only asked where all of them are recorded. */
  state: ProjectState
  sight: Sight
  /** Migrations whose code may have changed tables by hand. */
  free: readonly { key: Key; file: MigrationFile }[]
  /** null where it cannot be read: then it may name anything. */
  sourceOf(file: MigrationFile): string | null
  /** Tables of models that are not managed. */
  claimed: ReadonlySet<string>
}

/** What code needs to change a table by itself; the alias of its connection is what every data migration asks for. */
const BY_HAND = /(alter|create)\s+table|editor\s*\.\s*(?!connection\.alias)\w|\bcursor\b|execute\s*\(/i

/**
 * Only tables of which every model and every field is known, and that no code of a migration can have changed: silence where anything else
 * may explain it.
 */
export function driftOf({ state, sight, free, sourceOf, claimed }: DriftRequest): Drift[] {
  const byTable = new Map<string, ModelState[]>()
  for (const model of state.models.values()) {
    if (valueOr(isProxy(model), false)) continue
    const table = state.tableOf(model)
    // It may be any of them.
    if (!isKnown(table)) return []
    byTable.set(table.value, [...(byTable.get(table.value) ?? []), model])
  }
  const sources = free.map(({ key, file }) => ({ app: appOf(key), text: sourceOf(file) })).filter(({ text }) => text === null || BY_HAND.test(text))
  if (sources.some(({ text }) => text === null)) return []
  const mayDiffer = (app: string, table: string) => sources.some((one) => one.app === app || one.text?.toLowerCase().includes(table.toLowerCase()))
  return [...byTable].flatMap(([table, [model, ...others]]) => {
    if (!model || others.length > 0 || claimed.has(table) || !valueOr(isManaged(model), false) || mayDiffer(model.app, table)) return []
    return ofModel(state, sight, model, table)
  })
}

function ofModel(state: ProjectState, sight: Sight, model: ModelState, table: string): Drift[] {
  const found = sight.table(table)
  const { columns, open } = state.columnsOf(model)
  if (!found?.isTable || open !== null || columns.some(({ names, unsure }) => names.length !== 1 || unsure !== null)) return []
  const same = { table, app: model.app, model: model.name }
  return found.columns.flatMap(({ name, nullable }): Drift[] => {
    const known = columns.find(({ names }) => sight.same(names[0] as string, name))
    if (!known) return name === '_order' ? [] : [{ ...same, what: 'stranger', column: name, nullable }]
    if (!nullable || known.written === null) return []
    const [may, primary] = [isNullable(known.written), isPrimaryKey(known.written)]
    return isKnown(may) && !may.value && isKnown(primary) && !primary.value ? [{ ...same, what: 'null', column: name, nullable }] : []
  })
}
