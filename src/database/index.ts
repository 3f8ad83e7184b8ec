export { Database, type History } from './database.js'
export type {
  AdvisoryLock,
  Dialect,
  Engine,
  HistoryFacts,
  HistoryTable,
  JournalTables,
  Schema,
  SchemaTable,
  ServerFacts,
  ShadowSql,
  TableFacts,
} from './dialect.js'
export { driverVersions } from './driver-versions.js'
export { isFailure } from './failure.js'
export { DJANGO_TABLE, openDatabase } from './open.js'
export { byId, highestId, type NewRow, type Row, sameApplied, sameRow } from './row.js'
export type { Session } from './session.js'
