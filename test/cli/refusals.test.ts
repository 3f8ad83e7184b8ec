import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ErrorCode, MigstateError } from '../../src/errors/index.js'
import { open } from '../../src/index.js'
import { built, type CliResult, migstate, root } from '../support/cli.js'
import { promisedExit } from '../support/contract.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { commandsIn, harmless } from '../support/hints.js'
import { createHistoryTable, fingerprint } from '../support/history-table.js'

/** Every way to say no: its code, its exit, a sentence with the consequence, a next command, and nothing changed. */
let database: TestDatabase
let project: FakeProject
beforeEach(async () => {
  database = await freshDatabase('sqlite')
  project = await fakeProject(database)
})
afterEach(async () => {
  project.remove()
  await database.drop()
})

const options = (env: Record<string, string | undefined> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, ...env } })
const run = (argv: string[], env: Record<string, string | undefined> = {}) => migstate([...argv, '--json'], options(env))

function expectRefusal(result: CliResult, code: ErrorCode): void {
  expect(result.stdout.trim().split('\n')).toHaveLength(1)
  expect(result.json).toMatchObject({ schemaVersion: 1, ok: false, error: { code, exitCode: promisedExit(code) } })
  expect(result.exitCode).toBe(promisedExit(code))
  expect(result.json.error.message).toMatch(/\.$/)
  expect(result.json.error.hint.length).toBeGreaterThan(10)
}

