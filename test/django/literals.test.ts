import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeString } from '../../src/python/evaluate/literals.js'
import { djangos, oneDjango } from '../support/django.js'

const READ = `
import ast, json, sys
said = []
for text in json.load(sys.stdin):
    try:
        value = ast.literal_eval(text)
        said.append({"bytes": isinstance(value, bytes), "value": value.decode("latin-1") if isinstance(value, bytes) else value})
    except Exception as error:
        said.append(None)
print(json.dumps(said))
`

/** What stands between the quotes: letters, quotes of the other kind, escapes whole and cut short. */
const piece = fc.constantFrom(
  ...['a', 'é', '😀', '0', '7', 'x', 'N', 'u', '{', '}', ' ', '#', '"', "'", '\\\\', '\\n', '\\t', '\\r', '\\a', '\\b', '\\f', '\\v', "\\'", '\\"'],
  ...['\\x41', '\\xe9', '\\u00e9', '\\U0001F600', '\\101', '\\7', '\\400', '\\q', '\\ ', '\\\n', '\n', '\\x4', '\\u12', '\\N{BULLET}'],
)
const literal = fc
  .tuple(fc.constantFrom('', 'u', 'r', 'R', 'b', 'B', 'rb', 'bR'), fc.constantFrom('"', "'", '"""', "'''"), fc.array(piece, { maxLength: 8 }))
  .map(([prefix, quote, pieces]) => `${prefix}${quote}${pieces.filter((one) => one !== quote[0]).join('')}${quote}`)

it('a string literal is read as Python reads it, or not at all', () => {
  const texts = fc.sample(literal, 3000)
  const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
  const said = JSON.parse(execFileSync(python, ['-W', 'ignore', '-c', READ], { input: JSON.stringify(texts), encoding: 'utf8', maxBuffer: 20_000_000 }))
  // What Python refuses never gets here: the file does not compile.
  const understood = texts.flatMap((text, index) => (said[index] === null ? [] : [[text, said[index], decodeString(text)] as const]))
  expect(understood.length).toBeGreaterThan(1000)
  expect(understood.filter(([, , ours]) => ours !== null).length).toBeGreaterThan(understood.length * 0.7)
  expect(understood.filter(([, python, ours]) => ours !== null && JSON.stringify(ours) !== JSON.stringify(python))).toEqual([])
})
