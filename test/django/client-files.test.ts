import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { djangos, migratedShop, oneDjango, type DjangoProject } from '../support/django.js'

/** Connections that stand in files of the databases' own clients, as Django's manual shows them first: the driver reads them, and so does migstate. */
const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
const settings = (engine: string, more: string) =>
  `import os\nSECRET_KEY = "x"\nUSE_TZ = True\nINSTALLED_APPS = ["shop"]\nDATABASES = {"default": {"ENGINE": "django.db.backends.${engine}", ${more}}}\n`

/** What Django's own connection says it is connected to. */
const WHERE = `import os, json
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
try:
    import pymysql
    pymysql.version_info = (2, 2, 1, "final", 0)
    pymysql.install_as_MySQLdb()
except ImportError:
    pass
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM django_migrations")
    rows = cursor.fetchone()[0]
    cursor.execute("SELECT current_database(), current_user" if connection.vendor == "postgresql" else "SELECT database(), substring_index(current_user(), '@', 1)")
    name, user = cursor.fetchone()
print(json.dumps({"name": name, "user": user, "rows": rows}))`

interface Place {
  folder: string
  home: string
  url: URL
  database: TestDatabase
  shop: DjangoProject
  remove(): Promise<void>
}

async function place(engine: 'postgresql' | 'mariadb'): Promise<Place> {
  const { database, shop } = await migratedShop(oneDjango as string, engine)
  const [folder, home] = [mkdtempSync(join(tmpdir(), 'migstate-client-')), mkdtempSync(join(tmpdir(), 'migstate-home-'))]
  mkdirSync(join(folder, 'shop', 'migrations'), { recursive: true })
  writeFileSync(join(folder, 'manage.py'), 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n')
  for (const path of ['shop/__init__.py', 'shop/migrations/__init__.py']) writeFileSync(join(folder, path), '')
  const remove = async () => {
    for (const path of [folder, home]) rmSync(path, { recursive: true, force: true })
    shop.remove()
    await database.drop()
  }
  return { folder, home, url: new URL(database.url), database, shop, remove }
}

async function bothSay({ folder, home, database }: Place, env: Record<string, string> = {}): Promise<void> {
  const said = JSON.parse(execFileSync(python, ['-c', WHERE], { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: home, ...env } }))
  const { json } = await migstate(['status', '--json', '--python', python], { cwd: folder, env: { HOME: home, ...env } })
  expect(json.ok, JSON.stringify(json.error)).toBe(true)
  expect({
    name: json.result.database.name,
    rows:
      json.result.unknownApps.reduce((sum: number, { rows }: { rows: unknown[] }) => sum + rows.length, 0) +
      json.result.apps.reduce(
        (sum: number, app: { migrations: { recorded: boolean }[]; ghosts: unknown[] }) =>
          sum + app.ghosts.length + app.migrations.filter((one) => one.recorded).length,
        0,
      ),
  }).toEqual({ name: said.name, rows: said.rows })
  const [{ n }] = (await database.query('SELECT count(*) AS n FROM django_migrations')) as [{ n: number }]
  expect(said.rows).toBe(Number(n))
}

describe.runIf(engines.includes('postgresql'))('a connection service of libpq', () => {
  let at: Place
  let lines: string[]
  beforeAll(async () => {
    at = await place('postgresql')
    const { hostname, port, pathname, username } = at.url
    lines = [`host=${hostname}`, `port=${port}`, `dbname=${pathname.slice(1)}`, `user=${username}`, 'application_name=shop']
  })
  afterAll(() => at.remove())
  const write = (text: string) => writeFileSync(join(at.home, '.pg_service.conf'), text)

  it('of OPTIONS, in ~/.pg_service.conf', async () => {
    write(`# mine\n[other]\nhost=nowhere.invalid\n\n[shop]\n${lines.join('\n')}\nhost=too.late.invalid\n[last]\nuser=nobody\n`)
    writeFileSync(join(at.folder, 'settings.py'), settings('postgresql', '"OPTIONS": {"service": "shop"}'))
    await bothSay(at)
  })

  it('what the settings say wins, and PGSERVICE names one too', async () => {
    write(`[shop]\n${lines.join('\n').replace(/dbname=.*/, 'dbname=not_this_one')}\n`)
    writeFileSync(join(at.folder, 'settings.py'), settings('postgresql', `"NAME": "${at.url.pathname.slice(1)}"`))
    await bothSay(at, { PGSERVICE: 'shop', PGPORT: '1' })
    const elsewhere = join(at.home, 'services')
    writeFileSync(elsewhere, `[mine]\n${lines.join('\n')}\n`)
    await bothSay(at, { PGSERVICE: 'mine', PGSERVICEFILE: elsewhere })
  })

  it.each([
    ['that is nowhere', '[other]\nuser=x\n', 'is not in'],
    ['with a word that nobody knows', '[shop]\nhosts=x\n', 'names "hosts"'],
    ['whose line is none', '[shop]\nhost\n', 'is no "name=value"'],
    ['whose sslmode is none', '[shop]\nsslmode=perhaps\n', 'sslmode "perhaps"'],
  ])('one %s is said, and no other database is opened', async (_name, text, words) => {
    write(text)
    writeFileSync(join(at.folder, 'settings.py'), settings('postgresql', '"OPTIONS": {"service": "shop"}'))
    const { json } = await migstate(['status', '--json'], { cwd: at.folder, env: { HOME: at.home } })
    expect(json.error).toMatchObject({ code: 'database-unknown', message: expect.stringContaining(words) })
  })

  it('of a URL', async () => {
    write(`[shop]\n${lines.join('\n')}\n`)
    const { json } = await migstate(['status', '--no-files', '--json', '--url', 'postgresql:///?service=shop'], { cwd: at.folder, env: { HOME: at.home } })
    expect(json.result.database.name).toBe(at.url.pathname.slice(1))
  })
})

describe.runIf(engines.includes('mariadb'))('an option file of MySQL', () => {
  let at: Place
  beforeAll(async () => {
    at = await place('mariadb')
  })
  afterAll(() => at.remove())

  it.each([
    ['with the database in it', true],
    ['beside the name in the settings: server and user come from it', false],
  ])('read_default_file %s', async (_name, whole) => {
    const { hostname, port, pathname, username, password } = at.url
    const name = pathname.slice(1)
    const file = join(at.home, 'my.cnf')
    writeFileSync(
      file,
      `[mysqld]\nport = 1\n[client]\nhost = "${hostname}"\nport=${port}\nuser = ${username}\n${password ? `password = '${password}'\n` : ''}default-character-set = utf8mb4\n${whole ? `database = ${name}\n` : ''}[mysql]\nuser = nobody\n`,
    )
    writeFileSync(join(at.folder, 'settings.py'), settings('mysql', `${whole ? '' : `"NAME": "${name}", `}"OPTIONS": {"read_default_file": "${file}"}`))
    await bothSay(at)
  })

  it('that is not there is said, and no other database is opened', async () => {
    writeFileSync(join(at.folder, 'settings.py'), settings('mysql', '"NAME": "shop", "OPTIONS": {"read_default_file": "gone.cnf"}'))
    const { json } = await migstate(['status', '--json'], { cwd: at.folder, env: { HOME: at.home } })
    expect(json.error).toMatchObject({ code: 'database-unknown', message: expect.stringContaining('gone.cnf') })
  })
})