const RECIPES: [
  code: ErrorCode,
  name: string,
  argv: string[],
  prepare?: () => Promise<Record<string, string | undefined> | void> | Record<string, string | undefined> | void,
][] = [
  ['cannot-connect', 'nothing listens', ['status', '--url', 'postgresql://u@127.0.0.1:1/x']],
  ['database-missing', 'no such file', ['status', '--url', 'sqlite:///nowhere.sqlite3']],
  ['not-a-database', 'a text file', ['status', '--url', 'sqlite:///settings.py']],
  ['table-missing', 'an empty database', ['mark', 'applied', 'shop', '0001_initial', '--yes'], () => void database.query('DROP TABLE django_migrations')],
  ['table-missing', 'another table', ['mark', 'applied', 'shop', '0001', '--table', 'other', '--yes'], () => void database.query('CREATE TABLE other (x)')],
  ['bad-settings', 'a settings module that is not there', ['status', '--settings', 'nope.settings']],
  ['usage', 'an unknown flag', ['status', '--nope']],
  ['usage', 'an unknown flag among names', ['mark', 'applied', 'shop', '0001', '--nope']],
  ['usage', 'a flag without its value', ['history', '--limit']],
  ['usage', 'a number that is none', ['mark', 'applied', 'shop', '0001', '--lock-timeout', 'soon']],
  ['usage', 'a missing argument', ['rerun', 'shop']],
  ['usage', 'nothing to mark', ['mark', 'applied', 'shop']],
  ['usage', 'a mode that is none', ['rerun', 'shop', '0002', '--mode', 'magic']],
  ['usage', 'an unclosed quote', ['rerun', 'shop', '0002', '--yes', '--force', '--mode', 'table', '--manage', "run APP NAME 'x"]],
  ['usage', 'a schema on SQLite', ['status', '--schema', 'public']],
  ['usage', 'an unknown key in migstate.json', ['status'], () => project.write({ 'migstate.json': '{"lockTimout": 3}' })],
  ['usage', 'a wrong type in migstate.json', ['status'], () => project.write({ 'migstate.json': '{"lockTimeout": "3"}' })],
  ['usage', 'a wrong value in the environment', ['status'], () => ({ MIGSTATE_LOCK_TIMEOUT: 'soon' })],
  ['unknown-app', 'status of nothing', ['status', 'nope']],
  ['unknown-app', 'mark of nothing', ['mark', 'applied', 'nope', '0001', '--yes']],
  ['unknown-migration', 'no such name', ['mark', 'applied', 'shop', '0009', '--yes']],
  ['ambiguous-migration', 'a short prefix', ['mark', 'unapplied', 'shop', '000', '--yes']],
  ['unknown-operation', 'no such id', ['history', 'abc']],
  ['unknown-operation', 'rollback of nothing', ['rollback', 'abc', '--yes']],
  ['unknown-snapshot', 'no such id', ['snapshot', 'show', 'abc']],
  ['bad-url', 'no scheme', ['status', '--url', 'shop']],
  ['bad-url', 'another database', ['status', '--url', 'oracle://u@h/x']],
  ['bad-url', 'a port that is none', ['status', '--url', 'postgresql://u@h:99999/x']],
  ['no-project', 'no folder', ['status', '--project', 'nowhere']],
  ['no-project', 'a folder without manage.py', ['status', '--project', 'shop']],
  ['database-unknown', 'settings without DATABASES', ['status'], () => ({ MIGSTATE_URL: undefined })],
  [
    'unknown-alias',
    'no such alias',
    ['status', '--database', 'other'],
    () => {
      project.write({ 'settings.py': 'INSTALLED_APPS = []\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}}\n' })
      return { MIGSTATE_URL: undefined }
    },
  ],
  ['manage-without-target', 'a bare migrate', ['rerun', 'shop', '0002', '--yes', '--force', '--mode', 'table', '--manage', 'make migrate']],
  ['needs-yes', 'nobody to ask', ['mark', 'unapplied', 'blog', '0001']],
  ['needs-yes', 'nobody to ask for a rerun', ['rerun', 'shop', '0002']],
  ['would-make-hole', 'a parent goes', ['mark', 'unapplied', 'shop', '0002_data', '--yes']],
  [
    'would-make-hole',
    'a child comes',
    ['mark', 'applied', 'shop', '0003_more', '--yes'],
    () => void database.query("DELETE FROM django_migrations WHERE app <> 'blog'"),
  ],
  ['not-recorded', 'never applied', ['rerun', 'blog', '0001', '--yes'], () => void database.query("DELETE FROM django_migrations WHERE app = 'blog'")],
  [
    'unknown-migration',
    'a ghost has no file to run',
    ['rerun', 'blog', '0005_gone', '--yes'],
    () => void database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0005_gone', '2024-01-01')"),
  ],
  [
    'schema-operations',
    'it makes a table',
    ['rerun', 'blog', '0001', '--yes'],
    () => project.write({ 'blog/migrations/0001_initial.py': migration('', 'migrations.CreateModel("X", fields=[])') }),
  ],
  [
    'unknown-operation-kind',
    'an operation of its own',
    ['rerun', 'blog', '0001', '--yes'],
    () => project.write({ 'blog/migrations/0001_initial.py': migration('', 'Magic()') }),
  ],
  [
    'pending-migrations',
    'its parent is not applied',
    ['rerun', 'shop', '0002', '--yes'],
    () => void database.query("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0001_initial'"),
  ],
  [
    'django-would-refuse',
    'two leaves',
    ['rerun', 'blog', '0001', '--yes'],
    () => project.write({ 'shop/migrations/0003_other.py': migration('("shop", "0002_data")') }),
  ],
  [
    'squashed-target',
    'replaced by a squash',
    ['rerun', 'shop', '0002', '--yes', '--mode', 'table'],
    () =>
      project.write({
        'shop/migrations/0001_squashed.py': migration(
          '',
          'migrations.RunPython(forward)',
          '    replaces = [("shop", "0001_initial"), ("shop", "0002_data")]\n',
        ),
      }),
  ],
  ['unproven-database', 'a command of its own', ['rerun', 'shop', '0002', '--yes', '--mode', 'table', '--manage', 'make APP NAME']],
  ['usage', '--manage without table mode', ['rerun', 'shop', '0002', '--yes', '--manage', 'make APP NAME']],
  ['usage', 'a time-out that is none', ['rerun', 'shop', '0002', '--yes', '--timeout', '0']],
  [
    'not-reversible',
    'no reverse code',
    ['rerun', 'shop', '0002', '--yes', '--reverse-first'],
    () => project.write({ 'shop/migrations/0002_data.py': migration('("shop", "0001_initial")', 'migrations.RunPython(forward)') }),
  ],
  ['usage', 'no such Python', ['status', '--python', './nowhere/python']],
  ['usage', 'no such Python, though none is needed', ['status', '--no-files', '--python', './nowhere/python']],
  ['usage', 'no such Python to run it', ['rerun', 'shop', '0002', '--yes', '--python', './nowhere/python']],
  ['usage', 'no such program before Python', ['plan', '--python', 'no-such-docker compose exec web python']],
  ['django-does-not-start', 'a program that is no Python', ['rerun', 'shop', '0002', '--yes', '--python', '/bin/false']],
]

