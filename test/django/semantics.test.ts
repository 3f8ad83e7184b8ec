import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openProject, type ProjectFiles } from '../../src/project/index.js'
import { planMigrate, rulesFor, statusOf } from '../../src/migrations/index.js'
import { root } from '../support/cli.js'
import { djangos } from '../support/django.js'
import { files } from '../support/fake-project.js'

type Pair = [app: string, name: string]

interface Scenario {
  /** path to [dependencies, more attributes] */
  migrations: Record<string, [dependencies: string, more?: string]>
  states: Pair[][]
  targets?: string[][]
  /** Only these versions: Django itself is not deterministic on the others. */
  since?: number
}

const rows = (...names: string[]): Pair[] => names.map((name) => name.split('.') as Pair)
const linear = { 'a/0001_a': [''], 'a/0002_b': ['("a", "0001_a")'], 'a/0003_c': ['("a", "0002_b")'] } as Scenario['migrations']
const squash = {
  ...linear,
  'a/0001_squashed_0002': ['', 'replaces = [("a", "0001_a"), ("a", "0002_b")]'],
  'b/0001_x': ['("a", "0002_b")'],
} as Scenario['migrations']

/** Small worlds, each with the row states that matter; every answer is compared with Django's own. */
const SCENARIOS: Record<string, Scenario> = {
  linear: {
    migrations: { ...linear, 'b/0001_x': ['("a", "0002_b")'], 'c/0001_y': ['("b", "0001_x")'] },
    states: [
      rows(),
      rows('a.0001_a'),
      rows('a.0001_a', 'a.0002_b', 'b.0001_x'),
      rows('a.0001_a', 'a.0003_c'),
      rows('a.0001_a', 'a.0002_b', 'a.0003_c', 'b.0001_x', 'c.0001_y'),
      rows('a.0001_a', 'a.0001_a', 'gone.0001', 'a.0009_ghost'),
    ],
    targets: [[], ['a'], ['a', '0001'], ['a', '0002_b'], ['a', 'zero'], ['b'], ['b', 'zero'], ['a', '000'], ['a', 'nope'], ['nope']],
  },
  'several parents': {
    migrations: {
      'a/0001_a': [''],
      'b/0001_x': [''],
      'b/0002_y': ['("b", "0001_x")'],
      'c/0001_c': ['("b", "0002_y"), ("a", "0001_a")'],
      'd/0001_d': ['("a", "0001_a"), ("c", "0001_c"), ("b", "0001_x")'],
    },
    states: [rows(), rows('b.0001_x'), rows('a.0001_a', 'b.0001_x', 'b.0002_y', 'c.0001_c', 'd.0001_d')],
    targets: [[], ['c'], ['d'], ['a', 'zero'], ['b', 'zero']],
  },
  'run_before and __first__': {
    migrations: {
      'a/0001_a': [''],
      'a/0002_b': ['("a", "0001_a")'],
      'b/0001_x': ['("a", "__first__")', 'run_before = [("a", "0002_b")]'],
      'c/0001_y': ['("a", "__latest__")'],
    },
    states: [rows(), rows('a.0001_a'), rows('a.0001_a', 'a.0002_b'), rows('a.0001_a', 'b.0001_x', 'a.0002_b', 'c.0001_y')],
    targets: [[], ['a'], ['a', '0001'], ['c']],
  },
  conflict: {
    migrations: { ...linear, 'a/0003_other': ['("a", "0002_b")'], 'b/0001_x': [''], 'b/0001_y': [''] },
    states: [rows(), rows('a.0001_a', 'a.0002_b'), rows('a.0003_c')],
    targets: [[], ['a', '0002'], ['nope']],
  },
  'missing parent': { migrations: { ...linear, 'b/0001_x': ['("a", "0009_gone")'] }, states: [rows(), rows('a.0001_a')], targets: [[], ['a']] },
  cycle: { migrations: { 'a/0001_a': ['("b", "0001_x")'], 'b/0001_x': ['("a", "0001_a")'] }, states: [rows()], targets: [[]] },
  squash: {
    migrations: squash,
    states: [
      rows(),
      rows('a.0001_a'),
      rows('a.0001_a', 'a.0002_b'),
      rows('a.0001_a', 'a.0002_b', 'a.0001_squashed_0002', 'b.0001_x', 'a.0003_c'),
      rows('a.0001_squashed_0002'),
      rows('a.0001_squashed_0002', 'a.0003_c'),
      rows('a.0002_b', 'b.0001_x'),
    ],
    targets: [[], ['a'], ['a', '0003'], ['b'], ['a', 'zero'], ['a', '0001_squashed_0002'], ['a', '0002_b']],
  },
  'squash over two apps, its parts gone': {
    migrations: {
      'a/0001_squashed': ['', 'replaces = [("a", "0001_old"), ("b", "0001_old")]'],
      'b/0002_y': ['("a", "0001_squashed")'],
      'a/0002_z': ['("a", "0001_squashed")'],
    },
    states: [rows(), rows('a.0001_old'), rows('a.0001_old', 'b.0001_old'), rows('a.0001_old', 'b.0001_old', 'b.0002_y')],
    targets: [[], ['a'], ['b']],
  },
  'nested squash': {
    migrations: {
      ...linear,
      'a/0001_squashed_0002': ['', 'replaces = [("a", "0001_a"), ("a", "0002_b")]'],
      'a/0001_squashed_0003': ['', 'replaces = [("a", "0001_squashed_0002"), ("a", "0003_c")]'],
    },
    states: [rows(), rows('a.0001_a'), rows('a.0001_a', 'a.0002_b'), rows('a.0001_a', 'a.0002_b', 'a.0003_c'), rows('a.0001_squashed_0002', 'a.0003_c')],
    targets: [[], ['a']],
    since: 6,
  },
}

