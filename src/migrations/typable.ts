import { type Key, pairOf } from './key.js'

/** A migration as it can be typed again: `shop.0003_x`, quoted where a shell would see more in it. */
export function typable(app: string, name: string): string {
  return quoted(`${app}.${name}`)
}

/** The same for several, with blanks between. */
export function typableKeys(keys: readonly Key[]): string {
  return keys.map((key) => typable(...pairOf(key))).join(' ')
}

/** A word for a POSIX shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`
}
