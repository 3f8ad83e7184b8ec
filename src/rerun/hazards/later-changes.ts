import type { ModelUse, Operation } from '../../project/index.js'
import type { Column, Doubt, ModelState, ProjectState } from '../../migrations/index.js'
import { type Difference, differences, inTable } from './differences.js'
import type { CheckedHazard } from './hazard.js'
import type { RecordedHistory } from './recorded-history.js'
import { type Watched, watchedTables } from './watched.js'

/**
 * What later recorded migrations have removed, renamed or tightened of what the target uses (a rerun sees the models as they were
 * then, and the tables as they are now). Silent where a later change does not concern it; what cannot be followed is named.
 */
export function laterChanges(uses: readonly ModelUse[], { seen, later }: RecordedHistory): CheckedHazard[] {
  const watched = watchedTables(seen, uses)
  const now = seen.clone()
  const tables = watched.filter((one) => one.unsure === null).map((one) => new TableHistory(one, now))
  for (const step of later) {
    const label: [string, string] = [step.app, step.name]
    now.step(step, 'database', (operation) => {
      for (const table of tables) table.look(label, operation)
    })
  }
  return [...unreadOf(watched, seen, now), ...tables.flatMap((table) => table.found)]
}

/** What may have been done besides, before the target and after it. */
function unreadOf(watched: readonly Watched[], seen: ProjectState, now: ProjectState): CheckedHazard[] {
  const said = new Map<string, CheckedHazard>()
  const say = (key: string, message: string, migration: Doubt['migration']) => said.set(key, { code: 'unread-changes', message, line: null, migration })
  for (const { label, app, model, unsure } of watched) {
    if (unsure !== null) say(label, `the table of ${label} is not known, so what came later is not either: ${unsure}`, null)
    for (const doubt of new Set([...seen.doubtsAbout(app, model), ...now.doubtsAbout(app, model)])) {
      const where = doubt.migration?.join('.') ?? app
      say(`${where} ${doubt.reason}`, `${where} may have changed ${label}, since it cannot be read whole: ${doubt.reason}`, doubt.migration)
    }
  }
  return [...said.values()]
}

/** One table of the target's models through the later migrations. */
class TableHistory {
  readonly #watched: Watched
  readonly #now: ProjectState
  readonly #found = new Map<string, CheckedHazard>()
  /** Columns that are the target's own under another name. */
  readonly #moved = new Set<string>()
  #columns: readonly Column[]
  #model: ModelState | undefined

  constructor(watched: Watched, now: ProjectState) {
    this.#watched = watched
    this.#now = now
    this.#columns = watched.columns
    this.#model = inTable(now, watched)
  }

  /** Where the table is gone, nothing else counts. */
  get found(): CheckedHazard[] {
    const table = this.#found.get('table')
    return table ? [table] : [...this.#found.values()]
  }

  look(migration: [string, string], operation: Operation): void {
    // A model that changes is another value.
    if (this.#model && this.#now.get(this.#model.app, this.#model.name) === this.#model) return
    const model = (this.#model = inTable(this.#now, this.#watched))
    const columns = model ? this.#now.columnsOf(model).columns : []
    if (model && model.app === migration[0] && model.name.toLowerCase() === operation.model?.toLowerCase()) this.#follow(operation, columns)
    this.#columns = columns
    const found = differences(this.#watched, model, columns, this.#moved)
    for (const key of this.#found.keys()) if (!found.has(key)) this.#found.delete(key)
    for (const [key, difference] of found) if (!this.#found.has(key)) this.#found.set(key, this.#hazard(migration, operation, difference))
  }

  /** A field that is renamed or moved keeps what the target knows of it. */
  #follow({ type, field, oldName }: Operation, columns: readonly Column[]): void {
    if (type !== 'RenameField' && type !== 'AlterField') return
    const old = this.#columns.find((one) => one.field === (type === 'RenameField' ? oldName : field))
    const isOwn = old?.names.some((name) => this.#moved.has(name.toLowerCase()) || this.#watched.columns.some((one) => one.names.includes(name)))
    for (const name of isOwn ? (columns.find((one) => one.field === field)?.names ?? []) : []) this.#moved.add(name.toLowerCase())
  }

  #hazard(migration: [string, string], operation: Operation, difference: Difference): CheckedHazard {
    const { label } = this.#watched
    const { code, effect, check } = difference
    const done = doneBy(operation, difference, this.#watched) ?? difference.done.replace('…', label)
    return { code, message: `${migration.join('.')} ${done}: ${effect}`, line: null, migration, ...(check ? { check } : {}) }
  }
}

/** What an operation did, in words of its own. */
function doneBy({ type, oldName, newName }: Operation, { code, field }: Difference, { label, table }: Watched): string | null {
  if (code === 'later-table-gone') {
    if (type === 'RenameModel') return `renamed ${label} to ${newName}, and with it its table ${table}`
    return type === 'AlterModelTable' ? `moved the table of ${label} away from ${table}` : `removed ${label}, and its table is gone`
  }
  if (code !== 'later-removed') return null
  if (type === 'RenameField') return `renamed ${label}.${oldName} to ${newName}`
  return type === 'AlterField' ? `moved ${label}.${field} to another column` : null
}
