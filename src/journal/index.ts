export { digestOf, newId } from './digest.js'
export { type ExportedJournal, exportJournal, writeExport } from './export.js'
export { Journal } from './journal.js'
export { targetOf, targetsOf } from './target-of.js'
export { findOperation, labelOf, findSnapshot, readOperations, readSnapshots, unfinished } from './operations.js'
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
