import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readToml, tomlAt, tomlText } from '../../src/python/environment/toml.js'

const plain = (text: string) => JSON.parse(JSON.stringify(readToml(text), (_key, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)))

describe('TOML', () => {
  it('tables, dotted and quoted keys, strings of all kinds, arrays', () => {
    const text = `# a comment
title = "a \\"quoted\\" \\u00e9" # another
path = 'C:\\Users\\x'
[tool.poetry]
name.first = "x"
"odd key" = '''
two
lines'''
long = """one \\
   line"""
on = true
off = false
number = 1_000
when = 1979-05-27 07:32:00Z
list = [ "a", # first
  ['b'], { c = "d", e.f = 'g' }, ]

[[source]]
url = "one"
[[source]]
url = "two"
[source.more]
x = 'y'
`
    expect(plain(text)).toEqual({
      title: 'a "quoted" é',
      path: 'C:\\Users\\x',
      tool: {
        poetry: {
          name: { first: 'x' },
          'odd key': 'two\nlines',
          long: 'one line',
          on: true,
          off: false,
          number: '1_000',
          when: '1979-05-27 07:32:00Z',
          list: ['a', ['b'], { c: 'd', e: { f: 'g' } }],
        },
      },
      source: [{ url: 'one' }, { url: 'two', more: { x: 'y' } }],
    })
  })

  it('what stands before a mistake counts', () => {
    expect(plain('[a]\nb = "c"\nd = "unclosed\n[e]\nf = 1\n')).toEqual({ a: { b: 'c' } })
    expect(plain('a = 1\na.b = 2\n')).toEqual({ a: '1' })
  })

  it('a key of every object is no value', () => {
    expect(tomlAt(readToml(''), 'constructor')).toBeUndefined()
    expect(tomlText(readToml('[__proto__]\nx = "1"\n'), '__proto__', 'x')).toBe('1')
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('any text is read to an end, without an error', () => {
    const pieces = fc.array(fc.constantFrom('[', ']', '{', '}', '"', "'", '"""', "'''", '\\', '=', ',', '.', '#', '\n', ' ', 'a', 'true', '\u0000'), {
      maxLength: 60,
    })
    fc.assert(fc.property(pieces, (parts) => void readToml(parts.join(''))))
    expect(plain(`a = ${'['.repeat(100_000)}`)).toEqual({})
    expect(plain(`a = "${'\\"'.repeat(200_000)}`)).toEqual({})
    expect(plain(`${'#\n'.repeat(1_000_000)}a = 1\n`)).toEqual({ a: '1' })
    expect(plain('[[a]]\n'.repeat(100_000)).a).toHaveLength(100_000)
  })
})
