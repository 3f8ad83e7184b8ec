#!/usr/bin/env node
// "npm run coverage": which lines of the rooms that keep the promises no test reaches. Each has to be explained in test/uncovered.json; less than
// 95 % fails, and so does an explanation of a line that is reached or no longer there. Needs the servers of "npm run test:env".
// "npm run coverage -- --into DIR" keeps what each part has reached in DIR, and goes on from there the next time: "-- --into DIR faults" runs that part again,
// "-- --into DIR faults:rerun,signals" those files of it, and adds what they reach.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { root, run, say } from './bootstrap.mjs'
import { addChildren, makeCoveredProgram } from './covered-program.mjs'

const ROOMS = ['src/change', 'src/journal', 'src/rerun', 'src/recovery', 'src/database/*/index.ts', 'src/database/*/lock*.ts', 'src/database/mysql/cluster.ts']
const LOWEST = 95

/** The tests that run the program, in their own process or as a child, the cheapest first. */
const PARTS = {
  pure: ['--project', 'unit', '--project', 'property'],
  cli: ['--project', 'cli'],
  terminal: ['--project', 'terminal'],
  docs: ['--project', 'docs'],
  integration: ['--project', 'integration'],
  faults: ['--project', 'faults'],
  // What is said of the compiled code is about the built program itself.
  security: ['--project', 'security', '--exclude', '**/compiled-code.test.ts'],
  django: ['--project', 'django'],
  clusters: ['--config', 'vitest.engines.config.ts'],
}

/** Of some parts the other files reach no room of these: those of Django that neither run nor repair read projects only. */
const FILES = {
  terminal: ['question', 'confirmed', 'progress', 'commands'],
  docs: ['/library.test'],
  django: [
    ...['shadow', 'rehearse', 'run.', 'roles', 'traps', 'together', 'proofs', 'cases', 'hazards', 'meanwhile'],
    ...['fake-initial', 'repair', 'fix-table', 'main-job'],
  ],
  clusters: ['galera', 'pgbouncer', 'standby'],
}

const [into, wanted] = parse(process.argv.slice(2))
const folder = into ?? mkdtempSync(join(tmpdir(), 'migstate-coverage-'))
try {
  mkdirSync(folder, { recursive: true })
  const due = wanted.length > 0 ? wanted : Object.keys(PARTS).filter((name) => !existsSync(kept(name)))
  const program = due.length > 0 ? await makeCoveredProgram() : ''
  for (const name of due) await reach(name, program)
  const missing = Object.keys(PARTS).filter((name) => !existsSync(kept(name)))
  if (missing.length > 0) say(`Not run: ${missing.join(', ')}`)
  judge(merged(), missing.length === 0)
} finally {
  if (into === undefined) rmSync(folder, { recursive: true, force: true })
}

function parse(words) {
  const at = words.indexOf('--into')
  const names = at < 0 ? words : words.toSpliced(at, 2)
  const unknown = names.find((name) => !(partOf(name) in PARTS))
  if (unknown !== undefined || (at >= 0 && words[at + 1] === undefined)) {
    console.error(`npm run coverage -- [--into DIR] [${Object.keys(PARTS).join(' | ')}] …`)
    process.exit(2)
  }
  return [at < 0 ? undefined : resolve(words[at + 1]), names]
}

function partOf(name) {
  return name.split(':')[0]
}

function selectionOf(name) {
  const [part, files] = name.split(':')
  return [...PARTS[part], ...(files?.split(',') ?? FILES[part] ?? [])]
}

function kept(name) {
  return join(folder, `${name.replaceAll('/', '-')}.json`)
}

/** Runs one part; what it has reached is kept also when a test fails, which is said. */
async function reach(name, program) {
  const reports = join(folder, `${name}-report`)
  const children = join(folder, `${name}-children`)
  mkdirSync(children, { recursive: true })
  const argv = [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    ...selectionOf(name),
    '--coverage.enabled',
    '--coverage.provider=v8',
    '--coverage.reporter=json',
    '--coverage.reportOnFailure',
    `--coverage.reportsDirectory=${reports}`,
    ...ROOMS.map((room) => `--coverage.include=${room.endsWith('.ts') ? room : `${room}/**/*.ts`}`),
  ]
  const began = Date.now()
  const env = { ...process.env, MIGSTATE_TEST_PROGRAM: program, MIGSTATE_TEST_REACHED: children }
  const { status, output } = await run(process.execPath, argv, { doing: `Coverage of ${name}`, cwd: root, env })
  if (existsSync(join(reports, 'coverage-final.json'))) {
    const report = JSON.parse(readFileSync(join(reports, 'coverage-final.json'), 'utf8'))
    addChildren(report, children)
    writeFileSync(kept(name), JSON.stringify(report))
  }
  for (const done of [reports, children]) rmSync(done, { recursive: true, force: true })
  say(`${name}: ${Math.round((Date.now() - began) / 1000)} s`)
  if (status === 0) return
  say(output.split('\n').slice(-60).join('\n'))
  process.exitCode = 1
}

/** A line counts as reached where one part has reached it. */
function merged() {
  const files = {}
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.json')))
    for (const [path, { statementMap, s }] of Object.entries(JSON.parse(readFileSync(join(folder, name), 'utf8')))) {
      const file = (files[path] ??= { path, lines: new Map() })
      for (const [id, { start }] of Object.entries(statementMap)) file.lines.set(start.line, (file.lines.get(start.line) ?? false) || s[id] > 0)
    }
  return files
}

/**
 * @param {Record<string, { path: string, lines: Map<number, boolean> }>} files by path; each line that has a statement, and whether it was reached
 * @param {boolean} whole whether every part has run: what one of them does not reach says nothing
 */
function judge(files, whole) {
  const explained = JSON.parse(readFileSync(join(root, 'test', 'uncovered.json'), 'utf8'))
  const used = new Set()
  const open = []
  let [all, reached] = [0, 0]
  for (const { path, lines } of Object.values(files)) {
    const text = readFileSync(path, 'utf8').split('\n')
    all += lines.size
    reached += [...lines.values()].filter(Boolean).length
    for (const line of [...lines].filter(([, hit]) => !hit).map(([number]) => number)) {
      const [file, source] = [relative(root, path), text[line - 1].trim()]
      const found = explained.find((one) => one.file === file && source.includes(one.line))
      if (found) used.add(found)
      else open.push(`${file}:${line}  ${source}`)
    }
  }
  if (whole) for (const line of open) console.log(line)
  for (const one of explained) if (whole && !used.has(one)) console.log(`explained, but reached or gone: ${one.file}  ${one.line}`)
  const share = (100 * reached) / all
  console.log(`${reached} of ${all} lines reached, ${share.toFixed(1)} %; ${open.length} not explained`)
  if (!whole || share < LOWEST || open.length > 0 || used.size < explained.length) process.exitCode = 1
}
