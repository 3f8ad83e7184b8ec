import type { StatusResult } from '../verbs/status.js'
import { cleanLine } from './clean.js'
import type { Style } from './style.js'

/** Drawn like showmigrations, with holes, ghosts and duplicates beside. */
export function renderStatus(result: StatusResult, style: Style, several: boolean): string {
  const lines = [style.weak(heading(result, several)), '']
  for (const app of result.apps) {
    lines.push(style.strong(cleanLine(app.label)))
    if (app.migrations.length === 0) lines.push(' (no migrations)')
    for (const migration of app.migrations)
      lines.push(migrationLine(migration, style), ...(migration.operations ?? []).map((one) => style.weak(`       ${cleanLine(one)}`)))
    for (const row of app.ghosts) lines.push(style.bad(` [X] ${cleanLine(row.name)}  ghost: recorded, but there is no file`))
  }
  for (const app of result.unknownApps) {
    lines.push(style.strong(cleanLine(app.label)) + style.weak('  (the app was not found; its rows are not judged)'))
    for (const row of app.rows) lines.push(` [X] ${cleanLine(row.name)}`)
  }
  lines.push('', summaryLine(result, style))
  return lines.join('\n')
}

function heading({ database, django }: StatusResult, several: boolean): string {
  const table = database.schema === null ? database.table : `${database.schema}.${database.table}`
  const host = database.host === null ? '' : ` at ${database.host}`
  return cleanLine(
    `${table} of ${database.name} (${database.engine} ${database.version}${host}${several ? `, alias ${database.alias}` : ''})${django.version ? `, Django ${django.version}` : ''}`,
  )
}

function migrationLine(migration: StatusResult['apps'][number]['migrations'][number], style: Style): string {
  const squash = migration.replaces.length > 0 ? ` (${migration.replaces.length} squashed migrations)` : ''
  const name = cleanLine(migration.name) + squash
  if (migration.state === 'unrecorded-squash') return ` ${style.note('[-]')} ${name} ${style.weak("Run 'manage.py migrate' to finish recording.")}`
  if (migration.state === 'applied') return ` ${style.good('[X]')} ${name}`
  return migration.hole ? ` ${style.bad('[ ]')} ${name}  ${style.bad('hole: something above it is applied')}` : ` [ ] ${name}`
}

function summaryLine({ summary, apps, unknownApps }: StatusResult, style: Style): string {
  const unjudged = unknownApps.reduce((sum, app) => sum + app.rows.length, 0)
  if (apps.length === 0 && summary.applied + summary.unapplied === 0 && unjudged > 0)
    return `${unjudged} ${unjudged === 1 ? 'row' : 'rows'}, none of them judged`
  const { applied, unapplied, holes, ...rest } = summary
  const parts = [`${applied} applied`, `${unapplied} unapplied${holes > 0 ? ` (${holes} ${holes === 1 ? 'hole' : 'holes'})` : ''}`]
  for (const [name, count] of Object.entries(rest)) if (count > 0) parts.push(style.bad(`${count} ${count === 1 ? name.replace(/s$/, '') : name}`))
  return parts.join(', ')
}
