import { join } from 'node:path'
import { ESLint } from 'eslint'
import { expect, it } from 'vitest'
import { root } from '../support/root.js'

/** The rule that keeps names from being asked of plain objects is checked by planted mistakes. */
const lint = async (text: string) => {
  // With CI=true typescript-eslint takes every file for what it is on disk, and types of a text of ours would be unknown.
  const eslint = new ESLint({ cwd: root, overrideConfig: { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } } })
  const [result] = await eslint.lintText(`${text}\nexport const planted = 1\n`, { filePath: join(root, 'src/django/version.ts') })
  return result?.messages.filter(({ ruleId }) => ruleId === 'local/names-are-data').length
}

it.each<[number, string]>([
  [1, 'const table: Record<string, string> = { a: "b" }\nexport const ask = (name: string) => table[name]'],
  [1, 'const table: Readonly<Record<string, string>> = {}\nexport const ask = (name: string) => table[`${name}_x`] ?? ""'],
  [1, 'export const ask = (table: Partial<Record<string, number>> | undefined, name: string) => table?.[name]'],
  [1, 'export const tell = (table: Record<string, unknown>, name: string) => {\n  table[name] = 1\n}'],
  [1, 'const table = { a: 1 }\nexport const ask = (name: string) => name in table'],
  [0, 'const table: Record<string, string> = { a: "b" }\nexport const ask = () => table.a ?? table["b"]'],
  [0, 'const table: Record<string, string> = {}\nexport const ask = (name: string) => (Object.hasOwn(table, name) ? table[name] : "")'],
  [0, 'const table = new Map([["a", "b"]])\nexport const ask = (name: string) => table.get(name)'],
  [0, 'export const ask = (list: string[], at: number) => list[at]'],
  [0, 'export const ask = (value: { a: 1 } | { b: 2 }) => "a" in value'],
  [0, 'const table = { a: 1, b: 2 }\nexport const ask = (name: "a" | "b") => table[name]'],
])('%i in %j', { timeout: 60_000 }, async (count, text) => {
  expect(await lint(text)).toBe(count)
})
