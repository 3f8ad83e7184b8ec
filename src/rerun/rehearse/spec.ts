import { readFileSync } from 'node:fs'
import type { RehearsalSql } from '../../database/index.js'

/** What the shim of a rehearsal is told. */
export interface RehearsalSpec {
  /** Of this rehearsal: 32 hexadecimal digits that no other program can know. */
  id: string
  alias: string
  managePy: string
  settings: string | undefined
  /** What Django is asked for; null: all leaves, of `app` alone where it is given. */
  targets: [app: string, name: string][] | null
  app: string | null
  /** What must come of it. */
  plan: [app: string, name: string, backwards: boolean][]
  /** For each of the plan: whether it is run a second time. */
  again: boolean[]
  /** What Django must not see as applied. */
  hidden: [app: string, name: string][]
  /** What Django must see as applied though it is not recorded. */
  assumed: [app: string, name: string][]
  reverseFirst: boolean
  maxRows: number
  show: number
  allowFiles: string[]
  /** Goes on where files, network and processes cannot be kept in (Python before 3.8). */
  uncontained: boolean
  /** `settings_dict` entries of another database; null: the project's own. */
  connection: Record<string, string | number> | null
  sql: RehearsalSql
}

/** The word that begins each line of the shim on standard error. */
export function rehearsalMark(id: string): string {
  return `migstate-rehearsal:${id}`
}

/** The shim with its orders as one line of Python, as in `shadow/spec.ts`. */
export function rehearsalLine({ id, settings, ...request }: RehearsalSpec): string {
  const spec = {
    ...request,
    mark: rehearsalMark(id),
    canary: `migstate_${id}`,
    arguments: ['migrate', '--database', request.alias, '--noinput', ...(settings === undefined ? [] : ['--settings', settings])],
  }
  const encoded = (text: string) => Buffer.from(text, 'utf8').toString('base64')
  return `exec(compile(__import__('base64').b64decode('${encoded(program())}'),'migstate-rehearsal','exec'),{'__name__':'migstate_rehearsal','SPEC':'${encoded(JSON.stringify(spec))}'})\n`
}

/** In this order they are one program: each names what the ones before it define. */
const PARTS = ['talk', 'statements', 'containment', 'tables', 'runs', 'manage']

function program(): string {
  return PARTS.map((part) => readFileSync(new URL(`./python/${part}.py`, import.meta.url), 'utf8')).join('\n\n')
}
