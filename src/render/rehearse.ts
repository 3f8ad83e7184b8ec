import type { RehearseResult } from '../api/rehearse.js'
import { clean } from './clean.js'
import { type Page, proseWidth } from './page.js'
import { wrap } from './wrap.js'

/** The verdict of each, then what each run did and what would have got out. */
export function renderRehearsal({ rehearsals }: RehearseResult, page: Page): string {
  if (rehearsals.length === 0) return page.quiet ? '' : 'Nothing is pending.'
  const lines: string[] = []
  const say = (text: string, indent = '') => lines.push(indent + wrap(clean(text), proseWidth(page) - indent.length, `${indent}  `))
  for (const { verdict, answer, runs, differences, outside, compared } of rehearsals) {
    const paint = answer === 'repeatable' || answer === 'ran' ? page.good : answer === 'unknown' ? page.note : page.bad
    lines.push(paint(wrap(clean(verdict), proseWidth(page), '  ')))
    if (page.quiet) continue
    for (const [index, run] of runs.entries()) say(`Run ${index + 1} (${(run.durationMs / 1000).toFixed(1)} s): ${sayRows(run.rows)}`, '  ')
    for (const { table, examples } of differences)
      for (const { change, key } of examples)
        say(
          `${table} ${change}: ${Object.entries(key)
            .map((pair) => pair.join(' '))
            .join(', ')}`,
          '    ',
        )
    for (const { kind, what, line } of outside) say(`Kept in, or told: ${kind}${line === null ? '' : ` (line ${line})`}: ${what}`, '  ')
    if (compared.left.length > 0) say(`Not compared row by row: ${compared.left.join(', ')}`, '  ')
  }
  if (!page.quiet) lines.push(wrap('Everything was rolled back. This is a fact about this code, on these rows, at this moment.', proseWidth(page)))
  return lines.join('\n')
}

function sayRows(rows: RehearseResult['rehearsals'][number]['runs'][number]['rows']): string {
  const tables = Object.entries(rows).map(([table, { inserted, updated, deleted }]) => `${table} ${inserted} inserted, ${updated} updated, ${deleted} deleted`)
  return tables.length === 0 ? 'no row is changed.' : `${tables.join('; ')}.`
}
