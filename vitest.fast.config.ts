import { defineConfig } from 'vitest/config'

/** "npm run test:fast": what tells within seconds whether a change is sound, on SQLite and without Django. One project, so that each file is compiled once. */
export default defineConfig({
  test: {
    name: 'fast',
    include: [
      'test/unit/**/*.test.ts',
      'test/property/{changes,exactness}.test.ts',
      'test/integration/contract.test.ts',
      'test/cli/{answers,mark,findings}.test.ts',
    ],
    env: { MIGSTATE_TEST_ENGINES: 'sqlite' },
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
    disableConsoleIntercept: true,
    globalSetup: 'test/support/templates.ts',
  },
})
