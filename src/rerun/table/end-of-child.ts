import { leftUnanswered } from '../causes.js'

/** How a child has ended. */
export interface End {
  exitCode: number | null
  signal: string | null
  /** By Ctrl-C or `--timeout`. */
  stopped?: boolean | undefined
  /** The last lines that it has printed. */
  tail?: readonly string[] | undefined
}

/**
 * manage.py may be at work although its command has ended.
 * @param remote the command is only the client of a container or another machine
 */
export function mayGoOn(remote: boolean, { signal, stopped }: End): boolean {
  return remote && (stopped === true || signal !== null)
}

/** An orderly end without a record means that Django gave up: unless it never heard what became of what it had sent. */
export function gaveUp(remote: boolean, end: End): boolean {
  if (mayGoOn(remote, end) || leftUnanswered(end.tail ?? [])) return false
  return (end.exitCode !== null && (end.exitCode < 128 || end.exitCode === 130)) || end.signal === 'SIGINT'
}

/** `SIGKILL`, `exit 1`. */
export function sayEnd({ exitCode, signal }: Pick<End, 'exitCode' | 'signal'>): string {
  return exitCode === null ? String(signal) : `exit ${exitCode}`
}
