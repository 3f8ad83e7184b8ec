import { diagnose, explain, type Facts, FINDING_CODES, type Finding, isAtLeast, type Severity, toFindings } from '../doctor/index.js'
import { MigstateError } from '../errors/index.js'
import { readFacts } from './facts.js'
import { type Interaction, SILENT } from './interaction.js'
import { rehearseUndecided } from './rehearse-undecided.js'
import type { Workspace } from './workspace.js'

export interface DoctorArgs {
  /** Codes of findings; without: all. */
  only?: string[] | undefined
  /** An error of Django or of the database: only what explains it. */
  explain?: string | undefined
  /** What neither rows nor schema decide is rehearsed, in a transaction that is rolled back. */
  rehearse?: boolean | undefined
}

export interface DoctorResult {
  findings: Finding[]
  /** Only with an error text: whether a finding explains it. */
  explained?: boolean
}

/**
 * Everything that is wrong, with evidence from files, rows and schema, and what mends it. Nothing is written, and without `rehearse` no Python
 * is started.
 * @throws MigstateError `usage`; with `rehearse` also `outcome-unknown`, `interrupted`, `needs-yes`, `declined`
 */
export async function doctor(workspace: Workspace, args: DoctorArgs, ui: Interaction = SILENT): Promise<DoctorResult> {
  const only = new Set(args.only ?? [])
  const wrong = [...only].find((code) => !(FINDING_CODES as readonly string[]).includes(code))
  if (wrong !== undefined) throw new MigstateError('usage', `There is no finding "${wrong}".`, { hint: `Known: ${FINDING_CODES.join(', ')}.` })
  const wanted = (facts: Facts) => {
    const all = diagnose(facts)
    const found = args.explain === undefined ? all : explain(all, args.explain)
    return found.filter(({ code }) => only.size === 0 || only.has(code))
  }
  const facts = await readFacts(workspace)
  const found = wanted(facts)
  const rehearsed = args.rehearse ? await rehearseUndecided(workspace, facts, found, ui) : null
  // Somebody may have changed rows in the time that it took.
  const findings = toFindings(rehearsed && rehearsed.size > 0 ? wanted({ ...(await readFacts(workspace)), rehearsed }) : found)
  return args.explain === undefined ? { findings } : { findings, explained: findings.length > 0 }
}

export function hasFindings({ findings }: DoctorResult, least: Severity): boolean {
  return findings.some(({ severity }) => isAtLeast(severity, least))
}
