import { readFileSync, writeFileSync } from 'node:fs'
import { digest } from '../../src/project/cache/store.js'

/** Writes an entry of the cache over, as the program would have written it: with the sum that its head has of the rest. */
export function rewriteEntry(path: string, change: (text: string) => string): void {
  const [head, ...rest] = readFileSync(path, 'utf8').split('\n')
  const text = change(rest.join('\n'))
  writeFileSync(path, `${JSON.stringify({ ...JSON.parse(head as string), sum: digest(text) })}\n${text}`)
}
