import { holesOf, pairOf } from '../../migrations/index.js'
import type { Evidence } from '../evidence/judge.js'
import { type Facts, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { countLine, nameOfKey, operationLines, repair } from '../words.js'

/** Indexes that it makes and that are there without being valid: only a database that builds them beside its work has such. */
function unbuilt({ schema }: Facts, { about }: Evidence): string[] {
  return schema.tables.flatMap(({ indexes }) => indexes.filter(({ name, valid }) => !valid && about.includes(name)).map(({ name }) => name))
}

const quoteIdentifier = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Not recorded, and some of what it does is there: it stopped in the middle, or somebody did a part by hand. */
export function partiallyApplied(facts: Facts): Found[] {
  const { view, evidence, transactionalDdl } = facts
  if (!view || !facts.table) return []
  const holes = holesOf(view)
  return [...evidence.values()]
    .filter(({ key, recorded, verdict }) => !recorded && !holes.has(key) && !view.applied.has(key) && view.graph.hasNode(key) && verdict === 'in part')
    .map((one): Found => {
      const [app, name] = pairOf(one.key)
      const danger = transactionalDdl
        ? 'manage.py migrate would fail at it, or on SQLite build the table anew and set the columns that are there back to their defaults.'
        : 'manage.py migrate would fail at the first thing that is there, every time.'
      return {
        code: 'partially-applied',
        severity: 'error',
        app,
        migration: name,
        message: `${app}.${name} is not recorded, and only a part of it is in the database. ${danger}`,
        evidence: [countLine(one), ...operationLines(one)],
        repairs: [
          ...unbuilt(facts, one).map((name) =>
            repair(
              `DROP INDEX CONCURRENTLY ${quoteIdentifier(name)};`,
              'the index was not built to its end; once it is gone, manage.py migrate builds it anew',
            ),
          ),
          repair(`python manage.py sqlmigrate ${app} ${name}`, 'prints its statements: give those that are missing, then record it'),
          repair(`migstate mark applied ${app}.${name}`, 'only once all of it is there: what is missing would never be made'),
        ],
        about: [nameOfKey(one.key), ...one.about],
        explains: [],
        place: placeOf(facts, one.key),
      }
    })
}
