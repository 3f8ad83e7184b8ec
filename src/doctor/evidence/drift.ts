import type { MigrationFile, Written } from '../../project/index.js'
import {
  appOf,
  fieldsIn,
  isKnown,
  isManaged,
  isNullable,
  isPrimaryKey,
  isProxy,
  type Key,
  kindOf,
  type ModelState,
  type ProjectState,
  valueOr,
} from '../../migrations/index.js'
import type { Sight } from './sight.js'

/** What the database has otherwise than every migration together says. */
export interface Drift {
  /**
   * `stranger`: a column that no migration makes; `null`: one that may be NULL, and must not by its field; `strict`: one that must not, and may
   * by its field; `index`: an index or a constraint that is not there under its name.
   */
  what: 'stranger' | 'null' | 'strict' | 'index'
  table: string
  /** Of an index its own name. */
  column: string
  nullable: boolean
  app: string
  model: string
}

export interface DriftRequest {
  /** After all migrations. */
  state: ProjectState
  sight: Sight
  /** Migrations whose code may have changed tables by hand. */
  free: readonly { key: Key; file: MigrationFile }[]
  /** null where it cannot be read: then it may name anything. */
  sourceOf(file: MigrationFile): string | null
  /** Tables of models that are not managed. */
  claimed: ReadonlySet<string>
  /** Models that a migration changes without the database (`app.model` in small letters): it explains what differs. */
  stateOnly: ReadonlySet<string>
  /** Indexes and constraints that a migration makes once and none takes away. */
  indexes: readonly MadeIndex[]
  /** Labels of apps of which not every migration is recorded, or of which more is. */
  unsettled: ReadonlySet<string>
  /** Every kind of index and constraint of Django is made there; elsewhere only those that every database makes. */
  makesAllKinds: boolean
}

export interface MadeIndex {
  /** As the table is called now. */
  table: string
  name: string
  written: Written
}

/** What code needs to change a table by itself; the alias of its connection is what every data migration asks for. */
const BY_HAND = /(alter|create)\s+table|(create|drop)\s+(unique\s+)?index|editor\s*\.\s*(?!connection\.alias)\w|\bcursor\b|execute\s*\(/i

/**
 * Only tables of which every model and every field is known, and that no code of a migration can have changed: silence where anything else
 * may explain it.
 */
export function driftOf(request: DriftRequest): Drift[] {
  const { state, sight, free, sourceOf, claimed, stateOnly, unsettled } = request
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
    if (unsettled.has(model.app)) return []
    if (stateOnly.has(`${model.app}.${model.name.toLowerCase()}`)) return []
    return [...ofModel(state, sight, model, table), ...lostIndexes(request, model, table)]
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
    if (known.written === null) return []
    const [may, primary] = [isNullable(known.written), isPrimaryKey(known.written)]
    if (!isKnown(may) || !isKnown(primary) || primary.value || may.value === nullable) return []
    if (nullable) return [{ ...same, what: 'null', column: name, nullable }]
    // A class of somebody else's may have its own idea of NULL in the type of its column.
    return isDjangos(known.written) ? [{ ...same, what: 'strict', column: name, nullable }] : []
  })
}

const isDjangos = (written: Written) => written.kind === 'call' && written.callee.startsWith('django.') && kindOf(written) !== 'GeneratedField'

/** Only those of which all fields are still there: a column that goes takes its indexes along. */
function lostIndexes({ state, sight, indexes, makesAllKinds }: DriftRequest, model: ModelState, table: string): Drift[] {
  const found = sight.table(table)
  if (!found?.isTable || state.doubtsAbout(model.app, model.name).length > 0) return []
  return indexes.flatMap(({ table: of, name, written }): Drift[] => {
    if (!sight.same(of, table) || sight.index(found, name) || !isMadeHere(written, makesAllKinds)) return []
    const fields = fieldsIn(written)
    if (fields === null || fields.size === 0 || ![...fields].every((field) => model.fields.has(field))) return []
    return [{ what: 'index', table, column: name, nullable: false, app: model.app, model: model.name }]
  })
}

/** Conditions, expressions, included columns and classes of one database are left out where the database does not have them. */
function isMadeHere(written: Written, makesAllKinds: boolean): boolean {
  if (written.kind !== 'call' || written.isOpen || !written.callee.startsWith('django.')) return false
  const isPlain =
    /\.(Index|UniqueConstraint)$/.test(written.callee) &&
    written.args.length === 0 &&
    [...written.keywords.keys()].every((key) => key === 'fields' || key === 'name')
  return isPlain || makesAllKinds
}
