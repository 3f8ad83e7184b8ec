import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { BadIni, type Ini, iniOption, interpolated, readIni } from '../../src/python/standard/ini.js'

/** What configparser of Python 3.13 says of `ConfigParser().read_string(text)`: sections and each option with its value, or what it raises. */
type Said = { sections: string[]; items: [section: string, options: [name: string, value: string][]][] } | { raises: string }
const RECORDED = JSON.parse(readFileSync(new URL('../fixtures/ini-answers.json', import.meta.url), 'utf8')) as [text: string, said: Said][]

it.each(RECORDED)('%j', (text, said) => {
  const ini: Ini = new Map()
  try {
    readIni(text, ini)
  } catch (error) {
    if (!(error instanceof BadIni)) throw error
    // A lone carriage return is not read, for its meaning depends on how the file was opened.
    if (!/\r(?!\n)/.test(text)) expect(said).toHaveProperty('raises')
    return
  }
  const sections = [...ini.keys()].filter((name) => name !== 'DEFAULT')
  const items = sections.map((section) => {
    const names = new Set([...(ini.get(section)?.keys() ?? []), ...(ini.get('DEFAULT')?.keys() ?? [])])
    return [section, [...names].map((name) => [name, interpolated(ini, section, iniOption(ini, section, name) ?? '')])]
  })
  // What is not put together here is not claimed.
  if (JSON.stringify(items).includes('null')) expect(said).toHaveProperty('raises')
  else expect({ sections, items }).toEqual(said)
})
