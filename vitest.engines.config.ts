import { defineConfig } from 'vitest/config'

/** "npm run test:engines": clusters, poolers, standbys and other versions of the servers, each started for its own file. */
export default defineConfig({
  test: {
    name: 'engines',
    include: ['test/engines/**/*.test.ts'],
    pool: 'forks',
    // The servers of one file at a time.
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    disableConsoleIntercept: true,
    globalSetup: 'test/support/templates.ts',
  },
})
