import type { Row } from '../../database/index.js'
import { appOf, keyOf, makeKey, nameOf, typable, whyMayExist } from '../../migrations/index.js'
import { evidenceFor, type Facts, hasOwnId, namePairsIn, placeOf, replacedKeys } from '../facts.js'
import type { Found } from '../finding.js'
import { countLine, counted, listed, mendRows, nameOfKey, operationLines, repair } from '../words.js'

/** A migration, or an app, that has another name now than when it ran. */
export function renamed(facts: Facts): Found[] {
  return [...renamedApps(facts), ...renamedMigrations(facts)]
}

function renamedMigrations(facts: Facts): Found[] {
  return namePairsIn(facts)
    .filter(({ damaged }) => !damaged)
    .map(({ row, key }): Found => {
      const evidence = evidenceFor(facts, key)
      const ran = evidence?.verdict === 'ran'
      const [app, file] = [appOf(key), nameOf(key)]
      return {
        code: 'renamed',
        severity: 'error',
        app,
        migration: file,
        message: `${app}.${file} is not recorded, and ${row.app}.${row.name} is recorded without a file: the file was ${ran ? '' : 'probably '}renamed after it ran. manage.py migrate would run it again.`,
        evidence: [`id ${row.id}, applied ${row.applied}`, ...(evidence ? [countLine(evidence), ...operationLines(evidence)] : [])],
        repairs: [
          ...(hasOwnId(facts, row)
            ? [
                mendRows(
                  { do: 'rewrite', rows: [{ id: row.id, name: file }] },
                  ran ? 'gives the row the new name; its id and time stay' : 'if it is the same migration',
                  {
                    recommended: ran,
                    safe: ran,
                  },
                ),
              ]
            : []),
        ],
        about: [nameOfKey(key), `${row.app}.${row.name}`, ...(evidence?.about ?? [])],
        explains: [key, keyOf(row)],
        place: placeOf(facts, key),
      }
    })
}

/** A label that no app has, whose migrations are those of an app without a row. */
function renamedApps(facts: Facts): Found[] {
  const { view, project, rows } = facts
  if (!view || !project) return []
  const withRows = new Set(rows.map(({ app }) => app))
  const labels = new Set(project.apps.map(({ label }) => label))
  // Under an older label that a `replaces` names the rows count as they are.
  const read = new Set([...replacedKeys(facts)].map(appOf))
  const unknown = [...withRows].filter((app) => !labels.has(app) && !read.has(app) && (whyMayExist(project, app) === null || project.notFound.length > 0))
  const fresh = project.apps.filter(({ label, migrations }) => !withRows.has(label) && migrations.length > 0)
  return unknown.flatMap((old) => {
    const own = rows.filter(({ app }) => app === old)
    const names = new Set(own.map(({ name }) => name))
    const fits = fresh.filter(({ migrations }) => migrations.filter(({ name }) => names.has(name)).length * 2 > names.size && sharesMore(migrations, names))
    const [app] = fits
    if (fits.length !== 1 || !app) return []
    const keys = app.migrations.map(({ name }) => makeKey(app.label, name))
    const seen = keys.flatMap((key) => evidenceFor(facts, key) ?? [])
    const ran = seen.some(({ verdict }) => verdict === 'ran')
    const oldTables = facts.schema.tables.filter(({ name }) => name.startsWith(`${old}_`)).map(({ name }) => name)
    return ran || oldTables.length > 0 ? [renamedApp(facts, { old, label: app.label, own, ran, oldTables, keys })] : []
  })
}

/** One name alone that every app has is no likeness. */
function sharesMore(migrations: readonly { name: string }[], names: ReadonlySet<string>): boolean {
  return migrations.some(({ name }) => names.has(name) && name !== '0001_initial') || (names.size === 1 && migrations.length === 1)
}

interface RenamedApp {
  old: string
  label: string
  own: readonly Row[]
  ran: boolean
  oldTables: readonly string[]
  keys: readonly string[]
}

function renamedApp(facts: Facts, { old, label, own, ran, oldTables, keys }: RenamedApp): Found {
  return {
    code: 'renamed',
    severity: 'error',
    app: label,
    migration: null,
    message: `${counted(own.length, 'row')} of "${old}", which is no app here, ${own.length === 1 ? 'has the name' : 'have the names'} of the migrations of ${label}, of which nothing is recorded: the app was renamed. manage.py migrate would run them all again.`,
    evidence: [
      ran ? `the tables of ${label} are in the database` : `the tables of ${label} are not in the database; those of ${old} are: ${listed(oldTables)}`,
      `recorded under ${old}: ${listed(own.map(({ name }) => name))}`,
    ],
    repairs: [
      ...(own.every((row) => hasOwnId(facts, row))
        ? [
            mendRows(
              { do: 'rewrite', rows: own.map(({ id }) => ({ id, app: label })) },
              ran ? 'gives the rows the new label; ids and times stay' : 'only after the tables have their new names, or db_table names the old ones',
              { recommended: ran, safe: ran },
            ),
          ]
        : []),
      repair(`migstate show ${typable(label, nameOf(keys[0] as string))}`, 'to look first; content types and permissions may keep the old label too'),
    ],
    about: [old, label, ...keys.map(nameOfKey), ...own.map(({ name }) => `${old}.${name}`)],
    explains: [...keys, ...own.map(keyOf)],
    place: placeOf(facts, keys[0] as string),
  }
}
