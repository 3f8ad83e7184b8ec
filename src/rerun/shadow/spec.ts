import { readFileSync } from 'node:fs'
import type { ShadowSql } from '../../database/index.js'
import type { Half } from '../../journal/index.js'
import { EVENTS } from './shadowed.js'

/** What the shim is told. */
export interface ShimRequest {
  operation: string
  /** For the journal's events. */
  historyTable: string
  alias: string
  managePy: string
  settings: string | undefined
  half: Half
  app: string
  /** Under which label Django records it, where that is another one. */
  recordedAs: string
  name: string
  /** What `migrate` is asked for: the migration itself, or its parent or `zero` for the way back. */
  to: string
  sql: ShadowSql
  /** Rows that Django sees. */
  visible: number
}

/** The word that begins each line of the shim on standard error. */
export function shimMark(operation: string): string {
  return `migstate-shim:${operation}`
}

/**
 * The shim with its orders as one line of Python for standard input. A line that is cut short on its way is a syntax error, where a
 * program cut between two lines would run in part.
 */
export function shimLine(request: ShimRequest): string {
  const { app, to, half, settings, alias, sql } = request
  const spec = {
    run: request.operation,
    operation: request.operation,
    mark: shimMark(request.operation),
    historyTable: request.historyTable,
    alias,
    managePy: request.managePy,
    arguments: ['migrate', app, to, '--database', alias, '--noinput', ...(settings === undefined ? [] : ['--settings', settings])],
    targets: [[app, to === 'zero' && half === 'backward' ? null : to]],
    exact: [app, to],
    plan: [[request.recordedAs, request.name, half === 'backward']],
    backwards: half === 'backward',
    events: EVENTS[half],
    visible: request.visible,
    ...sql,
  }
  const encoded = (text: string) => Buffer.from(text, 'utf8').toString('base64')
  return `exec(compile(__import__('base64').b64decode('${encoded(program())}'),'migstate-shim','exec'),{'__name__':'migstate_shim','SPEC':'${encoded(JSON.stringify(spec))}'})\n`
}

function program(): string {
  return readFileSync(new URL('./shim.py', import.meta.url), 'utf8')
}
