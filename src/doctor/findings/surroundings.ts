import type { Facts } from '../facts.js'
import type { Found, FindingCode, Proposal, Severity } from '../finding.js'
import { counted, repair } from '../words.js'

const ofServer = (code: FindingCode, severity: Severity, message: string, repairs: Proposal[], about: string[]): Found => ({
  code,
  severity,
  app: null,
  migration: null,
  message,
  evidence: [],
  repairs,
  about,
  explains: [],
  place: 0,
})

/** Another table gets its ids from the same counter: a clone made with LIKE, a copied default. */
export function sharedSequence({ sharesCounter, table }: Facts): Found[] {
  if (!table || !sharesCounter) return []
  const message = `The ids of ${table.label} come from a sequence that another table uses too, as of a table that was made with LIKE … INCLUDING ALL. Each gets gaps from the other; whoever sets the sequence back for one makes the other fail, so no restore moves it.`
  return [ofServer('shared-sequence', 'info', message, [], [table.name, `${table.name}.id`])]
}

/** What this role lacks before it could change something. */
export function missingRights({ missingGrants, readOnly, table }: Facts): Found[] {
  if (!table || readOnly !== null || missingGrants.length === 0) return []
  const message = `This role can read the history and not change it: ${counted(missingGrants.length, 'right')} ${missingGrants.length === 1 ? 'is' : 'are'} missing. Repairs need a role that has them, or "--sql" for who has.`
  return [
    ofServer(
      'missing-rights',
      'info',
      message,
      missingGrants.map((grant) => repair(grant, 'for who owns the table')),
      [table.name],
    ),
  ]
}

/** A server of another make, on which nothing is written. */
export function unsupportedEngine({ unsupported, table }: Facts): Found[] {
  if (!unsupported || !table) return []
  return [
    ofServer(
      'engine-unsupported',
      'info',
      `The server is ${unsupported.name}, where nothing is changed: ${unsupported.reason}. "--sql" prints what would be.`,
      [],
      [table.name],
    ),
  ]
}
