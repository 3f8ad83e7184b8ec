import type { Facts } from './facts.js'
import { type Finding, type Found, inOrder, toFinding } from './finding.js'
import { cycles } from './findings/circular.js'
import { conflicts } from './findings/conflict.js'
import { damagedNames } from './findings/damaged-name.js'
import { databaseAhead } from './findings/database-ahead.js'
import { dependsOnSettings } from './findings/depends-on-settings.js'
import { duplicates } from './findings/duplicate.js'
import { fakedBursts } from './findings/faked-burst.js'
import { ghosts } from './findings/ghost.js'
import { remadeHistories } from './findings/history-remade.js'
import { holes } from './findings/hole.js'
import { malformedTimes } from './findings/malformed-applied.js'
import { missingParents } from './findings/missing-parent.js'
import { reusedNames } from './findings/name-reused.js'
import { notShipped } from './findings/not-shipped.js'
import { partiallyApplied } from './findings/partially-applied.js'
import { presentUnrecorded } from './findings/present-unrecorded.js'
import { recordedMissing } from './findings/recorded-missing.js'
import { renamed } from './findings/renamed.js'
import { schemaDrift } from './findings/schema-drift.js'
import { unbelievedSquashes } from './findings/squash-not-believed.js'
import { partialSquashes } from './findings/squash-partial.js'
import { staleSquashRows } from './findings/squash-stale-row.js'
import { unrecordedSquashes } from './findings/squash-unrecorded.js'
import { stateBreaks } from './findings/state-breaks.js'
import { missingRights, sharedSequence, unsupportedEngine } from './findings/surroundings.js'
import {
  extraColumns,
  looseEngine,
  missingIdDefault,
  missingTable,
  otherTables,
  readOnly,
  sequenceBehind,
  unfinishedOperations,
} from './findings/table-facts.js'
import { unknownApps } from './findings/unknown-app.js'
import { unreadableFiles } from './findings/unreadable-file.js'
import { forTestDatabase } from './repairs/make-anew.js'

/** Causes first: a finding whose migration is explained by an earlier one is a symptom of it. */
const FINDERS: readonly ((facts: Facts, explained: ReadonlySet<string>) => Found[])[] = [
  ...[unfinishedOperations, missingTable, damagedNames, unrecordedSquashes, renamed, partialSquashes, unbelievedSquashes, staleSquashRows],
  ...[
    unreadableFiles,
    missingParents,
    cycles,
    holes,
    notShipped,
    conflicts,
    partiallyApplied,
    presentUnrecorded,
    remadeHistories,
    reusedNames,
    fakedBursts,
    recordedMissing,
    stateBreaks,
  ],
  ...[
    missingIdDefault,
    sequenceBehind,
    malformedTimes,
    looseEngine,
    otherTables,
    readOnly,
    extraColumns,
    databaseAhead,
    ghosts,
    unknownApps,
    duplicates,
    dependsOnSettings,
    schemaDrift,
    sharedSequence,
    missingRights,
    unsupportedEngine,
  ],
]

/** These are about a row or a file as it is, whatever explains its migration. */
const OWN: ReadonlySet<string> = new Set(['duplicate', 'malformed-applied', 'unreadable-file', 'depends-on-settings', 'unfinished-operation', 'not-shipped'])

/** All that is wrong, what stops every `migrate` first; a symptom is said by its cause. */
export function diagnose(facts: Facts): Found[] {
  const explained = new Set<string>()
  const found: Found[] = []
  for (const find of FINDERS) {
    const own = find(facts, explained).filter(({ code, app, migration }) => OWN.has(code) || migration === null || !explained.has(`${app}\0${migration}`))
    found.push(...own)
    for (const { explains } of own) for (const key of explains) explained.add(key)
  }
  return inOrder(forTestDatabase(facts, found))
}

export function toFindings(found: readonly Found[]): Finding[] {
  return found.map(toFinding)
}
