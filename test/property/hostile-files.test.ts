import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type MigrationFile, openProject } from '../../src/project/index.js'
import { djangos, oneDjango } from '../support/django.js'
import { files, migration } from '../support/fake-project.js'
import { root } from '../support/root.js'

/** No file, however broken or hostile, throws, hangs, or takes the others with it. */
const folder = mkdtempSync(join(tmpdir(), 'migstate-hostile-'))
files(folder, {
  'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
  'settings.py': 'INSTALLED_APPS = ["a"]\n',
  'a/__init__.py': '',
  'a/migrations/__init__.py': '',
  'a/migrations/0001_good.py': migration(''),
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(text: string | Uint8Array): MigrationFile {
  writeFileSync(join(folder, 'a/migrations/0002_bad.py'), text)
  const { apps } = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} }).files()
  expect(apps[0]?.migrations[0]).toMatchObject({ name: '0001_good', problems: [], broken: null })
  return apps[0]?.migrations[1] as MigrationFile
}

const python = oneDjango === undefined ? 'python3' : join(djangos[oneDjango] as string, 'bin', 'python')
const NO_CALL = `import ast, sys, unicodedata
text = open(sys.argv[1], "rb").read()
named = lambda node: isinstance(node, ast.Assign) and any(getattr(one, "id", None) == "operations" for one in node.targets)
no_list = lambda node: not isinstance(node, (ast.List, ast.Tuple)) or any(not isinstance(item, ast.Call) for item in node.elts)
try:
    print(any(no_list(node.value) for node in ast.walk(ast.parse(text)) if named(node)))
except SyntaxError:
    # A letter of a later Unicode than this Python's is one for Node.
    print(any(unicodedata.category(one) == "Cn" for one in text.decode()))`

/** Read whole, known to be unread, or known to be broken. What is claimed to be an edge stands in the file, letter by letter. */
function expectHonest(file: MigrationFile, text: string): void {
  if (file.broken !== null) {
    expect(file.broken.exception).toMatch(/^[A-Z]\w+$/)
    return
  }
  // Literals side by side are one.
  const joined = text.replaceAll(/(["'])\s*\1/g, '')
  for (const { app, name, swappable } of file.dependencies)
    if (swappable === undefined) for (const word of [app, name]) expect(joined.includes(word) || text.includes(word) || text.includes('\\'), word).toBe(true)
  // Either all of the operations are known, or it is said that they are not: by a problem, or because Python's own parser sees one that is no call.
  if (file.operations === null && file.problems.length === 0)
    expect(execFileSync(python, ['-c', NO_CALL, file.file], { encoding: 'utf8' }), text).toBe('True\n')
  for (const one of file.operations ?? []) expect(text).toContain(one.type)
}

const SEEDS = [
  migration('("a", "0001_good")'),
  ...readdirSync(join(root, 'examples', 'shop', 'shop', 'migrations'))
    .filter((name) => name.endsWith('.py'))
    .map((name) => readFileSync(join(root, 'examples', 'shop', 'shop', 'migrations', name), 'utf8')),
]

it('mutated migrations', () => {
  const mutation = fc.record({
    seed: fc.nat(SEEDS.length - 1),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(30),
    text: fc.string({ maxLength: 12, unit: 'binary' }),
  })
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      let text = SEEDS[mutations[0]?.seed as number] as string
      for (const { at, length, text: inserted } of mutations) {
        const from = Math.floor(at * text.length)
        text = text.slice(0, from) + inserted + text.slice(from + length)
      }
      expectHonest(read(text), text)
    }),
    { numRuns: 400 },
  )
})

it('a list with something in it that is no operation is not known, and a call beside it does not hide that', () => {
  const text = migration('("a", "0001_good")', 'migrations.RunSQL("SELECT 1"), 0')
  const file = read(text)
  expect(file.operations).toBeNull()
  expectHonest(file, text)
})

it('bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      // Bytes are no migration: nothing but a class of that name would be one.
      const file = read(bytes)
      expect(file.broken !== null || file.problems.length > 0).toBe(true)
    }),
    { numRuns: 200 },
  )
})