describe.each(Object.entries(djangos))('Django %s', (version, home) => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (Number(version.split('.')[0]) < (scenario.since ?? 0)) continue
    it(`${name}: the same states, plans and refusals`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'migstate-world-'))
      try {
        const project = makeWorld(folder, scenario, home)
        for (const [index, answer] of askDjango(folder, scenario, home).entries()) {
          const state = scenario.states[index] as Pair[]
          const where = `rows ${JSON.stringify(state)}`
          compareList(project, state, answer.list, where)
          for (const [at, target] of (scenario.targets ?? [[]]).entries())
            comparePlan(project, state, target, answer.plans[at] as Answer, `${where}, migrate ${target.join(' ')}`)
        }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }
})

type Answer = { lines: string[] } | { exception: string; message: string }

function makeWorld(folder: string, scenario: Scenario, home: string): ProjectFiles {
  const apps = [...new Set(Object.keys(scenario.migrations).map((path) => path.split('/')[0] as string))].sort()
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': `INSTALLED_APPS = ${JSON.stringify(apps)}\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\nDEFAULT_AUTO_FIELD = "django.db.models.AutoField"\nUSE_TZ = False\nSECRET_KEY = "x"\n`,
    ...Object.fromEntries(apps.flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((path) => [path, '']))),
    ...Object.fromEntries(
      Object.entries(scenario.migrations).map(([path, [dependencies, more]]) => {
        const [app, file] = path.split('/')
        const body = `    dependencies = [${dependencies}]\n    operations = []\n${more ? `    ${more}\n` : ''}`
        return [`${app}/migrations/${file}.py`, `from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n${body}`]
      }),
    ),
  })
  return openProject({ folder, managePy: undefined, settings: undefined, python: join(home, 'bin', 'python'), path: [], env: {} }).files()
}

function askDjango(folder: string, scenario: Scenario, home: string): { list: Answer; plans: Answer[] }[] {
  const input = scenario.states.map((state) => JSON.stringify({ rows: state, targets: scenario.targets ?? [[]] })).join('\n')
  const asked = spawnSync(join(home, 'bin', 'python'), [join(root, 'test', 'fixtures', 'ask-django.py')], { cwd: folder, input, encoding: 'utf8' })
  expect(asked.status, asked.stderr).toBe(0)
  return asked.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** Rows of a test state, with ids in order. */
const asRows = (state: Pair[]) => state.map(([app, name], index) => ({ id: String(index + 1), app, name, applied: '2024-01-01 00:00:00' }))

function compareList(project: ProjectFiles, state: Pair[], answer: Answer, where: string): void {
  const status = statusOf(project, asRows(state), rulesFor(project.djangoVersion))
  // Where showmigrations dies, status answers all the same, and says of what Django dies.
  if ('exception' in answer)
    return expect(
      status.view.gates.map((gate) => gate.exception),
      `${where}: ${answer.message}`,
    ).toContain(answer.exception)
  const mark = { applied: 'X', unapplied: ' ', 'unrecorded-squash': '-' }
  const lines = status.apps.flatMap((app) => [app.label, ...app.migrations.map((one) => ` [${mark[one.state]}] ${one.name}`)])
  expect(lines, where).toEqual(answer.lines.map((line) => line.replace(/ \(\d+ squashed migrations\).*$/, '')))
}

/** The apps of a conflict come out of a Python set; before 3.2 the names too. */
function anyOrder(message: string): string {
  return message.replace(/\(([^()]+ in [^()]+)\)/, (_all, parts: string) =>
    parts
      .split('; ')
      .map((part) =>
        part
          .split(/, | in /)
          .sort()
          .join(' '),
      )
      .sort()
      .join('; '),
  )
}

function comparePlan(project: ProjectFiles, state: Pair[], target: string[], answer: Answer, where: string): void {
  const [app, name] = target
  const plan = planMigrate(
    { project, rows: asRows(state), rules: rulesFor(project.djangoVersion), alias: 'default' },
    app === undefined ? undefined : { app, name },
  )
  if ('exception' in answer) {
    expect(plan.steps, where).toEqual([])
    const [first] = plan.blockedBy
    expect(first?.exception, `${where}: ${answer.exception}: ${answer.message}`).toBe(answer.exception)
    // Which pair or which cycle Django names depends on hash order: one of ours must be its.
    const ours = plan.blockedBy.map((gate) => gate.message)
    if (first?.gate === 'circular') expect(ours[0]?.split(', ').sort(), where).toEqual(answer.message.split(', ').sort())
    else expect(ours.map(anyOrder), where).toContain(anyOrder(answer.message))
    return
  }
  const steps = answer.lines.filter((line) => /^\S+\.\S+$/.test(line))
  expect(plan.blockedBy, where).toEqual([])
  expect(
    plan.steps.map((step) => `${step.app}.${step.name}`),
    where,
  ).toEqual(steps)
}
