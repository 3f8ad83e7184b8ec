export { migrated, type MigratedOptions, migstateFixture, type StartedDatabase, withRestore } from './api/testing.js'
export type { Migstate, OpenOptions } from './api/library.js'
