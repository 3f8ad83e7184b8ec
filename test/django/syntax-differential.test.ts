import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findIndentationFault } from '../../src/python/grammar/indentation.js'
import { parsePython } from '../../src/python/grammar/parse.js'
import { Random } from '../conformance/random.js'
import { djangos, oneDjango } from '../support/django.js'

/** Files that do not compile: which exception Python raises, by its name and by the line of its text; and none where Python has none. */
const home = djangos[oneDjango as string] as string
const python = join(home, 'bin', 'python')

const COMPILE = `
import json, sys
said = []
for text in json.load(sys.stdin):
    try:
        compile(text, "x.py", "exec")
        said.append(None)
    except SyntaxError as error:
        said.append([type(error).__name__, error.msg])
print(json.dumps([sys.version_info[:2], said]))
`

function ask(texts: readonly string[]): { version: [number, number]; said: ([name: string, text: string] | null)[] } {
  const [version, said] = JSON.parse(execFileSync(python, ['-W', 'ignore', '-c', COMPILE], { input: JSON.stringify(texts), encoding: 'utf8' }))
  return { version, said }
}

function ours(text: string, version: [number, number]): [name: string, text: string] | null {
  const { syntaxError, source } = parsePython('x.py', text, version)
  if (syntaxError === null) return null
  const fault = findIndentationFault(source, syntaxError)
  return fault ? ['IndentationError', fault.message] : ['SyntaxError', '']
}

const WRITTEN = [
  'if x:\ny = 1\n',
  'class A:\n    x = 1\n      y = 2\n',
  'class A:\n    x = 1\n  y = 2\n',
  ' x = 1\n',
  'class A:\n',
  'def f(\n',
  'class M(a):\n    x = [\n  1,\n2]\n   y = 3\n',
  "x = '''\n   a\n'''\n y = 1\n",
  'class M:\n    # c\n  # d\n    x = 1\n    z = (\n',
  'if x: y = 1\n  z = 2\n',
  'class M:\n    def f(self):\n    x = 1\n',
  "x = {\n 'a': 1\nclass B:\n   y = 1\n",
  'for x in y:\n    pass\n   else:\n  pass\n',
  'x = 1 +\ny = 2\n  z\n',
  'x = 1 + \\\n        2\n y = 3\n',
  'try:\n    import a\nexcept ImportError:\nx = 1\n',
  'if True:\n\n\n# c\n    x = 1\n  y = 1\n',
  'x = [1, 2\n\nclass A:\n    y = 1\n      z = 1\n',
  'x = "abc\n y = 1\n',
  "d = {'a':\n1}\n x\n",
  'x = "a: b"\n  # comment:\ny = 1\n',
]

/** What the grammar does not know, or gives up on. */
const COMPILES = [
  'x = [1., 2.e-5, 3.j, 4. ** 2]\n',
  'x = [a for a, *_ in y]\nfor a, *b in c:\n    pass\nfor d in *e, *f: pass\n',
  'with a() as (b, c), d() as e.f:\n    pass\nwith g() as (\n    h,\n    i,\n):\n    pass\n',
  'with (open(a) as b, open(c) as d,):\n    pass\n',
  'f(x := 1, y)\nx = yield_ = 1\n',
  'match x:\n    case str() | int():\n        y = 1\n    case {}:\n        y = 2\n    case A(b=1) as z if z:\n        y = 3\n',
  "x = rf'a{{b}}{c}\\d'\n",
  'x = lambda a,: a\nprint >>x, y\n',
  'x = [\n    1,\n]\n     ',
  Array.from({ length: 1000 }, (_unused, index) => `# ${'long '.repeat(12)}\nA${index} = []\n`).join(''),
  `x = 1${Array.from({ length: 400 }, (_unused, index) => ` + f("${'long'.repeat(10)}${index}")`).join('')}\n`,
]

/** Real migrations, each with one line moved, lost or short of a bracket. */
function spoiled(random: Random): string {
  const folder = join(home, 'lib', readdirSync(join(home, 'lib')).find((name) => name.startsWith('python')) as string, 'site-packages', 'django', 'contrib')
  const files = ['auth', 'admin', 'flatpages', 'redirects', 'sites', 'contenttypes']
    .map((app) => join(folder, app, 'migrations'))
    .filter((place) => existsSync(place))
    .flatMap((place) => readdirSync(place).flatMap((name) => (/^0.*\.py$/.test(name) ? [join(place, name)] : [])))
  const lines = readFileSync(random.pick(files), 'utf8').split('\n')
  const at = 1 + random.below(lines.length - 1)
  const line = lines[at] as string
  switch (random.below(4)) {
    case 0:
      lines[at] = ' '.repeat(1 + random.below(5)) + line
      break
    case 1:
      lines[at] = line.replace(/^ {1,4}/, '')
      break
    case 2:
      lines.splice(at, 1)
      break
    default:
      lines[at] = line.replace(/[()[\],:]/, '')
  }
  return lines.join('\n')
}

it('says of a file that does not compile what Python says', () => {
  const random = new Random(4)
  const texts = [...WRITTEN, ...Array.from({ length: 400 }, () => spoiled(random))]
  const { version, said } = ask(texts)
  expect(said.filter(Boolean).length).toBeGreaterThan(100)
  texts.forEach((text, index) => {
    const [name, message] = said[index] ?? [null, '']
    const [mine, mineText] = ours(text, version) ?? [null, '']
    expect(mine, `${message}: ${text}`).toBe(name)
    expect(message.startsWith(mineText), `${message}\n${text}`).toBe(true)
  })
})

it('calls nothing broken that Python compiles', () => {
  const site = join(home, 'lib', readdirSync(join(home, 'lib')).find((name) => name.startsWith('python')) as string, 'site-packages')
  const files = readdirSync(site, { recursive: true }).flatMap((name) => (String(name).endsWith('.py') ? [join(site, String(name))] : []))
  const texts = [...COMPILES, ...files.map((file) => readFileSync(file, 'utf8'))]
  const { version, said } = ask(texts)
  expect(files.length).toBeGreaterThan(800)
  expect(COMPILES.filter((_text, index) => said[index] !== null)).toEqual([])
  expect(texts.filter((text, index) => said[index] === null && ours(text, version) !== null)).toEqual([])
})
