import { type Facts, type Found, type RehearsedFact, standingOf, type Undecided, undecidedOf } from '../doctor/index.js'
import { type ErrorCode, MigstateError } from '../errors/index.js'
import { dotted, type Key, pairOf } from '../migrations/index.js'
import type { Outside, Rehearsal } from '../rerun/index.js'
import type { Interaction } from './interaction.js'
import { rehearse } from './rehearse.js'
import type { Workspace } from './workspace.js'

/** What is no answer about one migration, but the end of the command. */
const ENDS: readonly ErrorCode[] = ['outcome-unknown', 'interrupted', 'needs-yes', 'declined']

/**
 * Each migration of the findings that leaves no trace in the schema is rehearsed, lower ones first: what a run would change tells whether it ran.
 * What it stands on and has run is seen as applied. A rehearsal that fails is said with its finding.
 * @throws MigstateError `outcome-unknown` when something may have been committed, `interrupted`, `needs-yes`, `declined`
 */
export async function rehearseUndecided(workspace: Workspace, facts: Facts, found: readonly Found[], ui: Interaction): Promise<Facts['rehearsed']> {
  const said = new Map<Key, RehearsedFact>()
  const order = [...facts.evidence.keys()]
  const todo = undecidedOf(found).sort((left, right) => order.indexOf(left.key) - order.indexOf(right.key))
  for (const one of todo) said.set(one.key, await rehearseOne(workspace, { ...facts, rehearsed: said }, one, ui))
  return said
}

/** As if they had run: their rows alone are missing. */
const RAN: readonly unknown[] = ['ran', 'nothing', 'changes nothing']

async function rehearseOne(workspace: Workspace, facts: Facts, { key, below }: Undecided, ui: Interaction): Promise<RehearsedFact> {
  const open = below.find((one) => !RAN.includes(standingOf(facts, one)))
  if (open !== undefined) return fact(`not done, for ${dotted(open)} below it comes first`, null)
  try {
    const { rehearsals } = await rehearse(workspace, { words: [dotted(key)], assumed: below.map(pairOf) }, ui)
    const [own] = rehearsals
    const [app, name] = pairOf(key)
    if (rehearsals.length !== 1 || own?.target[0] !== app || own.target[1] !== name) return fact('not done, for Django would run others with it', null)
    return fact(...judge(own))
  } catch (error) {
    if (!(error instanceof MigstateError) || ENDS.includes(error.code)) throw error
    return fact(`it could not be (${error.code}): ${error.fact}`, null)
  }
}

const fact = (said: string, supports: RehearsedFact['supports']): RehearsedFact => ({ at: new Date().toISOString(), said, supports })

/** What leaves the transaction by itself, or only after it, is not among the rows that were compared. */
const UNSEEN: readonly Outside['kind'][] = ['callback', 'commit', 'alias', 'connect', 'file', 'process']

function judge({ answer, verdict, runs, outside, defines, compared, differences }: Rehearsal): [string, RehearsedFact['supports']] {
  const [first] = runs
  if (!first || first.outcome !== 'ran' || answer === 'cannot-rehearse') return [verdict, null]
  const changed = Object.entries(first.rows)
  const mails = outside.filter(({ kind }) => kind === 'mail').length
  const also = mails > 0 ? `, and send ${mails} ${mails === 1 ? 'mail' : 'mails'}` : ''
  const nothing =
    compared.tables === 0
      ? 'it would write to no table'
      : `it would change 0 rows of the ${compared.tables} ${compared.tables === 1 ? 'table' : 'tables'} that it writes to`
  const would = (changed.length === 0 ? nothing : `it would change ${changed.map(([table, rows]) => `${table} (${numbers(rows)})`).join(', ')}`) + also
  const doubt = doubtOf(answer, verdict, outside, defines)
  if (doubt !== null) return [`${would}; but ${doubt}`, null]
  if (changed.length === 0) return [`${would}: it has nothing to do, as after a run of it`, 'mark']
  // One that changes something each time does so whether it ran or not.
  if (differences.length > 0) return [`${would}, and more in a second run, so this does not tell whether it ran`, null]
  return [`${would}, and a second run would find nothing more to do`, 'run']
}

function doubtOf(answer: Rehearsal['answer'], verdict: string, outside: readonly Outside[], defines: readonly string[]): string | null {
  if (defines.length > 0) return `it changes the schema too (${defines.slice(0, 3).join(', ')}), so rows do not tell whether it ran`
  if (answer === 'unknown') return verdict.replace(/\.$/, '')
  const unseen = outside.find(({ kind }) => UNSEEN.includes(kind))
  return unseen ? `what it does outside of its rows is not seen (${unseen.what})` : null
}

function numbers({ inserted, updated, deleted }: { inserted: number; updated: number; deleted: number }): string {
  return Object.entries({ inserted, updated, deleted })
    .filter(([, count]) => count > 0)
    .map(([verb, count]) => `${count} ${verb}`)
    .join(', ')
}
