// What doctor costs over status, on a site that is in order: the evidence of each operation, one look at the whole schema. In turn, each round all of them.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { root } from '../bin/bootstrap.mjs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { driversFor, ensureDjango, findPythons } from '../bin/django-env.mjs'
import { startServer, URL_VARIABLES } from '../test/support/servers/start.js'

const ROUNDS = Number(process.argv[2] ?? 7)
const VERSION = '5.2'

interface Site {
  name: string
  cwd: string
  /** Of its tables and of its history, in the order of the files. */
  sql: string[]
}

const MANAGE = `import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
`

const folder = mkdtempSync(join(tmpdir(), 'migstate-doctor-'))
const median = (times: number[]) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number
const stops: (() => Promise<void>)[] = []

try {
  const django = await ensureDjango({ version: VERSION, packages: driversFor(VERSION), pythons: findPythons(), variant: 'test' })
  if (django.missing) throw new Error(django.missing)
  console.log(`${ROUNDS} rounds, Node ${process.version}, Django ${VERSION}; median milliseconds`)
  for (const site of [generated('185 migrations, 100 tables', 37, 5, 100), generated('2,000 migrations, 1,000 tables', 100, 20, 1000)])
    for (const engine of ['sqlite', 'postgresql'] as const) await measure(site, engine, django.home)
} finally {
  for (const stop of stops) await stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Apps of which the first migration makes the models, and each later one adds a column to one of them. */
function generated(name: string, apps: number, migrations: number, tables: number): Site {
  const cwd = join(folder, String(tables))
  mkdirSync(cwd)
  const names = Array.from({ length: apps }, (_unused, index) => `app${index}`)
  writeFileSync(join(cwd, 'settings.py'), SETTINGS(names))
  writeFileSync(join(cwd, 'manage.py'), MANAGE)
  const sql: string[] = []
  let left = tables
  for (const [index, app] of names.entries()) {
    const models = Math.ceil(left / (apps - index))
    left -= models
    sql.push(...writeApp(join(cwd, app), app, models, migrations))
  }
  return { name, cwd, sql }
}

function writeApp(at: string, app: string, models: number, migrations: number): string[] {
  mkdirSync(join(at, 'migrations'), { recursive: true })
  for (const file of [join(at, '__init__.py'), join(at, 'migrations', '__init__.py')]) writeFileSync(file, '')
  const columns = Array.from({ length: models }, () => ['"name" varchar(100) NOT NULL'])
  for (let number = 1; number <= migrations; number++) {
    const model = number % models
    if (number > 1) columns[model]?.push(`"f${number}" integer NOT NULL`)
    const operations =
      number === 1
        ? columns.map(
            (_unused, each) =>
              `migrations.CreateModel("M${each}", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=100))])`,
          )
        : [`migrations.AddField("m${model}", "f${number}", models.IntegerField(default=0))`]
    const text = [
      'from django.db import migrations, models\n\n',
      'class Migration(migrations.Migration):',
      `    dependencies = [${number === 1 ? '' : `("${app}", "${step(number - 1)}")`}]`,
      `    operations = [\n        ${operations.join(',\n        ')},\n    ]`,
    ]
    writeFileSync(join(at, 'migrations', `${step(number)}.py`), `${text.join('\n')}\n`)
  }
  const rows = Array.from(
    { length: migrations },
    (_unused, index) => `INSERT INTO django_migrations (app, name, applied) VALUES ('${app}', '${step(index + 1)}', '2024-01-01 00:00:00')`,
  )
  return [...columns.map((more, each) => `CREATE TABLE "${app}_m${each}" ("id" {id}, ${more.join(', ')})`), ...rows]
}

async function measure(site: Site, engine: 'sqlite' | 'postgresql', home: string): Promise<void> {
  const url = await filled(site, engine)
  if (url === null) return console.log(`${site.name}, ${engine}: left out`)
  const env = { ...process.env, VIRTUAL_ENV: home, XDG_CACHE_HOME: join(folder, 'cache'), DJANGO_SETTINGS_MODULE: undefined }
  const run = (command: string, ...more: string[]) => {
    const began = performance.now()
    const ended = spawnSync(process.execPath, [join(root, 'bin', 'run.js'), command, '--url', url, ...more], {
      cwd: site.cwd,
      env,
      encoding: 'utf8',
      maxBuffer: 100_000_000,
    })
    if (ended.status !== 0) throw new Error(`${command} of ${site.name}: ${ended.stdout}${ended.stderr}`)
    return { took: performance.now() - began, ...ended }
  }
  const findings = JSON.parse(run('doctor', '--json').stdout).result.findings as { severity: string }[]
  if (findings.length > 0) throw new Error(`${site.name}: ${findings.length} findings on a site that is in order`)
  const times = { status: [] as number[], doctor: [] as number[] }
  for (let round = -1; round < ROUNDS; round++) {
    const once = { status: run('status').took, doctor: run('doctor').took }
    if (round >= 0) for (const name of ['status', 'doctor'] as const) times[name].push(once[name])
  }
  const [status, doctor] = [median(times.status), median(times.doctor)]
  console.log(
    `${`${site.name}, ${engine}`.padEnd(44)} status ${status.toFixed(0)}, doctor ${doctor.toFixed(0)}: + ${(doctor - status).toFixed(0)}; statements ${statements(run('status', '-v').stderr)} and ${statements(run('doctor', '-v').stderr)}`,
  )
}

function statements(shown: string): number {
  return shown.split('\n').filter((line) => /^(SELECT|SHOW|SET|BEGIN|ROLLBACK|COMMIT|PRAGMA|WITH|START)\b/.test(line)).length
}

/** The site's tables and rows, made by hand: a thousand tables by way of Django take minutes. null: there is no such server. */
async function filled(site: Site, engine: 'sqlite' | 'postgresql'): Promise<string | null> {
  const table = 'CREATE TABLE django_migrations (id {id}, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied {time} NOT NULL)'
  const as = (id: string, time: string) => [table, ...site.sql].map((one) => one.replaceAll('{id}', id).replaceAll('{time}', time))
  if (engine === 'sqlite') {
    const { default: Sqlite } = await import('better-sqlite3')
    const file = join(site.cwd, 'db.sqlite3')
    const database = new Sqlite(file)
    database.exec(`BEGIN; ${as('integer NOT NULL PRIMARY KEY AUTOINCREMENT', 'datetime').join('; ')}; COMMIT`)
    database.close()
    return `sqlite:///${file}`
  }
  const given = process.env[URL_VARIABLES.postgresql]
  const server = given ? null : await startServer('postgresql')
  if (server && !('url' in server)) return null
  if (server) stops.push(() => server.stop())
  const { default: pg } = await import('pg')
  const name = `doctor_${site.cwd.split('/').at(-1)}_${process.pid}`
  const url = new URL(given ?? (server?.url as string))
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  stops.unshift(async () => {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.end()
  })
  url.pathname = `/${name}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  await client.query(as('bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY', 'timestamptz').join('; '))
  await client.end()
  return url.href
}

function step(number: number): string {
  return `${String(number).padStart(4, '0')}_step`
}

function SETTINGS(apps: readonly string[]): string {
  return `SECRET_KEY = "x"\nINSTALLED_APPS = [${apps.map((app) => `"${app}"`).join(', ')}]\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}\nDEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"\nUSE_TZ = True\n`
}
