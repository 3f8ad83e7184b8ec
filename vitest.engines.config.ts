import { defineConfig } from 'vitest/config'

const common = {
  pool: 'forks' as const,
  testTimeout: 180_000,
  hookTimeout: 180_000,
  disableConsoleIntercept: true,
  globalSetup: 'test/support/templates.ts',
}

/** What holds on every release of a server: the contract, the counter, locks and waiting, tables as people have them. */
const ON_EACH = ['contract', 'counter', 'locks', 'lock-wait', 'safety-nets', 'tables-*', 'time-outs', 'time-zones', 'rights-and-roles']

/** The same suites as `npm test` runs, on one release. MIGSTATE_TEST_RELEASE is read by the setup file. */
const onRelease = (release: string, files = ON_EACH) => ({
  test: {
    ...common,
    name: `on ${release}`,
    include: files.map((file) => `test/integration/${file}.test.ts`),
    env: { MIGSTATE_TEST_RELEASE: release },
    setupFiles: ['test/support/servers/of-release.ts'],
  },
})

/** "npm run test:engines": clusters, poolers, standbys and other versions of the servers, each started for its own file. */
export default defineConfig({
  test: {
    // The servers of one file at a time.
    maxWorkers: 1,
    projects: [
      { test: { ...common, name: 'engines', include: ['test/engines/**/*.test.ts'] } },
      ...['14', '15', '16', '17', '18'].map((release) => onRelease(`postgresql ${release}`)),
      // Times with a zone are PostgreSQL's.
      onRelease(
        'mariadb trixie',
        ON_EACH.filter((file) => file !== 'time-zones'),
      ),
    ],
  },
})
