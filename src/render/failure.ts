import type { MigstateError, Warning } from '../errors/index.js'
import { clean } from './clean.js'
import { type Page, proseWidth } from './page.js'
import { wrap } from './wrap.js'
import { appliedTime } from './time.js'

/** What manage.py said has been shown as it came. */
const STREAMED: ReadonlySet<string> = new Set(['manage-failed', 'interrupted'])

/** A person's own no is an answer and no error. */
const ANSWERS: ReadonlySet<string> = new Set(['declined', 'interrupted'])

/** The fact, the consequence, the next command; for exit 6 the three-way difference; never a stack without -v. */
export function renderFailure(error: MigstateError, page: Page): string {
  const width = proseWidth(page)
  const head = ANSWERS.has(error.code) ? clean(error.message) : `${page.bad('Error')} ${page.weak(`[${error.code}]`)} ${clean(error.message)}`
  const lines = [wrap(head, width), ...threeWay(error.details), ...(STREAMED.has(error.code) ? [] : tail(error.details))]
  if (error.hint)
    lines.push(
      ...clean(error.hint)
        .split('\n')
        .map((line) => hintLine(line, width)),
    )
  if (page.verbose) for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) lines.push('', page.weak(clean(cause.stack ?? cause.message)))
  return lines.join('\n')
}

export function renderWarnings(warnings: readonly Warning[], page: Page): string {
  return warnings
    .map((warning) => wrap(`${page.note('Warning')} ${page.weak(`[${warning.code}]`)} ${clean(warning.message)}`, proseWidth(page), '  '))
    .join('\n')
}

/** A line that begins with blanks is a command on its own, to be typed as it is. */
function hintLine(line: string, width: number): string {
  return line.startsWith('  ') ? line : wrap(line, width)
}

function threeWay(details: Record<string, unknown> | undefined): string[] {
  if (!details || !('expected' in details)) return []
  return ['expected', 'found', 'wanted'].flatMap((side) => {
    const rows = (details[side] ?? []) as { id?: string; app: string; name: string; applied?: string }[]
    const shown = rows.map((row) => `    ${clean([row.id ?? '(new)', row.app, row.name, row.applied ? appliedTime(row.applied) : '(now)'].join('  '))}`)
    return [`  ${side}:`, ...(shown.length > 0 ? shown : ['    (no row)'])]
  })
}

function tail(details: Record<string, unknown> | undefined): string[] {
  const lines = details?.tail
  return Array.isArray(lines) && lines.length > 0 ? ['  manage.py said last:', ...lines.map((line) => `    ${clean(String(line))}`)] : []
}
