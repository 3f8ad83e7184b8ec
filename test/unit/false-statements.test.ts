import { describe, expect, it } from 'vitest'
import { planMarkApplied, planMarkUnapplied } from '../../src/change/plan-mark.js'
import type { MigrationFile, ProjectFiles } from '../../src/project/index.js'
import { loadHistory, makeKey, planFake, planMigrate, rulesFor, statusOf } from '../../src/migrations/index.js'
import { MigstateError } from '../../src/errors/index.js'

/** Statements that were once made and were not true, each by the smallest files and rows that show it. */
type Given = Record<string, { on?: string[]; replaces?: string[] }>
const pair = (dotted: string): [string, string] => dotted.split('.') as [string, string]

function project(given: Given, more: Partial<ProjectFiles> = {}): ProjectFiles {
  const labels = [...new Set(Object.keys(given).map((one) => pair(one)[0]))]
  const files = Object.entries(given).map(([dotted, { on = [], replaces = [] }]): MigrationFile => {
    const [app, name] = pair(dotted)
    const dependencies = on.map((one) => ({ app: pair(one)[0], name: pair(one)[1] }))
    return {
      app,
      name,
      file: `/${dotted}.py`,
      dependencies,
      runBefore: [],
      replaces: replaces.map(pair),
      initial: null,
      atomic: true,
      operations: [],
      data: false,
      problems: [],
      broken: null,
    }
  })
  return {
    folder: '/',
    settingsModule: 'settings',
    djangoVersion: '5.2',
    apps: labels.map((label) => ({
      label,
      module: label,
      path: `/${label}`,
      migrated: true,
      broken: null,
      problems: [],
      migrations: files.filter(({ app }) => app === label),
    })),
    notFound: [],
    complete: true,
    problems: [],
    broken: null,
    useTz: true,
    timeZone: 'UTC',
    ...more,
  }
}

const rows = (...names: string[]) =>
  names.map((one, index) => ({ id: String(index + 1), app: pair(one)[0], name: pair(one)[1], applied: '2024-01-01 00:00:00' }))
const rules = rulesFor('5.2')
const key = (dotted: string) => makeKey(...pair(dotted))
const request = (files: ProjectFiles, ...targets: string[]) => ({ project: files, rules, targets: targets.map(key), force: false })
const refusal = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof MigstateError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'not refused'
}

const SQUASHED: Given = {
  'other.0001': {},
  'p.0001': {},
  'p.0002': { on: ['p.0001'] },
  'p.0001_squashed': { on: ['other.0001'], replaces: ['p.0001', 'p.0002'] },
  'q.0001': { on: ['p.0002'] },
}

describe('a hole below a squash that counts only by the rows of its parts', () => {
  it('to fill the hole above it is never refused', () => {
    const files = project(SQUASHED)
    const before = rows('p.0001', 'q.0001')
    expect(refusal(() => planMarkApplied({ ...request(files, 'p.0002'), withDependencies: false }, before))).toBe('not refused')
  })

  it('where nothing was a hole, what would count as applied is named', () => {
    const files = project(SQUASHED)
    expect(refusal(() => planMarkApplied({ ...request(files, 'p.0002'), withDependencies: false }, rows('p.0001')))).toMatch(
      /^would-make-hole: p\.0001_squashed would count as applied while other\.0001, on which it depends, is not\./,
    )
  })

  it('what is taken away from below it stands below something that has no row, and is not said to have one', () => {
    const files = project(SQUASHED)
    const said = refusal(() => planMarkUnapplied({ ...request(files, 'other.0001'), withDependants: false }, rows('other.0001', 'p.0001', 'p.0002')))
    expect(said).toMatch(/^would-make-hole: other\.0001 would be unrecorded while p\.0001_squashed, which depends on it, counts as applied\./)
    expect(said).not.toContain('refuse')
  })
})

describe('a squash whose parts have no files any more', () => {
  const files = project({ 'p.0001_squashed': { replaces: ['p.0001', 'p.0002'] }, 'q.0001': { on: ['p.0001_squashed'] } })

  it('of the rows of its parts none is taken out alone: Django could use neither', () => {
    expect(refusal(() => planMarkUnapplied({ ...request(files, 'p.0002'), withDependants: false }, rows('p.0001', 'p.0002', 'q.0001')))).toMatch(
      /^would-make-hole: Of what p\.0001_squashed replaces only a part would be recorded, and the rest has no file/,
    )
  })

  it('what is torn already is no fault of the next change', () => {
    expect(refusal(() => planMarkUnapplied({ ...request(files, 'p.0001'), withDependants: false }, rows('p.0001')))).toBe('not refused')
  })
})

describe('a middle file that is missing', () => {
  const files = project({ 'a.0001': {}, 'a.0003': { on: ['a.0002'] }, 'b.0001': { on: ['a.0002'] } })
  const history = rows('a.0001', 'a.0002', 'a.0003', 'b.0001')

  it('is no conflict: not in status, not in fake, not in plan', () => {
    expect(statusOf(files, history, rules).summary.conflicts).toBe(0)
    const input = { project: files, rows: history, rules, alias: 'default' }
    expect(planMigrate(input).blockedBy.map(({ gate }) => gate)).toEqual(['missing-parent'])
    const fake = planFake(input)
    expect('lifted' in fake && fake.lifted.map(({ gate }) => gate)).toEqual(['missing-parent'])
  })

  it('a conflict elsewhere is one all the same', () => {
    const both = project({ 'a.0003': { on: ['a.0002'] }, 'c.0001': {}, 'c.0002': { on: ['c.0001'] }, 'c.0003': { on: ['c.0001'] } })
    expect(statusOf(both, [], rules).summary.conflicts).toBe(1)
  })

  it('has dependants, and its row does not go without a word', () => {
    expect(loadHistory(files, history, rules).graph.backwardsPlan(key('a.0002'))).toHaveLength(3)
    expect(refusal(() => planMarkUnapplied({ ...request(files, 'a.0002'), withDependants: false }, history))).toMatch(
      /^would-make-hole: a\.0002 would be unrecorded while a\.0003, b\.0001, which depend on it, are recorded\./,
    )
    expect(planMarkUnapplied({ ...request(files, 'a.0002'), withDependants: true }, history).remove.map(({ id }) => id)).toEqual(['2', '3', '4'])
  })
})

describe('an app that is installed under a label that cannot be read', () => {
  it('is not said not to be installed', () => {
    const files = project({ 'a.0001': {} })
    const [app] = files.apps
    const guessed = { ...files, apps: [{ ...(app as (typeof files.apps)[number]), labelIsGuess: true as const }] }
    const { blockedBy } = planMigrate({ project: guessed, rows: [], rules, alias: 'default' }, { app: 'shop' })
    expect(blockedBy).toMatchObject([{ gate: 'unreadable', exception: null }])
    expect(planMigrate({ project: files, rows: [], rules, alias: 'default' }, { app: 'shop' }).blockedBy).toMatchObject([{ gate: 'unknown-app' }])
  })
})
