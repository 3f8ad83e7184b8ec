import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.js'

// On Node 24 the program takes node:sqlite, and better-sqlite3 12 is not to be loaded: the tests then ask SQLite through the same.
const driver = Number.parseInt(process.versions.node, 10) >= 24
const alias = driver ? { 'better-sqlite3': new URL('test/support/node-sqlite-driver.ts', import.meta.url).pathname } : {}

const project = (name: string, testTimeout: number, more: object = {}) => ({
  resolve: { alias },
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    pool: 'forks' as const,
    testTimeout,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
    globalSetup: 'test/support/templates.ts',
    ...more,
  },
})

/** A worker keeps the program it has compiled, and the Djangos it has started, for the next file of the project. */
const shared = { isolate: false }

export default defineConfig({
  test: {
    // One more than the two cores the suite is measured on: a worker waits for servers and children.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', 10_000, shared),
      project('property', 60_000, shared),
      project('security', 60_000, shared),
      project('integration', 60_000, shared),
      project('cli', 60_000, shared),
      project('django', 180_000, shared),
      project('conformance', 300_000),
      project('faults', 180_000),
      project('docs', 300_000),
      project('terminal', 60_000),
      project('lint', 60_000),
    ],
  },
})