describe('refusals', () => {
  it.each(RECIPES)('%s: %s', async (code, _name, argv, prepare) => {
    const env = (await prepare?.()) ?? {}
    const before = existsSync(database.file as string) ? readFileSync(database.file as string) : null
    const table = code === 'table-missing' ? null : await fingerprint(database)
    const refused = await run(argv, env as Record<string, string | undefined>)
    expectRefusal(refused, code)
    // Whatever it tells to type works here.
    for (const command of commandsIn(refused.json.error.hint)) {
      const typed = await migstate(harmless(command), options(env as Record<string, string | undefined>))
      expect([0, 3], `${command}: ${typed.stdout}${typed.stderr}`).toContain(typed.exitCode)
    }
    if (table) expect(await fingerprint(database)).toEqual(table)
    // Refused before anything is written: not even the side tables. A rerun that got as far as Django has its journal.
    if (code !== 'django-does-not-start') expect(readFileSync(database.file as string).equals(before as Buffer)).toBe(true)
  })

  it('needs no table for a clear answer about a bare topic, a missing and a wrong command', async () => {
    expect((await run(['mark'])).exitCode).toBe(0)
    expect((await migstate([])).exitCode).toBe(0)
    expect((await built(['--help'])).stdout).toContain('INSPECT')
    expect((await built(['--json'])).exitCode).toBe(0)
    expect((await built(['--json', 'status'], options())).json.command).toBe('status')
    expectRefusal(await migstate(['frobnicate', '--json']), 'unknown-command')
    expect((await migstate(['frobnicate', '--json'])).json.command).toBeNull()
    expectRefusal(await migstate(['mark', 'everything', '--json']), 'unknown-command')
  })

  it('a malformed settings file', async () => {
    project.write({ 'settings.py': 'INSTALLED_APPS = [\n' })
    expectRefusal(await run(['status']), 'bad-settings')
  })

  it('a project is needed for names, not for the journal', async () => {
    const nowhere = mkdtempSync(join(tmpdir(), 'migstate-nowhere-'))
    expectRefusal(await migstate(['status', '--json'], { cwd: nowhere, env: { MIGSTATE_URL: database.url } }), 'no-project')
    expect((await migstate(['history', '--json'], { cwd: nowhere, env: { MIGSTATE_URL: database.url } })).exitCode).toBe(0)
    rmSync(nowhere, { recursive: true })
  })

  // Root may write anywhere, so as root the tool runs as nobody; that needs a checkout that nobody may read.
  const asRoot = process.getuid?.() === 0
  const nobodyMayRead =
    spawnSync(process.execPath, ['-e', 'require(process.argv[1])', join(root, 'package.json')], { uid: asRoot ? 65534 : process.getuid?.(), cwd: '/' })
      .status === 0
  it.runIf(!asRoot || nobodyMayRead)('a read-only file and folder', () => {
    const folder = join(database.file as string, '..')
    chmodSync(folder, 0o555)
    chmodSync(database.file as string, 0o444)
    const before = readFileSync(database.file as string)
    const argv = ['mark', 'unapplied', 'blog', '0001_initial', '--no-files', '--yes', '--json']
    const who = asRoot ? { uid: 65534, gid: 65534 } : {}
    const result = spawnSync(process.execPath, [join(root, 'bin', 'run.js'), ...argv], {
      ...who,
      cwd: '/',
      env: { ...process.env, MIGSTATE_URL: database.url },
      encoding: 'utf8',
    })
    chmodSync(folder, 0o755)
    expect(JSON.parse(result.stdout), result.stderr).toMatchObject({ ok: false, error: { code: 'read-only', exitCode: 1 } })
    expect(result.status).toBe(1)
    expect(readFileSync(database.file as string).equals(before)).toBe(true)
    expect(readdirSync(folder)).toEqual(['db.sqlite3'])
  })

  it('text errors: one line with the code, one with what to type, no stack without -v', async () => {
    const quiet = await migstate(['mark', 'unapplied', 'shop', '0002_data', '--yes'], options())
    expect(quiet.stdout).toBe('')
    expect(quiet.stderr).toContain('[would-make-hole]')
    expect(quiet.stderr).toContain('--with-dependants')
    expect(quiet.stderr).not.toContain(' at ')
    const verbose = await migstate(['status', '--url', 'sqlite:///nowhere.sqlite3', '-v'], options())
    expect(verbose.stderr).toContain('    at ')
  })
})

describe('-v', () => {
  it('shows each statement of SQL as it is sent, without a value, on the lines of errors; -q and nothing at all do not', async () => {
    const argv = ['mark', 'unapplied', 'blog', '0001', '--yes', '--reason', 's3cret reason']
    const shown = await migstate([...argv, '-v', '--json'], options({ MIGSTATE_ACTOR: 's3cret actor' }))
    expect(shown.exitCode, shown.stderr).toBe(0)
    expect(shown.json.ok).toBe(true)
    expect(shown.stderr).toMatch(/^SELECT .*django_migrations/m)
    expect(shown.stderr).toMatch(/^BEGIN IMMEDIATE$/m)
    expect(shown.stderr).toMatch(/^DELETE FROM "django_migrations" WHERE .*\?/im)
    expect(shown.stderr).toMatch(/^COMMIT$/m)
    expect(shown.stderr).not.toContain('s3cret')
    for (const line of shown.stderr.split('\n')) expect(line.length).toBeLessThan(500)
    for (const more of [[], ['-q'], ['-v', '-q']]) expect((await migstate(['status', ...more], options())).stderr).not.toContain('SELECT')
  })
})

