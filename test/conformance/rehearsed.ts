// Each data migration of a real site: rehearsed, then really run twice on a copy by Django's own migrate; is the verdict the truth?
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../support/root.js'
import { makeSite, type Site, type SiteEngine, type Truth } from './rehearsed-site.js'

interface Case {
  engine: SiteEngine
  migration: string
  answer: string
  tables: string[]
  truth: Truth
  wrong: boolean
}

const DOCUMENT = join(root, 'docs', 'rehearse.md')
const [BEGIN, END] = ['<!-- table: written by "npm run rehearsals -- --write" -->', '<!-- end of table -->']
const ENGINES: readonly SiteEngine[] = ['sqlite', 'postgresql']
const home = process.env.VIRTUAL_ENV as string
const folder = mkdtempSync(join(tmpdir(), 'migstate-rehearsed-'))
const {
  values: { write: writes, into },
  positionals: only,
} = parseArgs({ options: { write: { type: 'boolean' }, into: { type: 'string' } }, allowPositionals: true })

try {
  if (into !== undefined) mkdirSync(into, { recursive: true })
  cpSync(join(root, 'test', 'conformance', 'rehearsed'), folder, { recursive: true })
  const cases = (await Promise.all(ENGINES.map(judgeAll))).flat()
  const wrong = cases.filter((one) => one.wrong)
  if (writes) write(cases)
  console.log(`${cases.length} rehearsals, ${wrong.length} wrong verdicts`)
  process.exitCode = wrong.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function judgeAll(engine: SiteEngine): Promise<Case[]> {
  const site = await makeSite(engine, folder, join(home, 'bin', 'python'))
  try {
    const cases: Case[] = []
    for (const migration of await dataMigrations(site)) cases.push(await judgeOnce(site, migration))
    return cases
  } finally {
    await site.end()
  }
}

/** With `--into` what was judged before is not judged again. */
async function judgeOnce(site: Site, migration: string): Promise<Case> {
  if (into === undefined) return judge(site, migration)
  const file = join(into, `${site.engine}-${migration}.json`)
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Case
  const judged = await judge(site, migration)
  writeFileSync(`${file}.part`, JSON.stringify(judged))
  renameSync(`${file}.part`, file)
  return judged
}

async function migstate(site: Site, ...argv: string[]) {
  const { status, stdout } = await site.run(process.execPath, [join(root, 'bin', 'run.js'), ...argv, '--json'])
  return { status, json: JSON.parse(stdout) }
}

async function dataMigrations(site: Site): Promise<string[]> {
  const { json } = await migstate(site, 'status')
  const apps = json.result.apps as { label: string; migrations: { name: string; data: boolean | null; recorded: boolean }[] }[]
  const all = apps.flatMap(({ label, migrations }) =>
    migrations.filter(({ data, recorded }) => data !== false && recorded).map(({ name }) => `${label}.${name}`),
  )
  return all.filter((name) => only.length === 0 || only.some((word) => name.startsWith(word)))
}

async function judge(site: Site, migration: string): Promise<Case> {
  const began = performance.now()
  const { status, json } = await migstate(site, 'rehearse', migration, '--timeout', '600')
  const rehearsal = json.result?.rehearsal ?? json.error.details?.rehearsal ?? { answer: json.error.code, verdict: json.error.message, differences: [] }
  const rehearsed = performance.now()
  const truth = await site.truth(...(migration.split('.') as [string, string]))
  const tables = rehearsal.differences.map(({ table }: { table: string }) => table)
  const wrong = !agrees(rehearsal.answer, tables, truth)
  const took = `${((rehearsed - began) / 1000).toFixed(0)} s + ${((performance.now() - rehearsed) / 1000).toFixed(0)} s`
  console.log(`${wrong ? 'WRONG ' : ''}${site.engine} ${migration}: ${rehearsal.answer} (exit ${status}); really: ${sayTruth(truth)} (${took})`)
  if (wrong) console.log(`  ${rehearsal.verdict}`)
  return { engine: site.engine, migration, answer: rehearsal.answer, tables, truth, wrong }
}

/** No claim is no wrong claim. */
function agrees(answer: string, tables: readonly string[], { first, second, differ }: Truth): boolean {
  if (answer === 'repeatable') return first === null && second === null && differ.length === 0
  if (answer === 'changes-more') return first === null && second === null && tables.join() === differ.join()
  if (answer === 'would-fail') return first !== null || second !== null
  return answer === 'cannot-rehearse' || answer === 'unknown'
}

function sayTruth({ first, second, differ }: Truth): string {
  if (first !== null) return `fails (${first})`
  if (second !== null) return `fails the second time (${second})`
  return differ.length === 0 ? 'the second run changed nothing' : `the second run changed ${differ.join(', ')}`
}

function write(cases: readonly Case[]): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < 0) throw new Error(`${DOCUMENT} has no place for the table.`)
  const packages = readFileSync(join(root, 'test', 'conformance', 'rehearsed', 'requirements.txt'), 'utf8')
    .trim()
    .split('\n')
    .join(', ')
  const sorted = [...cases].sort((left, right) => (left.migration + left.engine < right.migration + right.engine ? -1 : 1))
  const lines = sorted.map(
    ({ migration, engine, answer, truth, wrong }) => `| ${migration} | ${engine} | ${answer} | ${sayTruth(truth)} | ${wrong ? '**no**' : 'yes'} |`,
  )
  const table = ['| migration | database | verdict | what really happened | right |', '| --- | --- | --- | --- | --- |', ...lines]
  const wrong = cases.filter((one) => one.wrong).length
  const head = `${cases.length} rehearsals, ${wrong} wrong verdicts. ${packages}.`
  writeFileSync(DOCUMENT, `${text.slice(0, from)}${BEGIN}\n\n${head}\n\n${table.join('\n')}\n\n${text.slice(to)}`)
}
