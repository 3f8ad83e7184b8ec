import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planFake, planMigrate, planPrune, rulesFor, statusOf } from '../../src/migrations/index.js'
import { openProject, type ProjectFiles } from '../../src/project/index.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'

/** Settings that depend on what cannot be read: Django is asked in each of the cases, and what is claimed holds in all of them. */
const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-worlds-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const migration = (dependencies: string, head = '') =>
  `from django.conf import settings\nfrom django.db import migrations\n${head}\n\nclass Migration(migrations.Migration):\n    dependencies = ${dependencies}\n    operations = []\n`
const app = (name: string, ...dependencies: string[]) =>
  Object.fromEntries([
    [`${name}/__init__.py`, ''],
    ...(dependencies.length > 0 ? [[`${name}/migrations/__init__.py`, '']] : []),
    ...dependencies.map((text, index) => [`${name}/migrations/000${index + 1}_m.py`, text]),
  ])
const SETTINGS =
  'import os\nimport socket\nSECRET_KEY = "x"\nCASE = os.environ["MIGSTATE_CASE"] if socket.gethostname() is not None else None\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\n'

/** The plan of `migrate`, as Django makes it on an empty table, in each case. */
function djangosPlans(cases: readonly string[], ...args: string[]): string[][] {
  const code = `import sys, os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
targets = [k for k in executor.loader.graph.leaf_nodes() if not sys.argv[1:] or k[0] in sys.argv[1:]]
print("\\n".join("%s.%s" % (m.app_label, m.name) for m, _ in executor.migration_plan(targets)))`
  return cases.map((one) =>
    execFileSync(python, ['-c', code, ...args], { cwd: folder, env: { PATH: process.env.PATH, MIGSTATE_CASE: one }, encoding: 'utf8' })
      .split('\n')
      .filter(Boolean),
  )
}

function ours(settings: string, more: Record<string, string>): ProjectFiles {
  files(folder, { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n', 'settings.py': SETTINGS + settings, ...more })
  return openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env: {} }).files()
}
const input = (project: ProjectFiles) => ({ project, rows: [], rules: rulesFor(project.djangoVersion), alias: 'default' })
const planned = (project: ProjectFiles, app?: string) => {
  const plan = planMigrate(input(project), app === undefined ? undefined : { app })
  return { steps: plan.steps.map((one) => `${one.app}.${one.name}`), blockedBy: plan.blockedBy }
}

describe('an app whose entry of MIGRATION_MODULES cannot be read', () => {
  const DISABLED = 'class Disabled:\n    def __contains__(self, label):\n        return True\n\n    def __getitem__(self, label):\n        return None\n\n\n'
  it.each([
    ['the whole', 'if CASE == "1":\n    MIGRATION_MODULES = {"a": None}\n'],
    ['an object', `${DISABLED}if CASE == "1":\n    MIGRATION_MODULES = Disabled()\n`],
    ['one entry', 'MIGRATION_MODULES = {"a": None if CASE == "1" else "a.migrations"}\n'],
  ])('%s: Django has more than one answer, and no plan is claimed', (_name, text) => {
    const project = ours(`INSTALLED_APPS = ["a", "b"]\n${text}`, { ...app('a', migration('[]')), ...app('b') })
    expect(djangosPlans(['1', '2'])).toEqual([[], ['a.0001_m']])
    const { steps, blockedBy } = planned(project)
    expect(steps).toEqual([])
    expect(blockedBy).toMatchObject([{ gate: 'unreadable', message: expect.stringContaining('MIGRATION_MODULES["a"] cannot be read') as unknown }])
  })
})

describe('of an app whose place is not known', () => {
  const unknown = 'INSTALLED_APPS = ["a", "b"]\nMIGRATION_MODULES = {"a": None if CASE == "1" else "a.migrations"}\n'
  const reasons = (project: ProjectFiles, name?: string) => planned(project, name).blockedBy.map((gate) => gate.message)

  it('a plan for another app is answered, and pruning, which looks at all rows, is not', () => {
    const project = ours(unknown, { ...app('a', migration('[]')), ...app('b', migration('[]')) })
    expect(djangosPlans(['1', '2'], 'b')).toEqual([['b.0001_m'], ['b.0001_m']])
    expect(planned(project, 'b')).toEqual({ steps: ['b.0001_m'], blockedBy: [] })
    expect(planFake(input(project), { app: 'b' })).toMatchObject({ calls: [{ key: 'b\x000001_m' }], lifted: [] })
    expect(planFake(input(project), { app: 'a' })).toMatchObject({ lifted: [{ gate: 'unreadable' }] })
    expect(planFake(input(project))).toMatchObject({ lifted: [{ gate: 'unreadable' }] })
    for (const name of [undefined, 'a']) expect(reasons(project, name)).toEqual([expect.stringContaining('MIGRATION_MODULES["a"]')])
    expect(planPrune(input(project), 'b')).toMatchObject([{ gate: 'unreadable' }])
  })

  it.each([
    ['stands on it', '[("a", "0001_m")]', ''],
    ['comes before it', '[]', '    run_before = [("a", "0001_m")]\n'],
    ['replaces one of it', '[]', '    replaces = [("a", "0001_m")]\n'],
  ])('where another app %s, Django may not load, and no plan is claimed', (_name, edges, line) => {
    const project = ours(unknown, { ...app('a', migration('[]')), ...app('b', migration(edges) + line) })
    expect(reasons(project, 'b')).toEqual([expect.stringContaining('MIGRATION_MODULES["a"]')])
    // A squash of what is nowhere loads; what `migrate b` then means depends on the place.
    if (!line.includes('replaces')) expect(() => djangosPlans(['1'], 'b')).toThrow(/NodeNotFoundError|no migrations/)
  })
})

