import { expect, it } from 'vitest'
import { clean, cleanLine } from '../../src/render/clean.js'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_unused, index) => String.fromCharCode(from + index))

/** Every character that a terminal obeys: C0 and DEL, C1 (ECMA-48), and what turns the direction of the text around it (Unicode, UAX 9). */
const OBEYED = [...range(0x00, 0x1f), ...range(0x7f, 0x9f), ...range(0x200b, 0x200f), '\u061c', ...range(0x2028, 0x202e), ...range(0x2060, 0x2069), '\ufeff']

it('is shown by its number, each of them, and nothing else is touched', () => {
  for (const char of OBEYED) {
    const shown = `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
    expect(clean(`a${char}b`), shown).toBe(char === '\n' ? 'a\nb' : `a${shown}b`)
    expect(cleanLine(`a${char}b`)).toBe(char === '\n' ? 'a\\nb' : `a${shown}b`)
  }
  const plain = [...range(0x20, 0x7e), ...range(0xa0, 0x17f), '€', '日本', '😀', 'שלום'].join('')
  expect(clean(plain)).toBe(plain)
})
