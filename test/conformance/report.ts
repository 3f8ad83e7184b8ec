import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/root.js'
import type { Figures } from './figures.js'

const FILE = join(root, 'docs', 'conformance.md')
const [BEGIN, END] = ['<!-- figures: written by "npm run conformance -- --write" -->', '<!-- end of figures -->']

/** Puts the measured figures between the marks; parts that were not run keep their lines. */
export function writeFigures(figures: readonly Figures[]): void {
  const text = readFileSync(FILE, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < 0) throw new Error(`${FILE} has no place for figures.`)
  const kept = text
    .slice(from, to)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !figures.some((one) => line.startsWith(`| ${one.part} | ${one.versions} |`)) && !/^\| (oracle|---)/.test(line))
  const fresh = figures.map((one) => `| ${one.part} | ${one.versions} | ${one.what} | ${one.answers} | ${one.disagreements} | ${one.unknowns} |`)
  const table = ['| oracle | Django | what | answers | disagreements | unknown |', '| --- | --- | --- | --- | --- | --- |', ...[...kept, ...fresh].sort()]
  writeFileSync(FILE, `${text.slice(0, from)}${BEGIN}\n\n${table.join('\n')}\n\n${text.slice(to)}`)
}