/** Their dependencies are plain; the bomb stands beside. */
const WHOLE: ReadonlySet<string> = new Set(['deep indentation', 'many nested unknown branches', 'a long line of strings'])

describe('bombs', () => {
  const CLASS = 'from django.db import migrations\nclass Migration(migrations.Migration):\n'
  it.each([
    ['doubling text', `x = "ab"\n${'x = x + x\n'.repeat(60)}${CLASS}    dependencies = [(x, x)]\n`],
    ['doubling lists', `x = [1]\n${'x += x\n'.repeat(60)}${CLASS}    dependencies = x\n`],
    ['a huge product', `x = "a" * 10**12\ny = [0] * 999 * 999 * 999 * 999\n${CLASS}    dependencies = y\n`],
    [
      'nested loops',
      `x = []\n${Array.from({ length: 12 }, (_unused, depth) => `${' '.repeat(depth)}for i${depth} in range(1000):\n`).join('')}${' '.repeat(12)}x.append(1)\n${CLASS}    dependencies = x\n`,
    ],
    ['recursion', `def f(n):\n    return f(n + 1) + f(n + 2)\nx = f(0)\n${CLASS}    dependencies = x\n`],
    ['mutual recursion of classes', `class A:\n    def __getattr__(self, name):\n        return getattr(A(), name)\n${CLASS}    dependencies = A().x\n`],
    ['deep brackets', `x = ${'['.repeat(3000)}${']'.repeat(3000)}\n${CLASS}    dependencies = x\n`],
    ['deep calls', `x = ${'f('.repeat(3000)}${')'.repeat(3000)}\n${CLASS}    dependencies = x\n`],
    ['a long sum', `x = ${'1 + '.repeat(20_000)}1\n${CLASS}    dependencies = []\n`],
    [
      'deep indentation',
      `${Array.from({ length: 90 }, (_unused, depth) => `${' '.repeat(depth)}if True:\n`).join('')}${' '.repeat(90)}pass\n${CLASS}    dependencies = []\n`,
    ],
    ['many unknown branches', `x = []\n${'if unknown():\n    x = x + [1]\n'.repeat(400)}${CLASS}    dependencies = x\n`],
    [
      'many nested unknown branches',
      `${Array.from({ length: 40 }, (_unused, depth) => `${' '.repeat(depth)}if unknown():\n`).join('')}${' '.repeat(40)}x = 1\n${CLASS}    dependencies = []\n`,
    ],
    ['comprehensions', `x = [a for a in range(9999) for b in range(9999) for c in range(9999)]\n${CLASS}    dependencies = x\n`],
    ['a file of four million bytes', `${'# comment\n'.repeat(420_000)}${CLASS}    pass\n`],
    ['a long line of strings', `x = [${'"abc", '.repeat(100_000)}]\n${CLASS}    dependencies = []\n`],
    [
      'diamonds of classes',
      `class C0: pass\nclass D0: pass\n${Array.from({ length: 30 }, (_unused, at) => `class C${at + 1}(C${at}, D${at}): pass\nclass D${at + 1}(C${at}, D${at}): pass\n`).join('')}${CLASS}    dependencies = [C30().nothing]\n`,
    ],
    ['many statements that the grammar does not know', `${'x = yield\n'.repeat(20_000)}${CLASS}    dependencies = []\n`],
    ['many of them in one block', `if a:\n${'    x = [b for c, *d in e]\n'.repeat(8_000)}${CLASS}    dependencies = []\n`],
    ['a class that is its own base', `class A(A):\n    pass\n${CLASS.replace('migrations.Migration', 'A')}    pass\n`],
    ['an import of itself', `from a.migrations import x\nimport a.migrations\n${CLASS}    dependencies = a.migrations.x\n`],
  ])('%s', { timeout: 20_000 }, (name, text) => {
    const file = read(text)
    expect(file.broken).toBeNull()
    expect(file.dependencies).toEqual([])
    // Nothing that it rests on is lost, or that it is lost is said.
    if (WHOLE.has(name)) expect(file.problems).toEqual([])
    else expect(file.problems[0]).toMatchObject({ code: 'unreadable-file' })
  })
})