describe('dry runs', () => {
  it.each([['mark', 'unapplied', 'blog', '0001'], ['mark', 'applied', 'blog', '0002_x', '--no-files'], ['rerun', 'shop', '0002'], ['rollback'], ['recover']])(
    '%s %s %s write nothing at all',
    async (...argv) => {
      const hash = () =>
        createHash('sha256')
          .update(readFileSync(database.file as string))
          .digest('hex')
      const before = hash()
      const result = await run([...argv, '--dry-run'])
      expect(result.exitCode, result.stdout).toBe(0)
      expect(result.json.result).toMatchObject({ operation: null, dryRun: true })
      expect(hash()).toBe(before)
      expect(readdirSync(join(database.file as string, '..'))).toEqual(['db.sqlite3'])
    },
  )

  it('are the same plan, with null for what does not exist yet', async () => {
    const { result } = (await run(['mark', 'applied', 'blog', '0002_x', '--no-files', '--dry-run'])).json
    expect(result.changes.added).toEqual([{ id: null, app: 'blog', name: '0002_x', applied: null }])
    expect((await run(['mark', 'unapplied', 'shop', '0002_data', '--dry-run'])).json.error.code).toBe('would-make-hole')
  })
})

describe('nothing dangerous is printed', () => {
  it('terminal escapes in names and files are shown, not obeyed', async () => {
    await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0009_' || char(27) || ']0;x' || char(7), '2024-01-01')")
    const { stdout, stderr } = await migstate(['status'], options())
    expect(stdout + stderr).not.toContain('\u001b')
    expect(stdout).toContain('\\x1b')
    await migstate(['mark', 'applied', 'x\u001b[31m', 'y', '--no-files', '--yes'], options())
    expect((await migstate(['history'], options())).stdout).not.toContain('\u001b')
  })

  it.each([
    ['in a URL', ['status', '--url', 'postgresql://user:s3cr3t@127.0.0.1:1/x']],
    ['with odd characters', ['status', '--url', 'postgresql://user:s3cr3t/#?@x@127.0.0.1:1/x']],
    ['after a wrong flag', ['status', '--urll=postgresql://user:s3cr3t@h/x']],
    ['as a stray word', ['history', '0', 'postgresql://user:s3cr3t@h/x']],
    ['in a query', ['status', '--url', 'postgresql://127.0.0.1:1/x?user=u&password=s3cr3t']],
  ])('no password, %s', async (_name, argv) => {
    for (const more of [[], ['-v'], ['--json']]) {
      const result = await migstate([...argv, ...more], options())
      expect(result.exitCode).not.toBe(0)
      expect(result.stdout + result.stderr).not.toContain('s3cr3t')
    }
  })

  it.runIf(engines.includes('postgresql'))('no password in the journal', async () => {
    const postgres = await freshDatabase('postgresql')
    await createHistoryTable(postgres)
    const url = postgres.url.replace('postgres@', 'postgres:s3cr3t%20x@')
    const marked = await migstate(['mark', 'applied', 'x', '0001_y', '--no-files', '--yes', '--json', '--url', url], { cwd: project.folder })
    expect(marked.exitCode, marked.stdout).toBe(0)
    expect(JSON.stringify(await postgres.query('SELECT * FROM migstate_operation'))).not.toContain('s3cr3t')
    await postgres.drop()
  })
})

it('no secret of the command that runs manage.py, anywhere', async () => {
  const flags = project
    .manage('record')
    .map((word, index, all) => (all[index - 1] === '--manage' ? `env DATABASE_URL=postgres://app:s3cr3t@h/x API_TOKEN=s3cr3t ${word}` : word))
  const ran = await migstate(['rerun', 'shop', '0002', '--yes', '--force', ...flags], options())
  expect(ran.exitCode, ran.stderr).toBe(0)
  expect(ran.stderr.replaceAll(/\s+/g, ' ')).toContain('Running: env DATABASE_URL=postgres://app:***@h/x API_TOKEN=***')
  const journal = JSON.stringify([await database.query('SELECT * FROM migstate_operation'), await database.query('SELECT * FROM migstate_event')])
  expect(journal).toContain('API_TOKEN=***')
  expect(ran.stdout + ran.stderr + journal).not.toContain('s3cr3t')
})

