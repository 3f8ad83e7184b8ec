import { appOf, type Key, keyOf, probableLabel } from '../../migrations/index.js'
import { type Facts, replacedKeys } from '../facts.js'
import type { Found } from '../finding.js'
import { counted, listed, repair } from '../words.js'

/** Labels with rows and without an app: removed apps, or apps that were not found. None of their rows is ever called stale. */
export function unknownApps(facts: Facts, explained: ReadonlySet<Key> = new Set()): Found[] {
  const { project } = facts
  if (!project) return []
  const replaced = replacedKeys(facts)
  const rows = facts.rows.filter((row) => !replaced.has(keyOf(row)))
  const labels = new Set(project.apps.map(({ label }) => label))
  const judged = new Set([...explained].map(appOf))
  const unknown = [...new Set(rows.map(({ app }) => app))].filter((app) => !labels.has(app) && !judged.has(app)).sort()
  return [
    ...(project.notFound.length > 0 ? [notFound(project.notFound)] : []),
    ...unknown.map((app): Found => {
      const own = rows.filter((row) => row.app === app)
      const likely = project.notFound.find((entry) => probableLabel(entry) === app)
      return {
        code: 'unknown-app',
        severity: 'info',
        app,
        migration: null,
        message: `${counted(own.length, 'row')} of "${app}": ${likely === undefined ? 'no app of this label is installed' : `INSTALLED_APPS has "${likely}", which was not found`}. Django passes them over; they are not judged.`,
        evidence: [`recorded: ${listed(own.map(({ name }) => name))}`],
        repairs: [],
        about: [app, ...own.map(({ name }) => `${app}.${name}`)],
        explains: [],
        place: 0,
      }
    }),
  ]
}

function notFound(entries: readonly string[]): Found {
  return {
    code: 'unknown-app',
    severity: 'warning',
    app: null,
    migration: null,
    message: `${counted(entries.length, 'app')} of INSTALLED_APPS ${entries.length === 1 ? 'was' : 'were'} not found on disk: ${listed(entries)}. Nothing can be said of ${entries.length === 1 ? 'its' : 'their'} migrations.`,
    evidence: [],
    repairs: [repair('migstate doctor --ask-django', "asks the project's own Python, which knows where its packages lie", { recommended: true })],
    about: [...entries],
    explains: [],
    place: 0,
  }
}
