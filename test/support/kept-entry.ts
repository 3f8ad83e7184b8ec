import { readFileSync, writeFileSync } from 'node:fs'
import { digest } from '../../src/project/cache/store.js'

/** Writes an entry of the cache over, as the program would have written it: each line with the sum of what follows. */
export function rewriteEntry(path: string, change: (text: string) => string): void {
  const [head, ...lines] = readFileSync(path, 'utf8').split('\n')
  const { length } = digest('x')
  const changed = change(lines.map((line) => line.slice(length)).join('\n')).split('\n')
  writeFileSync(path, [head, ...changed.map((text) => digest(text) + text)].join('\n'))
}
