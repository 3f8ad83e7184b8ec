import { appOf, ghostsOf, keyOf, nameOf } from '../../migrations/index.js'
import { type Facts, readApps } from '../facts.js'
import type { Found } from '../finding.js'
import { counted, listed } from '../words.js'

/** Rows after every file of apps that are all recorded: newer code has migrated this database. Said beside the rows without a file, and never a reason to delete them. */
export function databaseAhead(facts: Facts, explained: ReadonlySet<string> = new Set()): Found[] {
  const { view, rows } = facts
  if (!view) return []
  const ahead = [...readApps(facts)].flatMap((app) => {
    const own = ghostsOf(view, rows, app).filter((row) => !view.graph.missing.has(keyOf(row)) && !explained.has(keyOf(row)))
    const files = [...view.disk.keys()].filter((key) => appOf(key) === app)
    const isAhead = own.length > 0 && files.length > 0 && files.every((key) => view.applied.has(key) && own.every(({ name }) => nameOf(key) < name))
    return isAhead ? own : []
  })
  if (ahead.length === 0) return []
  const names = [...new Set(ahead.map(({ app, name }) => `${app}.${name}`))]
  return [
    {
      code: 'database-ahead',
      severity: 'info',
      app: null,
      migration: null,
      message: `The database is ahead of this code by ${counted(names.length, 'migration')}: ${listed(names)}. Newer code, or another branch, has migrated it; its rows and what they did are to stay.`,
      evidence: [`every file of ${listed([...new Set(ahead.map(({ app }) => app))])} is recorded, and these come after them`],
      repairs: [],
      about: names,
      explains: [],
      place: 0,
    },
  ]
}
