import { payLook } from '../budget.js'

/** `*` and `?` of the shell, in time that grows with pattern times text and no more. */
export function matchesWildcard(pattern: string, text: string): boolean {
  payLook(text.length + (text.length * pattern.length) / 16)
  let [at, position, star, afterStar] = [0, 0, -1, 0]
  while (position < text.length) {
    if (at < pattern.length && (pattern[at] === '?' || (pattern[at] !== '*' && pattern[at] === text[position]))) {
      at++
      position++
    } else if (pattern[at] === '*') {
      star = at++
      afterStar = position
    } else if (star >= 0) {
      at = star + 1
      position = ++afterStar
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
