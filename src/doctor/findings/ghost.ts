import type { Row } from '../../database/index.js'
import { appOf, ghostsOf, keyOf, nameOf, quoted, typable } from '../../migrations/index.js'
import { type Facts, readApps } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

/** A row without a file, in an app whose files were read. A name that a `replaces` lists, or that a file depends on, is none. */
export function ghosts(facts: Facts): Found[] {
  const { view, rows } = facts
  if (!view) return []
  const seen = new Set<string>()
  return [...readApps(facts)].flatMap((app) =>
    ghostsOf(view, rows, app).flatMap((row) => {
      if (view.graph.missing.has(keyOf(row)) || seen.has(keyOf(row))) return []
      seen.add(keyOf(row))
      return [ghost(facts, row)]
    }),
  )
}

function ghost({ view }: Facts, row: Row): Found {
  const files = [...(view?.disk.keys() ?? [])].filter((key) => appOf(key) === row.app).map(nameOf)
  const isAhead = files.every((name) => name < row.name)
  return {
    code: 'ghost',
    severity: 'warning',
    app: row.app,
    migration: row.name,
    message: `${row.app}.${row.name} is recorded, but there is no file of it. Django passes it over in silence; what it did stays in the schema, and a new file of this name would never run.`,
    evidence: [
      `id ${row.id}, applied ${row.applied}`,
      isAhead
        ? `its name comes after every file of ${row.app}: the database may be newer than this code, or come from another branch`
        : `${row.app} has files before and after it: its file was deleted, or belongs to another branch`,
    ],
    repairs: [
      repair(`git log --all --name-status -- ${quoted(`*/${row.name}.py`)}`, 'finds the branch that has the file, or the commit that deleted it'),
      repair(`migstate mark unapplied ${typable(row.app, row.name)}`, 'only if the file is gone for good and no other code uses this database'),
    ],
    about: [`${row.app}.${row.name}`],
    explains: [],
    place: 0,
  }
}