it('what manage.py prints of the secrets of this run is neither shown nor kept: of the URL, the settings and the environment', async () => {
  const secrets = { url: 'of-the-url-1', settings: 'of-the-settings-1', database: 'of-another-database-1', environment: 'of-the-environment-1' }
  project.write({
    'settings.py': `INSTALLED_APPS = ["shop", "billing", "reports", "blog"]
SECRET_KEY = "${secrets.settings}"
DATABASES = {"other": {"ENGINE": "django.db.backends.postgresql", "PASSWORD": "${secrets.database}"}}
`,
    // In pieces, as a program may write them; and a last line without an end.
    'leak.mjs': `import { stderr, stdout } from 'node:process'
for (const text of ${JSON.stringify(Object.values(secrets))}) {
  for (const letter of text) await new Promise((done) => stdout.write(letter, done))
  stdout.write('\\n')
}
stderr.write('connect(' + ${JSON.stringify(secrets.url)} + ')')
process.exit(3)
`,
  })
  const { url } = database
  const argv = ['rerun', 'shop', '0002', '--yes', '--force', '--mode', 'table', '--manage', `${process.execPath} leak.mjs APP NAME`]
  const env = { API_TOKEN: secrets.environment, CACHE_URL: `redis://:${secrets.url}@cache/0`, MIGSTATE_URL: url }
  for (const more of [['--json'], []]) {
    const failed = await built([...argv, ...more], { cwd: project.folder, env })
    expect(failed.exitCode, failed.stdout + failed.stderr).toBe(7)
    expect(failed.stderr).toMatch(/\*\*\*\n\*\*\*\n\*\*\*\n\*\*\*\n/)
    const journal = JSON.stringify([await database.query('SELECT * FROM migstate_operation'), await database.query('SELECT * FROM migstate_event')])
    expect(journal).toContain('connect(***)')
    for (const secret of Object.values(secrets)) expect(failed.stdout + failed.stderr + journal).not.toContain(secret)
  }
  await using m = await open({
    url,
    project: project.folder,
    env,
    mode: 'table',
    manage: `${process.execPath} leak.mjs APP NAME`,
    onOutput: (chunk) => (heard += chunk),
  })
  let heard = ''
  const error: MigstateError = await m.rerun({ app: 'shop', migration: '0002', force: true }).catch((failure) => failure)
  expect(error).toMatchObject({ code: 'manage-failed', consequence: 'rolled-back', details: { exitCode: 3, tail: expect.arrayContaining(['***']) } })
  for (const secret of Object.values(secrets)) expect(heard + error.stack + JSON.stringify([error, error.message])).not.toContain(secret)
  // Whatever else an error tells: here what was typed.
  const typed: MigstateError = await m.mark({ applied: true, app: 'shop', migrations: [secrets.settings] }).catch((failure) => failure)
  expect(typed).toMatchObject({ code: 'unknown-migration', message: expect.stringContaining('"***"') })
  expect(`${typed.stack} ${JSON.stringify(typed)}`).not.toContain(secrets.settings)
  const opened: MigstateError = await open({ url: 'sqlite:///of-the-url-1.sqlite3', project: project.folder, env }).catch((failure) => failure)
  expect(`${opened.stack} ${JSON.stringify([opened, opened.message])}`).not.toContain(secrets.url)
})

describe('configuration', () => {
  it('a flag beats its variable, which beats migstate.json', async () => {
    project.write({ 'migstate.json': '{"table": "from_file"}' })
    expect((await run(['status'])).json.error.message).toContain('from_file')
    expect((await run(['status'], { MIGSTATE_TABLE: 'from_variable' })).json.error.message).toContain('from_variable')
    expect((await run(['status', '--table', 'from_flag'], { MIGSTATE_TABLE: 'from_variable' })).json.error.message).toContain('from_flag')
  })

  it('json in migstate.json holds for errors too', async () => {
    project.write({ 'migstate.json': '{"json": true}' })
    expect((await migstate(['status', 'nope'], options())).json.error.code).toBe('unknown-app')
  })

  it('a stray DATABASE_URL never sends an edit to another database', async () => {
    const result = await migstate(['status', '--json'], options({ MIGSTATE_URL: undefined, DATABASE_URL: database.url }))
    expect(result.json.error.code).toBe('database-unknown')
  })

  it('the built file says the same as the source', async () => {
    const [source, bundle] = [await run(['status']), await built(['status', '--json'], options())]
    expect(bundle.json).toEqual(source.json)
    expect((await built(['status', '--nope', '--json'], options())).json).toEqual((await run(['status', '--nope'])).json)
  })
})
