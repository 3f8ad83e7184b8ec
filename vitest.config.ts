import { defineConfig } from 'vitest/config'

const project = (name: string, testTimeout: number, more: object = {}) => ({
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

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project('unit', 10_000),
      project('property', 60_000),
      project('security', 60_000),
      project('integration', 60_000),
      project('cli', 60_000),
      project('django', 180_000),
      project('conformance', 300_000),
      project('faults', 180_000),
      project('docs', 300_000),
      project('terminal', 60_000),
      project('lint', 60_000),
    ],
  },
})
