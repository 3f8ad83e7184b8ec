#!/usr/bin/env node
// "npm run mutate": breaks the guards one by one in a copy of the checkout, and expects for each that a test fails. The list is test/mutations/*.json.
//   npm run mutate -- C1 S2        only these         npm run mutate -- --list          what there is
//   npm run mutate -- --area lock  one file of them   npm run mutate -- --write         keeps their figures in docs/safety.md
// A survivor that the list does not accept, a text that is no longer found, and a selection that fails unmutated are failures.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { root, run, say } from './bootstrap.mjs'

const LISTS = join(root, 'test', 'mutations')
const words = process.argv.slice(2)
const flag = (name) => words.includes(name)
const value = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
const wanted = words.filter((word, index) => !word.startsWith('--') && words[index - 1] !== '--area' && words[index - 1] !== '--jobs')

/** @returns {Mutation[]} */
function mutations() {
  const files = readdirSync(LISTS)
    .filter((name) => name.endsWith('.json'))
    .sort()
  const all = files.flatMap((name) => JSON.parse(readFileSync(join(LISTS, name), 'utf8')).map((one) => ({ ...one, area: basename(name, '.json') })))
  const twice = all.find((one, index) => all.findIndex((other) => other.id === one.id) !== index)
  if (twice) throw new Error(`There are two mutations ${twice.id}.`)
  return all
}