describe('an app that is installed only if something holds that is not known', () => {
  it('that has no migrations changes nothing', () => {
    const project = ours('INSTALLED_APPS = ["a"]\nif CASE == "1":\n    INSTALLED_APPS.append("b")\n', { ...app('a', migration('[]')), ...app('b') })
    const [one, two] = djangosPlans(['1', '2'])
    expect(one).toEqual(two)
    expect(planned(project)).toEqual({ steps: one, blockedBy: [] })
    expect(statusOf(project, [], rulesFor(project.djangoVersion)).summary.unreadable).toBe(0)
  })

  it('is named where it makes a difference, and the rest is answered', () => {
    const project = ours('INSTALLED_APPS = ["a"]\nif CASE == "1":\n    INSTALLED_APPS.append("b")\n', {
      ...app('a', migration('[]')),
      ...app('b', migration('[]')),
    })
    expect(djangosPlans(['1', '2'])).toEqual([['a.0001_m', 'b.0001_m'], ['a.0001_m']])
    expect(planned(project, 'a')).toEqual({ steps: ['a.0001_m'], blockedBy: [] })
    expect(planned(project).blockedBy).toMatchObject([
      { gate: 'unreadable', message: expect.stringMatching(/settings\.py.*CASE == "1".*only in some cases: \+b\.0001_m; in all of them: \+a\.0001_m/) },
    ])
    const faked = planFake(input(project))
    expect(faked).toMatchObject({ calls: [{ action: 'record', key: 'a\x000001_m' }], lifted: [{ gate: 'unreadable' }] })
    expect(planFake(input(project), { app: 'a' })).toMatchObject({ calls: [{ key: 'a\x000001_m' }], lifted: [] })
  })

  it('and without which Django does not load', () => {
    const project = ours('INSTALLED_APPS = ["a"]\nif CASE == "1":\n    INSTALLED_APPS.append("b")\n', {
      ...app('a', migration('[("b", "0001_m")]')),
      ...app('b', migration('[]')),
    })
    expect(() => djangosPlans(['2'])).toThrow(/NodeNotFoundError/)
    expect(planned(project).blockedBy).toMatchObject([{ message: expect.stringContaining('dependencies reference nonexistent parent node') }])
  })

  it('or another one', () => {
    const project = ours('INSTALLED_APPS = ["a", "b" if CASE == "1" else "c"]\n', {
      ...app('a', migration('[]')),
      ...app('b', migration('[]')),
      ...app('c', migration('[]')),
    })
    expect(planned(project, 'a')).toEqual({ steps: djangosPlans(['1'], 'a')[0], blockedBy: [] })
    expect(project.worlds).toEqual([{ without: ['c'] }, { without: ['b'] }])
  })
})

it('apps that a loop over something unknown adds leave the others known', () => {
  const project = ours(
    'INSTALLED_APPS = ["a"]\nfor one in socket.gethostname().split("/")[1:]:\n    INSTALLED_APPS.append(one)\n',
    app('a', migration('[]'), migration('[("a", "0001_m")]')),
  )
  expect(project).toMatchObject({ complete: false, open: true })
  expect(planned(project)).toEqual({ steps: djangosPlans(['1'])[0], blockedBy: [] })
})

it('INSTALLED_APPS of which nothing is known blocks every plan', () => {
  const project = ours('INSTALLED_APPS = socket.gethostname().split("/")[1:]\n', app('a', migration('[]')))
  expect(planned(project).blockedBy).toMatchObject([{ gate: 'unreadable' }])
})

