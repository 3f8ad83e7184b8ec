import { diagnose, explain, FINDING_CODES, type Finding, isAtLeast, type Severity, toFindings } from '../doctor/index.js'
import { MigstateError } from '../errors/index.js'
import { readFacts } from './facts.js'
import type { Workspace } from './workspace.js'

export interface DoctorArgs {
  /** Codes of findings; without: all. */
  only?: string[] | undefined
  /** An error of Django or of the database: only what explains it. */
  explain?: string | undefined
}

export interface DoctorResult {
  findings: Finding[]
  /** Only with an error text: whether a finding explains it. */
  explained?: boolean
}

/** Everything that is wrong, with evidence from files, rows and schema, and what mends it. Nothing is written, no Python is started. */
export async function doctor(workspace: Workspace, args: DoctorArgs): Promise<DoctorResult> {
  const only = new Set(args.only ?? [])
  const wrong = [...only].find((code) => !(FINDING_CODES as readonly string[]).includes(code))
  if (wrong !== undefined) throw new MigstateError('usage', `There is no finding "${wrong}".`, { hint: `Known: ${FINDING_CODES.join(', ')}.` })
  const all = diagnose(await readFacts(workspace))
  const found = args.explain === undefined ? all : explain(all, args.explain)
  const findings = toFindings(found.filter(({ code }) => only.size === 0 || only.has(code)))
  return args.explain === undefined ? { findings } : { findings, explained: findings.length > 0 }
}

export function hasFindings({ findings }: DoctorResult, least: Severity): boolean {
  return findings.some(({ severity }) => isAtLeast(severity, least))
}
