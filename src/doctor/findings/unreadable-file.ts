import type { Facts } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

const found = (severity: Found['severity'], app: string | null, migration: string | null, message: string, evidence: string[], about: string[]): Found => ({
  code: 'unreadable-file',
  severity,
  app,
  migration,
  message,
  evidence,
  repairs: [],
  about,
  explains: [],
  place: 0,
})

/** What Django cannot import, and what cannot be read here without running it. */
export function unreadableFiles({ project, view }: Facts): Found[] {
  if (!project) return []
  const findings: Found[] = []
  if (project.broken) findings.push(found('error', null, null, `Django does not start: ${project.broken.exception}: ${project.broken.message}.`, [], []))
  for (const app of project.apps) {
    if (app.broken)
      findings.push(
        found(
          'error',
          app.label,
          null,
          `The migrations of ${app.label} cannot be imported. Django's migrate stops.`,
          [`Django: ${app.broken.exception}: ${app.broken.message}`],
          [app.label],
        ),
      )
    if (app.labelIsGuess || app.placeIsGuess) findings.push(unplaced(app))
    for (const { name, file, broken, problems } of app.migrations) {
      const label = `${app.label}.${name}`
      if (broken)
        findings.push(
          found(
            'error',
            app.label,
            name,
            `${label} cannot be imported. Every command of Django that loads migrations stops.`,
            [file, `Python: ${broken.exception}: ${broken.message}`],
            [label],
          ),
        )
      else if (problems.some(({ code }) => code === 'unreadable-file'))
        findings.push(
          found(
            'info',
            app.label,
            name,
            `A part of ${label} cannot be read without running it. What is said of it is weaker for that.`,
            problems.map(({ line, message }) => `line ${line ?? '?'}: ${message}`),
            [label],
          ),
        )
    }
  }
  if (!project.complete) findings.push(incomplete(project))
  for (const { gate, exception, message, migrations } of view?.gates ?? [])
    if (gate === 'bad-reference')
      findings.push(
        found(
          'error',
          migrations[0]?.[0] ?? null,
          migrations[0]?.[1] ?? null,
          `Django loads no migration at all: ${message}.`,
          [`Django: ${exception}`],
          migrations.map((pair) => pair.join('.')),
        ),
      )
  return findings
}

function unplaced({ label, labelIsGuess, problems }: NonNullable<Facts['project']>['apps'][number]): Found {
  const what = labelIsGuess ? `The label of ${label}` : `Where the migrations of ${label} are`
  return {
    ...found('info', label, null, `${what} cannot be read without running it. Its rows without a file are not judged.`, places(problems), [label]),
    repairs: [ask()],
  }
}

const places = (problems: NonNullable<Facts['project']>['problems']) =>
  problems.slice(0, 3).map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`)
const ask = () => repair('migstate doctor --ask-django', "asks the project's own Python", { recommended: true })

function incomplete({ settingsModule, problems }: NonNullable<Facts['project']>): Found {
  return {
    ...found(
      'info',
      null,
      null,
      `INSTALLED_APPS of ${settingsModule ?? 'manage.py'} cannot be read whole. Apps that are not known are not judged.`,
      places(problems),
      [],
    ),
    repairs: [ask()],
  }
}
