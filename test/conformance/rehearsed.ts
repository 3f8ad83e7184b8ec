// Each data migration of a real site: rehearsed, then really run twice on a copy by Django's own migrate; is the verdict the truth?
import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../support/root.js'
import { startServer } from '../support/servers/start.js'

type Engine = 'sqlite' | 'postgresql'

/** What truth.py says. */
interface Truth {
  first: string | null
  second: string | null
  differ: string[]
}

interface Case {
  engine: Engine
  migration: string
  answer: string
  tables: string[]
  truth: Truth
  wrong: boolean
}

interface Site {
  engine: Engine
  run(program: string, args: string[], env?: Record<string, string>): Promise<{ status: number; stdout: string; stderr: string }>
  /** A copy of its database, as variables of the settings. */
  copy(): Promise<Record<string, string>>
}

const DOCUMENT = join(root, 'docs', 'rehearse.md')
const [BEGIN, END] = ['<!-- table: written by "npm run rehearsals -- --write" -->', '<!-- end of table -->']
const home = process.env.VIRTUAL_ENV as string
const python = join(home, 'bin', 'python')
const folder = mkdtempSync(join(tmpdir(), 'migstate-rehearsed-'))
const only = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const stops: (() => Promise<void>)[] = []

try {
  cpSync(join(root, 'test', 'conformance', 'rehearsed'), folder, { recursive: true })
  const cases: Case[] = []
  const judgeAll = async (engine: Engine) => {
    const site = await makeSite(engine)
    for (const migration of await dataMigrations(site)) {
      cases.push(await judge(site, migration))
      if (process.argv.includes('--write')) write(cases)
    }
  }
  await Promise.all((['sqlite', 'postgresql'] as const).map(judgeAll))
  const wrong = cases.filter((one) => one.wrong)
  console.log(`${cases.length} rehearsals, ${wrong.length} wrong verdicts`)
  process.exitCode = wrong.length === 0 ? 0 : 1
} finally {
  for (const stop of stops) await stop()
  rmSync(folder, { recursive: true, force: true })
}

async function makeSite(engine: Engine): Promise<Site> {
  const variables = engine === 'sqlite' ? { SITE_ENGINE: 'django.db.backends.sqlite3', SITE_NAME: join(folder, 'site.sqlite3') } : await serve()
  let copies = 0
  const site: Site = {
    engine,
    run: (program, args, env = {}) =>
      new Promise((resolve) => {
        const whole = { ...process.env, DATABASE_URL: undefined, SITE_MEDIA: join(folder, 'media'), DJANGO_SETTINGS_MODULE: 'settings', ...variables, ...env }
        execFile(program, args, { cwd: folder, env: whole, maxBuffer: 100_000_000 }, (error, stdout, stderr) =>
          resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
        )
      }),
    async copy() {
      const name = `${variables.SITE_NAME}_${++copies}`
      if (engine === 'sqlite') copyFileSync(variables.SITE_NAME, name)
      else await sql(site, `DROP DATABASE IF EXISTS ${name}`, `CREATE DATABASE ${name} TEMPLATE ${variables.SITE_NAME}`)
      return { SITE_NAME: name }
    },
  }
  if (engine === 'postgresql') await sql(site, `DROP DATABASE IF EXISTS ${variables.SITE_NAME}`, `CREATE DATABASE ${variables.SITE_NAME}`)
  console.log(`Making the site on ${engine} …`)
  for (const args of [['manage.py', 'migrate', '-v0'], ['seed.py']]) {
    const made = await site.run(python, args)
    if (made.status !== 0) throw new Error(made.stderr)
  }
  return site
}

async function serve() {
  const server = await startServer('postgresql')
  if ('missing' in server) throw new Error(server.missing)
  stops.push(server.stop)
  const url = new URL(server.url)
  return {
    SITE_ENGINE: 'django.db.backends.postgresql',
    SITE_NAME: `rehearsed_${process.pid}`,
    SITE_USER: url.username,
    SITE_PASSWORD: url.password,
    SITE_HOST: url.hostname,
    SITE_PORT: url.port,
  }
}

/** Outside of the databases that are made and dropped. */
async function sql(site: Site, ...statements: string[]): Promise<void> {
  const program = `
import os, sys, psycopg2
connection = psycopg2.connect(dbname="postgres", user=os.environ["SITE_USER"], password=os.environ["SITE_PASSWORD"] or None, host=os.environ["SITE_HOST"], port=os.environ["SITE_PORT"])
connection.autocommit = True
for statement in sys.argv[1:]: connection.cursor().execute(statement)`
  const done = await site.run(python, ['-c', program, ...statements])
  if (done.status !== 0) throw new Error(done.stderr)
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
  const { status, json } = await migstate(site, 'rehearse', migration)
  const rehearsal = json.result?.rehearsal ?? json.error.details?.rehearsal ?? { answer: json.error.code, verdict: json.error.message, differences: [] }
  const copy = await site.copy()
  const really = await site.run(python, ['truth.py', ...migration.split('.')], copy)
  if (really.status !== 0) throw new Error(`${migration}: ${really.stderr}`)
  const truth = JSON.parse(really.stdout.trim().split('\n').at(-1) as string) as Truth
  if (site.engine === 'postgresql') await sql(site, `DROP DATABASE ${copy.SITE_NAME}`)
  else rmSync(copy.SITE_NAME as string)
  const tables = rehearsal.differences.map(({ table }: { table: string }) => table)
  const wrong = !agrees(rehearsal.answer, tables, truth)
  console.log(`${wrong ? 'WRONG ' : ''}${site.engine} ${migration}: ${rehearsal.answer} (exit ${status}); really: ${sayTruth(truth)}`)
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
