#!/usr/bin/env node
// "npm run coverage": which lines of the rooms that keep the promises no test reaches. Each has to be explained in test/uncovered.json; less than
// 95 % fails, and so does an explanation of a line that is reached or no longer there. Needs the servers of "npm run test:env".
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { root, run, say } from './bootstrap.js'

const ROOMS = ['src/change', 'src/journal', 'src/rerun', 'src/recovery', 'src/database/*/index.ts', 'src/database/*/lock*.ts', 'src/database/mysql/cluster.ts']
/** Where the tests run the program in their own process; coverage does not see the built one. */
const PROJECTS = ['unit', 'property', 'integration', 'security', 'cli', 'django', 'faults', 'docs']
const LOWEST = 95

const folder = mkdtempSync(join(tmpdir(), 'migstate-coverage-'))
try {
  const argv = [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    ...PROJECTS.flatMap((name) => ['--project', name]),
    '--coverage.enabled',
    '--coverage.provider=v8',
    '--coverage.reporter=json',
    '--coverage.reportOnFailure',
    `--coverage.reportsDirectory=${folder}`,
    ...ROOMS.map((room) => `--coverage.include=${room.endsWith('.ts') ? room : `${room}/**/*.ts`}`),
    ...process.argv.slice(2),
  ]
  const { status, output } = await run(process.execPath, argv, { doing: 'Running the tests under coverage', cwd: root })
  if (status !== 0) say(output.split('\n').slice(-40).join('\n'))
  judge(JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8')))
  if (status !== 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** @param {Record<string, { path: string, statementMap: Record<string, { start: { line: number } }>, s: Record<string, number> }>} files */
function judge(files) {
  const explained = JSON.parse(readFileSync(join(root, 'test', 'uncovered.json'), 'utf8'))
  const used = new Set()
  const open = []
  let [all, reached] = [0, 0]
  for (const { path, statementMap, s } of Object.values(files)) {
    const text = readFileSync(path, 'utf8').split('\n')
    const lines = new Map()
    for (const [id, { start }] of Object.entries(statementMap)) lines.set(start.line, (lines.get(start.line) ?? false) || s[id] > 0)
    all += lines.size
    reached += [...lines.values()].filter(Boolean).length
    for (const line of [...lines].filter(([, hit]) => !hit).map(([number]) => number)) {
      const [file, source] = [relative(root, path), text[line - 1].trim()]
      const found = explained.find((one) => one.file === file && source.includes(one.line))
      if (found) used.add(found)
      else open.push(`${file}:${line}  ${source}`)
    }
  }
  for (const line of open) console.log(line)
  for (const one of explained) if (!used.has(one)) console.log(`explained, but reached or gone: ${one.file}  ${one.line}`)
  const share = (100 * reached) / all
  console.log(`${reached} of ${all} lines reached, ${share.toFixed(1)} %; ${open.length} not explained`)
  if (share < LOWEST || open.length > 0 || used.size < explained.length) process.exitCode = 1
}
