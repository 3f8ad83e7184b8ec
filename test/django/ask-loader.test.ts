import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadHistory, pairOf, planMigrate, rulesFor } from '../../src/migrations/index.js'
import { openProject, type Project } from '../../src/project/index.js'
import { askDjango } from '../../src/project/ask/ask-django.js'
import { generateWorld } from '../conformance/generate.js'
import { isNested } from '../conformance/run-worlds.js'
import { filesOf } from '../conformance/world.js'
import { djangos, oneDjango } from '../support/django.js'

/** `--ask-django`: Django's own loader says what there is, and nothing of it stays in doubt. */
const home = mkdtempSync(join(tmpdir(), 'migstate-ask-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

let made = 0
function written(files: Record<string, string>): string {
  const folder = join(home, String(made++))
  write(folder, files)
  return folder
}

function write(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function opened(folder: string, version: string, asks: boolean, cacheFolder?: string): Project {
  const python = join(djangos[version] as string, 'bin', 'python')
  const env = { PATH: process.env.PATH }
  return openProject({
    folder,
    managePy: undefined,
    settings: undefined,
    python,
    path: [],
    env,
    cacheFolder,
    ask: asks ? { command: [python], alias: null } : undefined,
  })
}

const SETTINGS =
  'SECRET_KEY = "x"\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\nDEFAULT_AUTO_FIELD = "django.db.models.AutoField"\nUSE_TZ = False\n'
const site = (more: string, files: Record<string, string>) => ({
  'manage.py':
    'import os\nfrom django.core.management import execute_from_command_line\n\nif __name__ == "__main__":\n    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n    import sys\n    execute_from_command_line(sys.argv)\n',
  'settings.py': `${SETTINGS}${more}`,
  ...Object.fromEntries(
    Object.keys(files)
      .flatMap((path) => [join(dirname(path), '__init__.py'), ...(path.includes('migrations/') ? [join(dirname(path), '..', '__init__.py')] : [])])
      .map((path) => [path, '']),
  ),
  ...files,
})
const migration = (body: string, head = '') =>
  `from django.db import migrations, models\n${head}\n\nclass Migration(migrations.Migration):\n    ${body.replaceAll('\n', '\n    ')}\n`

const MAZE: Record<string, string> = site('INSTALLED_APPS = list(eval(\'["a", "b"]\'))\nMIGRATION_MODULES = eval(\'{"b": "elsewhere.steps"}\')\n', {
  'a/migrations/0001_initial.py': migration('dependencies = eval("[]")\ninitial = True\noperations = []'),
  'a/migrations/0002_data.py': migration(
    'dependencies = [tuple(eval(\'["a", "0001_initial"]\'))]\nrun_before = [eval(\'("b", "0001_initial")\')]\natomic = bool(eval("0"))\noperations = [fill(), Own(migrations.RunPython.noop, elidable=True), Custom()]',
    'from kinds import Custom, Own, fill\n',
  ),
  'a/migrations/0003_squash.py': migration('replaces = [("a", name) for name in eval(\'["0001_initial", "0002_data"]\')]\noperations = []'),
  'elsewhere/steps/0001_initial.py': migration('dependencies = [("a", "__first__")]\noperations = [migrations.RunSQL(eval("\'CREATE TABLE t (x int)\'"), "")]'),
  'kinds.py': `from django.db import migrations
from django.db.migrations.operations.base import Operation

def forwards(apps, schema_editor):
    pass

def fill():
    return migrations.SeparateDatabaseAndState(database_operations=[migrations.RunPython(forwards)])

class Own(migrations.RunPython):
    pass

class Custom(Operation):
    reversible = False
    def state_forwards(self, app_label, state):
        pass
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        pass
`,
  'b/models.py': '',
})

describe.each(Object.keys(djangos))('Django %s', (version) => {
  it('what files say by themselves, Django says too: generated projects', () => {
    let compared = 0
    for (let seed = 400; seed < 407; seed++) {
      const world = generateWorld(seed)
      const folder = written(filesOf(world))
      const [told, read] = [opened(folder, version, true), opened(folder, version, false)]
      const { told: graph, ...files } = told.files()
      if (graph === undefined) {
        // What Django cannot import, it is asked in vain: then the files are read.
        expect(told.askFailure, `seed ${seed}`).not.toBeNull()
        expect(files).toEqual(read.files())
        continue
      }
      expect(files, `seed ${seed}`).toEqual(read.files())
      compared++
      // Which squash of squashes stands depends on the order of a set.
      if (isNested(world)) continue
      const view = loadHistory(told.files(), [], rulesFor(told.djangoVersion))
      if ('exception' in graph) expect(view.gates.map((gate) => gate.exception)).toContain(graph.exception)
      else {
        const keys = [...view.graph.nodes.keys()].sort()
        expect(keys.map(pairOf)).toEqual(graph.nodes)
        expect(keys.flatMap((key) => view.graph.parents(key).map((parent) => [pairOf(key), pairOf(parent)]))).toEqual(graph.edges)
      }
    }
    expect(compared).toBeGreaterThan(3)
  })

  it('what only running code knows is known: apps, modules, edges, attributes, kinds of operations', () => {
    const folder = written(MAZE)
    expect(opened(folder, version, false).files().complete).toBe(false)
    const project = opened(folder, version, true)
    expect(project.askFailure).toBeNull()
    const files = project.files()
    expect(files).toMatchObject({ complete: true, notFound: [], problems: [] })
    const [a, b] = files.apps
    expect(files.apps.flatMap((app) => app.migrations.flatMap((file) => file.problems))).toEqual([])
    expect(b?.migrations).toMatchObject([
      { name: '0001_initial', file: join(folder, 'elsewhere/steps/0001_initial.py'), dependencies: [{ app: 'a', name: '__first__' }] },
    ])
    expect(b?.migrations[0]?.operations).toMatchObject([{ type: 'RunSQL', data: true, schema: true, reversible: true, reverseIsNoop: true }])
    const [initial, data, squash] = a?.migrations ?? []
    expect(initial).toMatchObject({ initial: true, dependencies: [], atomic: true })
    expect(squash?.replaces).toEqual([
      ['a', '0001_initial'],
      ['a', '0002_data'],
    ])
    expect(data).toMatchObject({ runBefore: [{ app: 'b', name: '0001_initial' }], atomic: false })
    expect(data?.operations).toMatchObject([
      { type: 'SeparateDatabaseAndState', data: true, schema: false, reversible: false },
      { type: 'Own', data: true, schema: false, reversible: false },
      { type: 'Custom', data: false, schema: null, reversible: false },
    ])
    const { blockedBy, steps } = planMigrate({ project: files, rows: [], rules: rulesFor(project.djangoVersion), alias: 'default' })
    expect(blockedBy).toEqual([])
    expect(steps.map(({ app, name }) => `${app}.${name}`)).toEqual(['a.0003_squash', 'b.0001_initial'])
    expect(project.detailed(data as NonNullable<typeof data>)).toMatchObject({ atomic: false, operations: [{ data: true }, { data: true }, { data: false }] })
  })

  it('is kept until a file of the settings or the migrations changes, or a new one comes', () => {
    const folder = written(MAZE)
    const trace = join(home, `trace-${folder.split('/').at(-1)}`)
    write(folder, { 'settings.py': `${MAZE['settings.py']}with open(${JSON.stringify(trace)}, "a") as file:\n    file.write("x")\n` })
    const cache = join(folder, '..', `cache-${folder.split('/').at(-1)}`)
    const names = () =>
      opened(folder, version, true, cache)
        .files()
        .apps.flatMap((app) => app.migrations.map((file) => file.name))
    expect(names()).toHaveLength(4)
    const asked = () => readFileSync(trace, 'utf8').length
    expect(names()).toHaveLength(4)
    expect(asked(), 'kept').toBe(1)
    write(folder, { 'elsewhere/steps/0002_more.py': migration('dependencies = [("b", "0001_initial")]\noperations = []') })
    expect(names(), 'a new migration').toHaveLength(5)
    expect(asked()).toBe(2)
    write(folder, { 'kinds.py': `${MAZE['kinds.py']}# changed\n` })
    names()
    expect(asked(), 'a module of a migration').toBe(3)
    names()
    expect(asked()).toBe(3)
  })
})

describe(`a project that does not behave, Django ${oneDjango}`, () => {
  const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
  const ask = (more: string, patience?: number, files: Record<string, string> = {}) => {
    const folder = written({ ...MAZE, 'settings.py': `import os, sys\n${MAZE['settings.py']}${more}`, ...files })
    return askDjango({
      command: [python],
      folder,
      manage: 'manage.py',
      settings: 'settings',
      env: { PATH: process.env.PATH },
      ...(patience ? { patience } : {}),
    })
  }

  it.each([
    ['prints at import', 'print("{}" * 3)\nprint(os.getcwd())\nsys.stdout.flush()\nos.write(1, b"more")\n'],
    ['prints without end of line into the descriptor', 'os.write(1, b"\\x00\\xff{")\n'],
    ['prints from its child processes', 'import subprocess\nsubprocess.check_call(["echo", "hello"])\n'],
    ['leaves a thread behind', 'import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n'],
    ['reads standard input', 'sys.stdin.read()\n'],
    ['asks for its arguments', 'assert sys.argv[1] == "migrate"\n'],
  ])('%s: the answer is whole', (_what, more) => {
    const answer = ask(more, 60_000)
    expect(answer).toMatchObject({ failed: null, apps: [{ label: 'a' }, { label: 'b' }] })
  })

  it.each([
    ['exits', 'sys.exit(0)\n', /^it ended with 1$|SystemExit/],
    ['exits at once', 'os._exit(0)\n', /it ended with 0/],
    ['raises', 'raise RuntimeError("boom")\n', /RuntimeError: boom/],
    ['answers in its place', 'os.write(3, b"{}")\nos._exit(0)\n', /it ended with|Error/],
    ['gives an answer of another shape', 'import django\ndjango.get_version = lambda: "no version"\n', /its answer is not as it was asked for/],
  ])('%s: the last lines are said', (_what, more, reason) => {
    const answer = ask(more)
    expect(answer).toMatchObject({ reason: expect.stringMatching(reason) })
  })

  it('hangs, and does not want to be ended: it is ended', () => {
    const answer = ask('import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n', 3000)
    expect(answer).toMatchObject({ reason: 'it did not answer within 3 s and was ended' })
  })

  it('answers without end: it is ended', () => {
    const answer = ask('while True:\n    os.write(2, b"x" * 65536)\n')
    expect(answer).toMatchObject({ reason: expect.stringContaining('wrote more than 64 MB') })
  })

  it('has a migration that cannot be imported: settings and apps are told all the same, and the lines are said', () => {
    const answer = ask('', undefined, { 'a/migrations/0002_data.py': 'raise ValueError("not today")\n' })
    expect(answer).toMatchObject({ loader: null, failed: expect.arrayContaining(['ValueError: not today']), apps: [{ label: 'a' }, { label: 'b' }] })
  })
})
