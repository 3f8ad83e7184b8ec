import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { NotPlainYaml, readYaml, type YamlValue } from '../../src/python/standard/yaml.js'

/** What PyYAML 6.0 says: a value, `{dict: [[key, value]]}`, a value of another kind, or the class that it raises. */
type Said = string | number | boolean | null | Said[] | { dict: [Said, Said][] } | { other: string } | { raises: string }
const RECORDED = JSON.parse(readFileSync(new URL('../fixtures/yaml-answers.json', import.meta.url), 'utf8')) as [text: string, said: Said][]

/** Every one of these is read, so that the comparison cannot become empty. */
const MUST_READ =
  /^(?:a: b|- a\n- b|a:\n {2}- b\n {2}- c\nd: e|a: \[x, y, 'z, w'\]|a: \{b: 1, c: \[2, 3\]\}|a: yes\nb: No.*|- a: 1\n {2}b: 2\n- a: 3|a: b # c\n# d\ne: f#g)$/s

function plain(value: YamlValue): Said {
  if (value instanceof Map) return { dict: [...value].map(([key, one]) => [key, plain(one)]) }
  return Array.isArray(value) ? value.map(plain) : value
}

it.each(RECORDED)('%j', (text, said) => {
  let mine: Said
  try {
    mine = plain(readYaml(text))
  } catch (error) {
    if (!(error instanceof NotPlainYaml)) throw error
    expect(MUST_READ.test(text)).toBe(false)
    return
  }
  expect(mine).toEqual(said)
})
