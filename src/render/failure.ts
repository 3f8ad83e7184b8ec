import type { MigstateError, Warning } from '../errors/index.js'
import { clean } from './clean.js'
import type { Style } from './style.js'

/** What manage.py said has been shown as it came. */
const STREAMED: ReadonlySet<string> = new Set(['manage-failed', 'interrupted'])

/** The fact, the consequence, the next command; for exit 6 the three-way difference; never a stack without -v. */
export function renderFailure(error: MigstateError, style: Style, verbose: boolean): string {
  const lines = [
    `${style.bad('Error')} ${style.weak(`[${error.code}]`)} ${clean(error.message)}`,
    ...threeWay(error.details),
    ...(STREAMED.has(error.code) ? [] : tail(error.details)),
  ]
  if (error.hint) lines.push(clean(error.hint))
  if (verbose) for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) lines.push('', style.weak(clean(cause.stack ?? cause.message)))
  return lines.join('\n')
}

export function renderWarnings(warnings: readonly Warning[], style: Style): string {
  return warnings.map((warning) => `${style.note('Warning')} ${style.weak(`[${warning.code}]`)} ${clean(warning.message)}`).join('\n')
}

function threeWay(details: Record<string, unknown> | undefined): string[] {
  if (!details || !('expected' in details)) return []
  return ['expected', 'found', 'wanted'].flatMap((side) => {
    const rows = (details[side] ?? []) as { id?: string; app: string; name: string; applied?: string }[]
    const shown = rows.map((row) => `    ${clean([row.id ?? '(new)', row.app, row.name, row.applied ?? '(now)'].join('  '))}`)
    return [`  ${side}:`, ...(shown.length > 0 ? shown : ['    (no row)'])]
  })
}

function tail(details: Record<string, unknown> | undefined): string[] {
  const lines = details?.tail
  return Array.isArray(lines) && lines.length > 0 ? ['  manage.py said last:', ...lines.map((line) => `    ${clean(String(line))}`)] : []
}
