import type { ModelUse, Written } from '../../project/index.js'
import { type Column, isKnown, type ModelState, namedConstraints, type ProjectState, togetherOf, valueOr } from '../../migrations/index.js'

/** A table that the target's code uses, as the target sees it. */
export interface Watched {
  /** For people: `shop.Order`. */
  label: string
  app: string
  /** Lower case. */
  model: string
  table: string
  /** Why the table cannot be told; then nothing can be said of it. */
  unsure: string | null
  columns: readonly Column[]
  constraints: ReadonlyMap<string, Written>
  together: readonly string[][]
  uses: readonly ModelUse[]
}

/** The tables of the models in use, those that they inherit from included. */
export function watchedTables(seen: ProjectState, uses: readonly ModelUse[]): Watched[] {
  const models = new Map(uses.map((use) => [`${use.app}.${use.model}`, use]))
  const found = new Map<string, Watched>()
  for (const { app, model, name } of models.values()) {
    const written = seen.get(app, model)
    const own = uses.filter((use) => use.app === app && use.model === model)
    for (const one of written ? seen.lineOf(written) : []) {
      const label = one === written ? `${app}.${name}` : `${one.app}.${one.name}`
      const before = found.get(label.toLowerCase())
      found.set(label.toLowerCase(), watched(seen, one, label, [...(before?.uses ?? []), ...own]))
    }
  }
  return [...found.values()]
}

function watched(seen: ProjectState, model: ModelState, label: string, uses: readonly ModelUse[]): Watched {
  const table = seen.tableOf(model)
  return {
    label,
    app: model.app,
    model: model.name.toLowerCase(),
    table: isKnown(table) ? table.value : '',
    unsure: isKnown(table) ? null : table.unknown,
    columns: seen.columnsOf(model).columns,
    constraints: namedConstraints(model),
    together: valueOr(togetherOf(model, 'unique_together'), []),
    uses,
  }
}
