import type { StatusResult } from '../api/status.js'
import { adviceLines } from './advice.js'
import { cleanLine } from './clean.js'
import { type Page, proseWidth } from './page.js'
import { alignColumns } from './table.js'
import { wrap } from './wrap.js'
import { appliedTime } from './time.js'

type App = StatusResult['apps'][number]
type Migration = App['migrations'][number]

/** Drawn like showmigrations, with holes, ghosts and duplicates beside, each with the commands that mend it. */
export function renderStatus(result: StatusResult, page: Page, several: boolean): string {
  const lines = page.quiet ? [] : [page.weak(wrap(heading(result, several), page.width, '  ')), ...facts(result, page), '']
  for (const app of result.apps) lines.push(page.strong(cleanLine(app.label)), ...appLines(app, result, page))
  for (const app of result.unknownApps) {
    lines.push(page.strong(cleanLine(app.label)) + page.weak(`  (${whyUnknown(app, result)}; its rows are not judged)`))
    for (const row of app.rows) lines.push(` [X] ${timed(cleanLine(row.name), row.applied, page)}`)
  }
  if (!page.quiet) lines.push('', wrap(summaryLine(result, page), page.width, '  '))
  if (!page.quiet && result.findings.length > 0) lines.push(page.note('Causes, evidence and repairs: migstate doctor'))
  return lines.join('\n')
}

function whyUnknown({ label, installed }: StatusResult['unknownApps'][number], { apps }: StatusResult): string {
  if (apps.some((app) => app.label === label)) return 'not among the files that were read of it'
  return installed ? 'installed, but not found' : 'the app was not found'
}

function heading({ database, django }: StatusResult, several: boolean): string {
  const table = database.schema === null ? database.table : `${database.schema}.${database.table}`
  const host = database.host === null ? '' : ` at ${database.host}`
  return cleanLine(
    `${table} of ${database.name} (${database.engine} ${database.version}${host}${several ? `, alias ${database.alias}` : ''})${django.version ? `, Django ${django.version}` : ''}`,
  )
}

/** `-v`: where the answer comes from. */
function facts({ django }: StatusResult, page: Page): string[] {
  if (!page.verbose) return []
  const rows = [
    ['settings', django.settings ?? 'none read'],
    ['environment', django.environment ?? 'none found'],
  ]
  return alignColumns(rows).map((line) => page.weak(wrap(line, page.width, ' '.repeat(13))))
}

function appLines(app: App, { findings }: StatusResult, page: Page): string[] {
  const own = findings.filter((finding) => finding.app === app.label)
  const next = (name: string) =>
    page.quiet ? [] : own.filter((finding) => finding.migration === name).flatMap((finding) => adviceLines(finding.next, '       '))
  const lines = app.migrations.length === 0 ? [' (no migrations)'] : []
  for (const migration of app.migrations) {
    const operations = (migration.operations ?? []).map((one) => page.weak(`       ${cleanLine(one)}`))
    lines.push(migrationLine(migration, page), ...operations, ...next(migration.name))
  }
  for (const ghost of app.ghosts) {
    lines.push(page.bad(` [X] ${timed(cleanLine(ghost.name), ghost.applied, page)}  ghost: recorded, but there is no file`), ...next(ghost.name))
  }
  for (const conflict of own.filter((finding) => finding.code === 'conflict')) {
    const text = conflict.message.split('\n')[0] as string
    lines.push(` ${page.bad(wrap(cleanLine(text), proseWidth(page) - 1, '   '))}`, ...(page.quiet ? [] : adviceLines(conflict.next, '       ')))
  }
  return lines
}

function migrationLine(migration: Migration, page: Page): string {
  const squash = migration.replaces.length > 0 ? ` (${migration.replaces.length} squashed migrations)` : ''
  const name = timed(cleanLine(migration.name) + squash, migration.applied, page)
  const twice = migration.rows > 1 ? `  ${page.bad(`duplicate: recorded ${migration.rows} times`)}` : ''
  if (migration.state === 'unrecorded-squash') return ` ${page.note('[-]')} ${name} ${page.weak("Run 'manage.py migrate' to finish recording.")}${twice}`
  if (migration.state === 'applied') return ` ${page.good('[X]')} ${name}${twice}`
  if (!migration.hole) return ` [ ] ${name}${twice}`
  const above = migration.appliedAbove === null ? 'something' : migration.appliedAbove.join('.')
  return ` ${page.bad('[ ]')} ${name}  ${page.bad(`hole: ${cleanLine(above)} above it is applied`)}${twice}`
}

/** With `-v` the time stands behind the name. */
function timed(name: string, applied: string | null, page: Page): string {
  return page.verbose && applied !== null ? `${name}  ${page.weak(cleanLine(appliedTime(applied)))}` : name
}

function summaryLine({ summary, apps, unknownApps, notFound }: StatusResult, page: Page): string {
  const unjudged = unknownApps.reduce((sum, app) => sum + app.rows.length, 0)
  const missing = notFound.length > 0 ? [page.bad(`${notFound.length} installed app${notFound.length === 1 ? '' : 's'} not found`)] : []
  const rows = unjudged > 0 ? [`${unjudged} row${unjudged === 1 ? '' : 's'} not judged`] : []
  if (apps.length === 0 && summary.applied + summary.unapplied === 0 && unjudged > 0)
    return [`${unjudged} ${unjudged === 1 ? 'row' : 'rows'}, none of them judged`, ...missing].join(', ')
  const { applied, unapplied, holes, ...rest } = summary
  const parts = [`${applied} applied`, `${unapplied} unapplied${holes > 0 ? ` (${holes} ${holes === 1 ? 'hole' : 'holes'})` : ''}`]
  for (const [name, count] of Object.entries(rest)) if (count > 0) parts.push(page.bad(`${count} ${count === 1 ? name.replace(/s$/, '') : name}`))
  return [...parts, ...missing, ...rows].join(', ')
}
