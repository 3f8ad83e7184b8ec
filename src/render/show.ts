import type { ShowResult } from '../verbs/show.js'
import { cleanLine } from './clean.js'
import type { Style } from './style.js'

/** One migration on one page. */
export function renderShow({ migration: one }: ShowResult, style: Style): string {
  const mark = { applied: style.good('[X]'), unapplied: '[ ]', 'unrecorded-squash': style.note('[-]') }
  const names = (pairs: [string, string][]) => pairs.map((pair) => cleanLine(pair.join('.'))).join(', ') || '(none)'
  const lines = [`${mark[one.state]} ${style.strong(cleanLine(`${one.app}.${one.name}`))}`, '']
  const field = (label: string, text: string) => lines.push(`${style.weak(label.padEnd(13))}${text}`)
  field('row', one.row ? `id ${one.row.id}, applied ${cleanLine(one.row.applied)}` : 'not recorded')
  field('file', one.file === null ? 'there is none' : cleanLine(one.file))
  field('depends on', names(one.dependencies))
  field('dependants', shortened(one.dependants.map((pair) => cleanLine(pair.join('.')))))
  if (one.replaces.length > 0) field('replaces', names(one.replaces))
  field('atomic', said(one.atomic))
  field('reversible', said(one.reversible))
  if (one.operations === null && one.file !== null) field('operations', 'cannot be read')
  if (one.operations) {
    lines.push('', style.strong(one.operations.length === 0 ? 'No operations.' : 'Operations'))
    for (const operation of one.operations) {
      const notes = [
        operation.data ? 'data' : operation.data === null ? 'custom' : '',
        operation.reversible === false ? style.bad('not reversible') : '',
        operation.elidable ? 'elidable' : '',
      ]
      const noted = notes.filter(Boolean).join(', ')
      lines.push(`  ${cleanLine(operation.summary)}${noted ? style.weak(`  (${noted})`) : ''}`)
    }
  }
  for (const hazard of one.hazards) lines.push(style.note(`  line ${hazard.line}: ${cleanLine(hazard.message)}`))
  if (one.journal.length > 0) lines.push('', `Changed by ${one.journal.slice(0, 5).join(', ')}; see "migstate history ${one.journal[0]}".`)
  return lines.join('\n')
}

function said(value: boolean | null): string {
  return value === null ? 'unknown' : value ? 'yes' : 'no'
}

function shortened(names: readonly string[]): string {
  if (names.length === 0) return '(none)'
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ')
}
