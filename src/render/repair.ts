import type { RepairResult } from '../api/repair.js'
import { renderChange } from './change.js'
import { cleanLine } from './clean.js'
import { type Page, proseWidth } from './page.js'
import { wrap } from './wrap.js'

/** What is mended and why, then the rows; with `--sql` the statements alone. */
export function renderRepair(result: RepairResult, page: Page): string {
  if (result.sql !== null) return (result.sql.length > 0 ? result.sql : ['-- Nothing to do.']).join('\n')
  if (page.quiet) return renderChange(result, page)
  const say = (text: string, indent: string) => wrap(cleanLine(text), proseWidth(page), indent)
  const verb = result.dryRun ? 'Would mend' : 'Mended'
  const mended = result.repaired.flatMap(({ id, code, message, why }) => [
    say(`${verb} ${code} (${id}): ${message}`, '  '),
    `    ${say(`Because: ${why}.`, '      ')}`,
  ])
  const left = result.left.map(({ id, code, app, migration }) => `${code} (${id})${app === null ? '' : ` ${[app, migration].filter(Boolean).join('.')}`}`)
  const rest = left.length > 0 ? [say(`${result.dryRun ? 'There would still be' : 'There still is'}: ${left.join(', ')}. See "migstate doctor".`, '  ')] : []
  return [...mended, ...(mended.length > 0 ? [''] : []), renderChange(result, page), ...rest].join('\n')
}
