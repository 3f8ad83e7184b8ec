import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { fullPlan, loadHistory, pairOf, ProjectState, rulesFor } from '../../src/migrations/index.js'
import { isKnown, type Fact } from '../../src/migrations/state/fact.js'
import { isUnique } from '../../src/migrations/state/fields.js'
import { isManaged, isProxy, labelOf, type ModelState, optionOf } from '../../src/migrations/state/model-state.js'
import { togetherOf } from '../../src/migrations/state/together.js'
import { djangos } from '../support/django.js'
import { Oracle } from './oracle.js'
import { Random } from './random.js'
import { generated, type StateWorld, WORLDS } from './state-worlds.js'

/** The models, tables and columns after each migration: ProjectState from files, against the state and the models of Django itself. */
const folder = mkdtempSync(join(tmpdir(), 'migstate-state-'))
const oracles: Oracle[] = []
afterAll(() => {
  for (const oracle of oracles) oracle.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Described {
  label: string
  table: string
  managed: boolean
  proxy: boolean
  made: boolean
  swapped: string | null
  columns: [field: string, column: string, isNullable: boolean, isUnique: boolean, isPrimaryKey: boolean][]
  unique_together: string[][]
  relations: [field: string, table: string][]
  constraints: string[]
  indexes: string[]
}

interface Step {
  node: [string, string]
  models?: Described[]
  error?: unknown
}

const VERSIONS = Object.entries(djangos).filter(([version]) => /^(3\.2|5\.2|6\.0)$/.test(version))
const GENERATED = 25

describe.each(VERSIONS)('Django %s', (version, home) => {
  const oracle = new Oracle(version, home, 'project_state.py')
  oracles.push(oracle)

  it.each(WORLDS.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const { unknown, error } = await compared(oracle, version, home, one)
    expect(error).toBeNull()
    for (const pattern of one.unknown ?? []) expect(unknown.join('\n')).toMatch(pattern)
    if (!one.unknown) expect(unknown).toEqual([])
  })

  it(`${GENERATED} random sequences`, async () => {
    const random = new Random(52_026)
    let [compares, broken] = [0, 0]
    for (let number = 0; number < GENERATED; number++) {
      const { steps, unknown, error } = await compared(oracle, version, home, generated(random, number))
      expect(unknown).toEqual([])
      compares += steps
      if (error) broken++
    }
    expect(compares).toBeGreaterThan(GENERATED * 4)
    expect(broken).toBeLessThan(GENERATED / 4)
  })
})

async function compared(oracle: Oracle, version: string, home: string, one: StateWorld): Promise<{ steps: number; unknown: string[]; error: unknown }> {
  const place = join(folder, version, one.name.replace(/\W+/g, '-'))
  for (const [path, text] of Object.entries(one.files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  const said = await oracle.ask<{ steps: Step[] }>({ folder: place, maxNameLength: one.maxNameLength ?? null })
  const project = openProject({ folder: place, managePy: undefined, settings: undefined, python: join(home, 'bin', 'python'), path: [], env: {} })
  const view = loadHistory(project.files(), [], rulesFor(project.djangoVersion))
  const plan = fullPlan(view)
  expect(plan.map(pairOf).slice(0, said.steps.length)).toEqual(said.steps.map(({ node }) => node))
  const state = new ProjectState(one.maxNameLength ?? null)
  const unknown = new Set<string>()
  let steps = 0
  for (const { node, models, error } of said.steps) {
    if (!models) return { steps, unknown: [...unknown], error }
    const file = view.disk.get(plan[steps] as never)
    state.step({ app: node[0], name: node[1], operations: file ? project.detailed(file).operations : null })
    for (const doubt of state.doubts) unknown.add(`${doubt.app}.${doubt.model}: ${doubt.reason}`)
    compare(state, models, unknown, `${place} after ${node.join('.')}`)
    steps++
  }
  return { steps, unknown: [...unknown], error: null }
}

/** What is known must be what Django says; what is not is named. */
function compare(state: ProjectState, models: readonly Described[], unknown: Set<string>, where: string): void {
  const fact = <T>(found: Fact<T>, what: string, expected: T): T => {
    if (isKnown(found)) return found.value
    unknown.add(`${what}: ${found.unknown}`)
    return expected
  }
  const real = models.filter(({ made }) => !made)
  if (state.doubts.length === 0) expect([...state.models.values()].map(labelOf).sort(), where).toEqual(real.map(({ label }) => label).sort())
  for (const expected of real) {
    const { label } = expected
    const model = [...state.models.values()].find((one) => labelOf(one) === label)
    if (!model) {
      expect(state.doubts.length, `${where}: ${label} is not there`).toBeGreaterThan(0)
      continue
    }
    // Something that is named may have changed it.
    if (state.doubtsAbout(model.app, model.name).length > 0) continue
    expect(fact(state.tableOf(model), label, expected.table), `${where}: ${label}`).toBe(expected.table)
    expect(fact(isManaged(model), label, expected.managed), `${where}: ${label}`).toBe(expected.managed)
    expect(fact(isProxy(model), label, expected.proxy), `${where}: ${label}`).toBe(expected.proxy)
    if (!expected.proxy) {
      compareColumns(state, model, expected, unknown, `${where}: ${label}`)
      const together = fact(togetherOf(model, 'unique_together'), label, expected.unique_together)
      expect(together.map((group) => group.join()).sort(), `${where}: ${label}`).toEqual(expected.unique_together.map((group) => group.join()).sort())
    }
    for (const [field, table] of expected.relations)
      if (model.fields.has(field))
        expect(fact(state.tableOfRelation(model, field) ?? { value: '' }, `${label}.${field}`, table), `${where}: ${label}`).toBe(table)
    for (const option of ['constraints', 'indexes'] as const) expect(namesIn(model, option), `${where}: ${label}`).toEqual(expected[option])
  }
  // A swapped model has no tables of its own, and which one it is the settings say.
  const swapped = new Set(real.flatMap((one) => (one.swapped === null ? [] : [one.label])))
  const relations = [...state.models.values()].filter((model) => !swapped.has(labelOf(model))).flatMap((model) => state.relationTablesOf(model))
  const made = relations.flatMap(({ table }) => (isKnown(table) ? [table.value] : []))
  if (unknown.size === 0) expect(made.sort(), where).toEqual(models.flatMap((one) => (one.made ? [one.table] : [])).sort())
  for (const relation of relations) {
    const expected = models.find((one) => one.made && isKnown(relation.table) && one.table === relation.table.value)
    if (!expected) continue
    expect(
      fact(
        relation.columns,
        relation.field,
        expected.columns.map(([, column]) => column),
      ).toSorted(),
      where,
    ).toEqual(expected.columns.map(([, column]) => column).sort())
    expect(fact(relation.isManaged, relation.field, expected.managed), where).toBe(expected.managed)
  }
}

function compareColumns(state: ProjectState, model: ModelState, expected: Described, unknown: Set<string>, where: string): void {
  const { columns, open } = state.columnsOf(model)
  if (open !== null) unknown.add(`${expected.label}: ${open}`)
  const left = new Map(expected.columns.map((one) => [one[0], one]))
  for (const column of columns) {
    const django = left.get(column.field)
    expect(django, `${where}.${column.field} is a column of Django's too`).toBeDefined()
    left.delete(column.field)
    const [, name, isNullable, unique, isPrimary] = django as Described['columns'][number]
    const label = `${expected.label}.${column.field}`
    if (column.unsure === null) expect(column.names, where).toEqual([name])
    else unknown.add(`${label}: ${column.unsure}`)
    const facts = [
      [column.isNullable, isNullable],
      [column.isPrimaryKey, isPrimary],
      [column.written && !(isKnown(column.isPrimaryKey) && column.isPrimaryKey.value) ? isUnique(column.written) : { value: unique }, unique],
    ] as const
    for (const [found, value] of facts)
      if (isKnown(found)) expect(found.value, `${where}.${column.field}`).toBe(value)
      else unknown.add(`${label}: ${found.unknown}`)
  }
  if (open === null) expect([...left.keys()], where).toEqual([])
}

function namesIn(model: ModelState, option: string): string[] {
  const found = optionOf(model, option)
  const items = isKnown(found) && found.value?.kind === 'list' ? found.value.items : []
  return items
    .flatMap((one) => (one.kind === 'call' && one.keywords.get('name')?.kind === 'text' ? [(one.keywords.get('name') as { value: string }).value] : []))
    .sort()
}