/** What git knows, and what it will know; packages are shared. */
function copyCheckout() {
  const copy = mkdtempSync(join(tmpdir(), 'migstate-mutant-'))
  // Some tests start the program as another user.
  chmodSync(copy, 0o755)
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
  for (const name of listed.split('\0').filter(Boolean)) {
    if (name === 'node_modules' || !existsSync(join(root, name))) continue
    mkdirSync(dirname(join(copy, name)), { recursive: true })
    cpSync(join(root, name), join(copy, name), { verbatimSymlinks: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

const text = (lines) => (Array.isArray(lines) ? lines.join('\n') : lines)

/** @returns a function that undoes it @throws when a text is not there exactly once */
function apply(copy, { id, edits }) {
  const before = new Map()
  const undo = () => before.forEach((old, file) => writeFileSync(join(copy, file), old))
  try {
    for (const { file, find, replace } of edits) {
      if (!existsSync(join(copy, file))) throw new Error(`${id}: there is no file ${file}`)
      const old = readFileSync(join(copy, file), 'utf8')
      const parts = old.split(text(find))
      if (parts.length !== 2) throw new Error(`${id}: found ${parts.length - 1} times and not once in ${file}: ${text(find)}`)
      if (!before.has(file)) before.set(file, old)
      writeFileSync(join(copy, file), parts.join(text(replace)))
    }
  } catch (error) {
    undo()
    throw error
  }
  return undo
}

/** @returns the names of the tests that failed, or what went wrong */
async function test(copy, { test: file, name, engines }, bail) {
  const built = await run(process.execPath, [join(copy, 'bin', 'build.mjs'), '--cli'], { cwd: copy })
  if (built.status !== 0) return { problem: `it cannot be built: ${built.output.slice(-500)}` }
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const argv = [
    join(copy, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(bail ? ['--bail=1'] : []),
    ...(file.startsWith('test/engines/') ? ['--config', 'vitest.engines.config.ts'] : []),
    file,
  ]
  if (name) argv.push(`--testNamePattern=${name}`)
  const env = { ...process.env, ...(engines ? { MIGSTATE_TEST_ENGINES: only(engines) } : {}) }
  const { output } = await run(process.execPath, argv, { cwd: copy, env })
  if (!existsSync(report)) return { problem: `vitest gave no report: ${output.slice(-500)}` }
  const { testResults, numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
  const failed = testResults.flatMap((one) => one.assertionResults.filter(({ status }) => status === 'failed'))
  if (failed.length > 0) return { failed: failed.map((one) => ({ name: one.fullName, why: String(one.failureMessages[0]).split('\n')[0] })) }
  if (numPassedTests + numFailedTests === 0) return { problem: `no test ran: ${testResults[0]?.message || 'the name fits none'}` }
  return { failed: [] }
}

/** Of these engines the ones that are there. */
function only(engines) {
  const there = (process.env.MIGSTATE_TEST_ENGINES ?? 'sqlite').split(',')
  return engines
    .split(',')
    .filter((engine) => there.includes(engine))
    .join(',')
}

async function main() {
  const chosen = mutations().filter((one) => (wanted.length === 0 || wanted.includes(one.id)) && (!value('--area') || value('--area') === one.area))
  const unknown = wanted.filter((id) => !chosen.some((one) => one.id === id))
  if (unknown.length > 0) throw new Error(`There is no mutation ${unknown.join(', ')}.`)
  if (flag('--list')) return chosen.forEach((one) => console.log(`${one.id.padEnd(6)} ${one.area.padEnd(12)} ${one.breaks}`))
  const runnable = chosen.filter((one) => !one.engines || only(one.engines) !== '')
  for (const one of chosen.filter((each) => !runnable.includes(each))) say(`${one.id}: left out, none of ${one.engines} is there`)
  const results = new Map()
  const queue = [...runnable]
  const jobs = Number(value('--jobs') ?? 1)
  const healthy = new Map()
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      const copy = copyCheckout()
      try {
        for (let one = queue.shift(); one; one = queue.shift()) {
          const result = await judge(copy, one, healthy)
          results.set(one.id, result)
          console.log(`${one.id.padEnd(6)} ${result.kind.padEnd(9)} ${result.text}`)
        }
      } finally {
        rmSync(copy, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
      }
    }),
  )
  const count = (kind) => [...results.values()].filter((one) => one.kind === kind).length
  console.log(
    `${results.size} mutations: ${count('killed')} killed, ${count('accepted')} accepted survivors, ${count('SURVIVED')} survived, ${count('PROBLEM')} problems`,
  )
  if (flag('--write')) writeFigures(results)
  if (count('SURVIVED') + count('PROBLEM') > 0) process.exitCode = 1
}

async function judge(copy, one, healthy) {
  try {
    const selection = JSON.stringify([one.test, one.name, one.engines])
    if (!flag('--no-baseline')) {
      // A selection that fails by itself would kill every mutation.
      if (!healthy.has(selection)) healthy.set(selection, test(copy, one, true))
      const sound = await healthy.get(selection)
      if (sound.problem || sound.failed.length > 0)
        return { kind: 'PROBLEM', text: `unmutated: ${sound.problem ?? `${sound.failed[0].name}: ${sound.failed[0].why}`}` }
    }
    const undo = apply(copy, one)
    try {
      const { problem, failed } = await test(copy, one, true)
      if (problem) return { kind: 'PROBLEM', text: problem }
      if (failed.length > 0) return { kind: 'killed', text: `${failed[0].name}: ${failed[0].why}` }
      return one.accepted ? { kind: 'accepted', text: one.accepted } : { kind: 'SURVIVED', text: one.breaks }
    } finally {
      undo()
    }
  } catch (error) {
    return { kind: 'PROBLEM', text: error.message }
  }
}

/** The table at the end of docs/safety.md; mutations that were not run now keep the row they have. */
function writeFigures(results) {
  const path = join(root, 'docs', 'safety.md')
  const page = readFileSync(path, 'utf8')
  const [begin, end] = ['<!-- mutations -->', '<!-- /mutations -->']
  if (page.split(begin).length !== 2) throw new Error(`docs/safety.md has no ${begin}`)
  const before = new Map([...page.matchAll(/^\| (\w+) \| .*$/gm)].map(([row, id]) => [id, row]))
  const row = (one) => {
    const kind = results.get(one.id)?.kind
    if (kind === undefined || kind === 'PROBLEM') return before.get(one.id)
    return `| ${one.id} | ${one.promise} | ${one.breaks} | ${kind === 'killed' ? one.test.replace(/^test\//, '') : `survives: ${one.accepted ?? 'not accepted'}`} |`
  }
  const rows = mutations().map(row).filter(Boolean)
  const surviving = rows.filter((one) => one.includes('| survives: ')).length
  const table = [
    `${rows.length} mutations, ${rows.length - surviving} killed by the test that is named, ${surviving} survive.`,
    '',
    '| id | promise | mutation | test |',
    '|---|---|---|---|',
    ...rows,
  ]
  writeFileSync(path, `${page.slice(0, page.indexOf(begin))}${begin}\n\n${table.join('\n')}\n\n${page.slice(page.indexOf(end))}`)
}

await main()
