import type { ShowResult } from '../api/show.js'
import { adviceLines } from './advice.js'
import { cleanLine } from './clean.js'
import { type Page, proseWidth } from './page.js'
import { wrap } from './wrap.js'
import { appliedTime } from './time.js'

/** One migration on one page. */
export function renderShow({ migration: one }: ShowResult, page: Page): string {
  const mark = { applied: page.good('[X]'), unapplied: '[ ]', 'unrecorded-squash': page.note('[-]') }
  const names = (pairs: [string, string][]) => pairs.map((pair) => cleanLine(pair.join('.'))).join(', ') || '(none)'
  const lines = [`${mark[one.state]} ${page.strong(cleanLine(`${one.app}.${one.name}`))}`, '']
  const field = (label: string, text: string) => lines.push(`${page.weak(label.padEnd(13))}${wrap(text, page.width - 13, ' '.repeat(13))}`)
  for (const row of one.rows) field('row', `id ${row.id}, applied ${cleanLine(appliedTime(row.applied))}`)
  if (one.rows.length === 0) field('row', 'not recorded')
  field('file', one.file === null ? 'there is none' : cleanLine(one.file))
  field('depends on', names(one.dependencies))
  field('dependants', shortened(one.dependants.map((pair) => cleanLine(pair.join('.')))))
  if (one.replaces.length > 0) field('replaces', names(one.replaces))
  field('atomic', said(one.atomic))
  field('reversible', said(one.reversible))
  if (one.operations === null && one.file !== null) field('operations', 'cannot be read')
  if (one.operations) {
    lines.push('', page.strong(one.operations.length === 0 ? 'No operations.' : 'Operations'))
    for (const operation of one.operations) {
      const notes = [
        operation.data ? 'data' : operation.data === null ? 'custom' : '',
        operation.reversible === false ? page.bad('not reversible') : '',
        operation.elidable ? 'elidable' : '',
      ]
      const noted = notes.filter(Boolean).join(', ')
      lines.push(`  ${wrap(`${cleanLine(operation.summary)}${noted ? page.weak(`  (${noted})`) : ''}`, page.width - 2, '    ')}`)
    }
  }
  for (const hazard of one.hazards) lines.push(page.note(`  ${wrap(`line ${hazard.line}: ${cleanLine(hazard.message)}`, proseWidth(page) - 2, '    ')}`))
  if (one.rehearsal) lines.push('', rehearsed(one.rehearsal, page))
  if (one.next.length > 0) lines.push('', ...adviceLines(one.next, ''))
  if (one.journal.length > 0) lines.push('', `Changed by ${one.journal.slice(0, 5).join(', ')}; see "migstate history ${one.journal[0]}".`)
  return lines.join('\n')
}

function rehearsed({ at, actor, verdict, current }: NonNullable<ShowResult['migration']['rehearsal']>, page: Page): string {
  const when = `Rehearsed at ${cleanLine(at)} by ${cleanLine(actor)}, ${current ? 'with this file and this history' : 'before the file, the history or the database changed'}:`
  const text = wrap(`${when} ${cleanLine(verdict)}`, proseWidth(page), '  ')
  return current ? text : page.weak(text)
}

function said(value: boolean | null): string {
  return value === null ? 'unknown' : value ? 'yes' : 'no'
}

function shortened(names: readonly string[]): string {
  if (names.length === 0) return '(none)'
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ')
}
