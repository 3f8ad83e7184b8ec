export { refuseIncredibleCounter, refuseUnbelievable } from './believe.js'
export { damagedOperation, detailOf, refuseUnreadable } from './damage.js'
export type { ChildExited, ChildStarted, Details, Half, Lifted, Ready, Rehearsed, SequenceStep, Shadowed } from './details.js'
export { digestOf, hasDigest, newId } from './digest.js'
export { type ExportedJournal, exportJournal, writeExport } from './export.js'
export { idToType, inShort, nameEvent } from './events.js'
export { Journal } from './journal.js'
export { targetOf } from './target-of.js'
export { eventsOf, findOperation, newestOperation, newestOperations, newestRehearsals, operationsDownTo, operationsOn } from './questions.js'
export { settleable, writeSettled } from './settle-journal.js'
export { standingAgain, standingOf, unfinishedOperations } from './standing.js'
export { findSnapshot, type KeptCopy, keptCopies, labelOf, newestSnapshots } from './snapshots.js'
export { prunedOf, refusePruned } from './pruned.js'
export {
  type Changes,
  type EventRecord,
  NO_CHANGES,
  type Operation,
  type OperationRecord,
  type OperationStatus,
  type Outcome,
  type SnapshotHeader,
  type SnapshotInfo,
  TERMINAL,
} from './records.js'
