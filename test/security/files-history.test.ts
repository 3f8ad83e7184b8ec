import { expect, it } from 'vitest'
import { rulesFor } from '../../src/django/rules.js'
import type { Dependency, MigrationFile, ProjectFiles } from '../../src/project/types.js'
import { Warnings } from '../../src/errors/index.js'
import { loadHistory } from '../../src/migrations/index.js'

/** What is made of many dependencies takes time by their number. */
const MANY = 60_000

const file = (name: string, more: Partial<MigrationFile>): MigrationFile => ({
  app: 'shop',
  name,
  file: `/x/${name}.py`,
  dependencies: [],
  runBefore: [],
  replaces: [],
  initial: null,
  atomic: true,
  operations: [],
  data: false,
  problems: [],
  broken: null,
  ...more,
})

const project = (...apps: [string, MigrationFile[]][]): ProjectFiles => ({
  folder: '/x',
  settingsModule: 'settings',
  djangoVersion: '5.2',
  apps: apps.map(([label, migrations]) => ({ label, module: label, path: `/x/${label}`, migrated: true, broken: null, problems: [], migrations })),
  notFound: [],
  complete: true,
  problems: [],
  broken: null,
  useTz: true,
  timeZone: 'UTC',
})

const names = Array.from({ length: MANY }, (_unused, at) => `x${at}`)
const keys = names.map((name): Dependency => ({ app: 'shop', name }))

it('missing parents, and a squash of as many others', { timeout: 40_000 }, () => {
  const squash = file('0002_squashed', { replaces: names.map((name): [string, string] => ['shop', `y${name}`]) })
  const view = loadHistory(project(['shop', [file('0001_initial', { dependencies: keys }), squash]]), [], rulesFor('5.2'))
  expect(view.gates).toHaveLength(MANY)
})

it('missing parents without one', { timeout: 40_000 }, () => {
  const view = loadHistory(project(['shop', [file('0001_initial', { dependencies: keys })]]), [], rulesFor('5.2'))
  expect(view.gates.filter(({ gate }) => gate === 'missing-parent')).toHaveLength(MANY)
})

it('the first migration of a large app, named again and again', { timeout: 40_000 }, () => {
  const first = Array.from({ length: MANY }, (): Dependency => ({ app: 'shop', name: '__first__' }))
  const other = { ...file('0001_initial', { dependencies: first }), app: 'other' }
  const shop = names.slice(0, 5000).map((name, at) => file(name, { dependencies: at > 0 ? [keys[at - 1] as Dependency] : [] }))
  const view = loadHistory(project(['shop', shop], ['other', [other]]), [], rulesFor('5.2'))
  expect(view.gates).toEqual([])
  expect(view.graph.nodes.size).toBe(5001)
})

it('warnings', { timeout: 40_000 }, () => {
  const warnings = new Warnings()
  for (const name of [...names, ...names])
    warnings.add('missing-parent', `Migration shop.0002_x dependencies reference nonexistent parent node ('shop', '${name}')`)
  expect(warnings.list()).toEqual([{ code: 'missing-parent', message: expect.stringMatching(/ \(60000 in all\)$/) }])
})
