import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../support/root.js'

interface Mutation {
  id: string
  promise: string
  breaks: string
  edits: { file: string; find: string | string[]; replace: string | string[] }[]
  test: string
}

const lists = join(root, 'test', 'mutations')
const mutations = readdirSync(lists).flatMap((name) => JSON.parse(readFileSync(join(lists, name), 'utf8')) as Mutation[])
const text = (lines: string | string[]) => (Array.isArray(lines) ? lines.join('\n') : lines)

/** "npm run mutate" takes minutes; that its list still fits the code is seen at once. */
describe('mutations', () => {
  it('have names of their own', () => {
    expect(new Set(mutations.map(({ id }) => id)).size).toBe(mutations.length)
    expect(mutations.length).toBeGreaterThanOrEqual(105)
  })

  it.each(mutations)('$id: $breaks', ({ edits, test }) => {
    expect(existsSync(join(root, test)), test).toBe(true)
    for (const { file, find, replace } of edits) {
      expect(text(find)).not.toBe(text(replace))
      expect(readFileSync(join(root, file), 'utf8').split(text(find)), `${file}: ${text(find)}`).toHaveLength(2)
    }
  })
})

it('docs/safety.md names every one of them', () => {
  const page = readFileSync(join(root, 'docs', 'safety.md'), 'utf8')
  expect(mutations.filter(({ id, breaks }) => !page.includes(`| ${id} |`) || !page.includes(breaks)).map(({ id }) => id)).toEqual([])
})