describe('a dependency that a setting decides', () => {
  const choice = migration('[("a", "0001_m")] if getattr(settings, "CASE", "") == "1" else [("c", "0001_m")]')
  const apps = { ...app('a', migration('[]')), ...app('b', choice), ...app('c', migration('[]')), ...app('d', migration('[]')) }

  it('weakens only what rests on it', () => {
    const project = ours('INSTALLED_APPS = ["a", "b", "c", "d"]\n', apps)
    expect(djangosPlans(['1', '2'], 'b')).toEqual([
      ['a.0001_m', 'b.0001_m'],
      ['c.0001_m', 'b.0001_m'],
    ])
    expect(planned(project, 'b').blockedBy).toMatchObject([
      { gate: 'unreadable', message: expect.stringMatching(/b\/migrations\/0001_m\.py.*only in some cases: \+a\.0001_m, \+c\.0001_m/) },
    ])
    for (const one of ['a', 'c', 'd']) expect(planned(project, one)).toEqual({ steps: djangosPlans(['1'], one)[0], blockedBy: [] })
  })

  it('and all whose answers are the same are one', () => {
    const same = migration('[("a", "0001_m")] + ([("c", "0001_m")] if getattr(settings, "CASE", "") == "1" else [])')
    const project = ours('INSTALLED_APPS = ["a", "b", "c"]\n', { ...apps, ...app('b', same), ...app('c', migration('[("a", "0001_m")]')) })
    expect(planned(project, 'c')).toEqual({ steps: ['a.0001_m', 'c.0001_m'], blockedBy: [] })
  })

  it('that cannot be read at all weakens only itself', () => {
    const project = ours('INSTALLED_APPS = ["a", "b", "d"]\n', { ...apps, ...app('b', migration('[(socket.gethostname(), "0001_m")]', 'import socket\n')) })
    expect(planned(project, 'd')).toEqual({ steps: ['d.0001_m'], blockedBy: [] })
    expect(planned(project, 'b').blockedBy).toMatchObject([{ gate: 'unreadable' }])
    expect(planned(project).blockedBy).toMatchObject([{ gate: 'unreadable' }])
  })

  it('replaces that cannot be read block every plan', () => {
    const squash = `${migration('[]', 'import socket\n')}    replaces = [(socket.gethostname(), "0001_m")]\n`
    const project = ours('INSTALLED_APPS = ["a", "b"]\n', { ...apps, ...app('b', squash) })
    expect(planned(project, 'a').blockedBy).toMatchObject([{ gate: 'unreadable' }])
  })
})

describe('a run_before that a setting decides', () => {
  const before = (runBefore: string, head = '') => migration('[]', head).replace('    operations', `    run_before = ${runBefore}\n    operations`)
  const choice = before('[("a", "0001_m")] if getattr(settings, "CASE", "") == "1" else [("c", "0001_m")]')
  const apps = { ...app('a', migration('[]')), ...app('b', choice), ...app('c', migration('[]')), ...app('d', migration('[]')) }

  it('weakens only what may come after it', () => {
    const project = ours('INSTALLED_APPS = ["a", "b", "c", "d"]\n', apps)
    expect(djangosPlans(['1', '2'], 'a')).toEqual([['b.0001_m', 'a.0001_m'], ['a.0001_m']])
    expect(planned(project, 'a').blockedBy).toMatchObject([
      { gate: 'unreadable', message: expect.stringMatching(/b\/migrations\/0001_m\.py.*only in some cases: \+b\.0001_m; in all of them: \+a\.0001_m/) },
    ])
    for (const one of ['b', 'd']) {
      const [first, second] = djangosPlans(['1', '2'], one)
      expect(first).toEqual(second)
      expect(planned(project, one)).toEqual({ steps: first, blockedBy: [] })
    }
  })

  it('beside dependencies that one decides too: each of both with each', () => {
    const both = choice.replace('dependencies = []', 'dependencies = [("d", "0001_m")] if getattr(settings, "CASE", "") == "1" else []')
    const project = ours('INSTALLED_APPS = ["a", "b", "c", "d"]\n', { ...apps, ...app('b', both) })
    expect(project.apps.find(({ label }) => label === 'b')?.migrations[0]?.variants).toHaveLength(4)
    expect(planned(project, 'd')).toEqual({ steps: djangosPlans(['1'], 'd')[0], blockedBy: [] })
  })

  it('that cannot be read at all weakens nothing once it is applied with all below it', () => {
    const unread = before('[(one, "0001_m") for one in socket.gethostname().split("/")[1:]]', 'import socket\n').replace(
      'dependencies = []',
      'dependencies = [("d", "0001_m")]',
    )
    const project = ours('INSTALLED_APPS = ["a", "b", "d"]\n', { ...apps, ...app('b', unread) })
    const plan = (...applied: string[]) =>
      planMigrate({ ...input(project), rows: applied.map((label) => ({ app: label, name: '0001_m', appliedType: undefined })) })
    expect(plan('d').blockedBy).toMatchObject([{ gate: 'unreadable', message: expect.stringContaining('run_before') }])
    expect(plan('b', 'd')).toMatchObject({ steps: [{ app: 'a', name: '0001_m' }], blockedBy: [] })
    expect(plan('b').blockedBy[0]).toMatchObject({ gate: 'unreadable' })
  })
})
