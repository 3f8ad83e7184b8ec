import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'

/** A file of a checkout starts no program and names no database before a person has looked at it. */
let database: TestDatabase
let project: FakeProject
beforeEach(async () => {
  database = await freshDatabase('sqlite')
  project = await fakeProject(database)
  project.write({ 'settings.py': settings({ ENGINE: 'django.db.backends.sqlite3', NAME: database.file as string }) })
  mkdirSync(config(), { mode: 0o700 })
})
afterEach(async () => {
  project.remove()
  await database.drop()
})

const settings = (database: Record<string, string>) =>
  `INSTALLED_APPS = ["shop", "billing", "reports", "blog"]\nUSE_TZ = True\nDATABASES = {"default": ${JSON.stringify(database)}}\n`
const config = () => join(project.folder, 'user-config')
const entries = () => (existsSync(join(config(), 'migstate/trusted')) ? readdirSync(join(config(), 'migstate/trusted')) : [])
const marker = () => join(project.folder, 'started')
const file = () => join(project.folder, 'migstate.json')
/** Says what started it, and fails. */
const program = () => {
  const path = join(project.folder, 'evil.sh')
  writeFileSync(path, `#!/bin/sh\necho "$0" >> ${marker()}\nexit 1\n`)
  chmodSync(path, 0o755)
  return path
}
const run = (argv: string[], env: Record<string, string | undefined> = {}) =>
  migstate([...argv, '--json'], { cwd: project.folder, env: { XDG_CONFIG_HOME: config(), MIGSTATE_URL: undefined, ...env } })
const codes = (result: { json: { warnings: { code: string }[] } }) => result.json.warnings.map(({ code }) => code)

describe('migstate.json that nobody has trusted', () => {
  it.each(['status', 'plan', 'graph', 'history', 'show shop 0001', 'mark unapplied shop 0003 --yes', 'rerun shop 0002 --yes --force', 'recover --yes'])(
    '%s starts nothing of it, names it, and goes on',
    async (words) => {
      const path = program()
      project.write({ 'migstate.json': JSON.stringify({ askDjango: true, python: path, manage: `${path} APP NAME`, managePy: path }) })
      const result = await run(words.split(' '), { MIGSTATE_URL: database.url })
      expect(existsSync(marker())).toBe(false)
      const warnings = result.json.warnings as { code: string; message: string }[]
      const said = warnings.find(({ code }) => code === 'untrusted-config')?.message
      expect(said).toContain(file())
      for (const key of ['askDjango', 'python', 'manage', 'managePy']) expect(said).toContain(`"${key}"`)
    },
  )

  it('its url is no database, and what else it says counts', async () => {
    const other = await freshDatabase('sqlite')
    try {
      await createHistoryTable(other)
      await record(other, [['shop', '0001_initial']])
      const before = await fingerprint(other)
      project.write({ 'migstate.json': JSON.stringify({ url: other.url, lockTimeout: 3 }) })
      const marked = await run(['mark', 'unapplied', 'blog', '0001', '--yes'], { MIGSTATE_URL: undefined })
      expect(marked.json, marked.stdout).toMatchObject({ ok: true })
      expect((await fingerprint(database)).rows).toHaveLength(5)
      expect(codes(marked)).toContain('untrusted-config')
      expect(await fingerprint(other)).toEqual(before)
    } finally {
      await other.drop()
    }
  })

  it('where it alone names a database, none is opened, and the warning is there', async () => {
    project.write({ 'settings.py': 'INSTALLED_APPS = []\n', 'migstate.json': JSON.stringify({ url: database.url }) })
    const result = await run(['status', '--no-files'])
    expect(result.json.error).toMatchObject({ code: 'database-unknown' })
    expect(codes(result)).toContain('untrusted-config')
  })

  it('a person’s own flag or variable wins, and then there is nothing to warn of', async () => {
    project.write({ 'migstate.json': JSON.stringify({ url: 'sqlite:////nowhere' }) })
    const result = await run(['status'], { MIGSTATE_URL: database.url })
    expect(result.json.ok).toBe(true)
    expect(codes(result)).not.toContain('untrusted-config')
  })

  it('one that names no program and no database needs no trust', async () => {
    project.write({ 'migstate.json': JSON.stringify({ lockTimeout: 3, table: 'django_migrations' }) })
    expect(codes(await run(['status']))).not.toContain('untrusted-config')
  })
})

describe('migstate trust', () => {
  const trusted = async () => !codes(await run(['status'])).includes('untrusted-config')

  it('lets it count, until the file changes', async () => {
    const path = program()
    project.write({ 'migstate.json': JSON.stringify({ askDjango: true, python: path, url: database.url }) })
    const answer = await run(['trust'])
    expect(answer.json).toMatchObject({ ok: true, result: { file: file(), trusted: true, unchanged: false, settings: { askDjango: true, python: path } } })
    expect(existsSync(marker())).toBe(false)
    await run(['status'])
    expect(readFileSync(marker(), 'utf8')).toContain(path)
    expect((await run(['trust'])).json.result.unchanged).toBe(true)

    writeFileSync(marker(), '')
    writeFileSync(file(), `${readFileSync(file(), 'utf8')} `)
    expect(await trusted()).toBe(false)
    expect(readFileSync(marker(), 'utf8')).toBe('')
    expect((await run(['trust'])).json.result.unchanged).toBe(false)
    // What was trusted before is forgotten: going back is a change as well.
    expect(entries()).toHaveLength(1)
  })

  it('is for this place only', async () => {
    const text = JSON.stringify({ url: database.url })
    project.write({ 'migstate.json': text, 'copy/manage.py': '', 'copy/migstate.json': text })
    await run(['trust'])
    const copy = await migstate(['status', '--json', '--no-files'], {
      cwd: join(project.folder, 'copy'),
      env: { XDG_CONFIG_HOME: config(), MIGSTATE_URL: undefined },
    })
    expect(codes(copy)).toContain('untrusted-config')
  })

  it('--revoke ends it', async () => {
    project.write({ 'migstate.json': JSON.stringify({ url: database.url }) })
    expect((await run(['trust', '--revoke'])).json.result).toMatchObject({ trusted: false, unchanged: true })
    await run(['trust'])
    expect(await trusted()).toBe(true)
    // Also of a file that has changed since, even to one that cannot be read.
    writeFileSync(file(), '{')
    expect((await run(['trust', '--revoke'])).json.result).toMatchObject({ trusted: false, unchanged: false })
    expect(entries()).toEqual([])
  })

  it('what others could have written is no trust', async () => {
    project.write({ 'migstate.json': JSON.stringify({ url: database.url }) })
    await run(['trust'])
    chmodSync(join(config(), 'migstate'), 0o777)
    expect(await trusted()).toBe(false)
    const refused = await run(['trust'])
    expect(refused.json.error).toMatchObject({ code: 'bad-file', message: expect.stringContaining('others may write') })
    chmodSync(join(config(), 'migstate'), 0o700)
    expect(await trusted()).toBe(true)
  })

  it('an entry of another name or with other words is none', async () => {
    project.write({ 'migstate.json': JSON.stringify({ url: database.url }) })
    await run(['trust'])
    const [name] = entries() as [string]
    const entry = join(config(), 'migstate/trusted', name)
    writeFileSync(entry, '/elsewhere/migstate.json\n')
    expect(await trusted()).toBe(false)
    writeFileSync(entry, `${file()}\n`)
    expect(await trusted()).toBe(true)
    renameSync(entry, join(config(), 'migstate/trusted', '0'.repeat(64)))
    expect(await trusted()).toBe(false)
  })

  it('without a file, or with one that is no good, says so', async () => {
    expect((await run(['trust'])).json.error).toMatchObject({ code: 'bad-file', exitCode: 2 })
    project.write({ 'migstate.json': '{"pyton": "x"}' })
    expect((await run(['trust'])).json.error).toMatchObject({ code: 'usage' })
    expect(entries()).toEqual([])
  })

  it('masks passwords in what it shows', async () => {
    project.write({ 'migstate.json': JSON.stringify({ url: 'postgres://me:geheim@db/x' }) })
    const text = await migstate(['trust'], { cwd: project.folder, env: { XDG_CONFIG_HOME: config() } })
    expect(text.stdout).toContain('postgres://me:***@db/x')
    expect(text.stdout).not.toContain('geheim')
  })
})

describe('where the password goes', () => {
  const at = (host: string) =>
    project.write({ 'settings.py': settings({ ENGINE: 'django.db.backends.postgresql', NAME: 'shop', USER: 'ann', PASSWORD: 'x', HOST: host, PORT: '1' }) })
  const status = (env: Record<string, string | undefined> = {}) =>
    migstate(['status'], { cwd: project.folder, env: { XDG_CONFIG_HOME: config(), MIGSTATE_URL: undefined, ...env } })

  it('another machine that a file names is said before', async () => {
    // The loopback in a form that is not taken for it.
    at('::ffff:127.0.0.1')
    const { stderr } = await status()
    expect(stderr.split('\n')[0]).toBe('Connecting to ::ffff:127.0.0.1:1 as ann …')
    expect(stderr.match(/Connecting/g)).toHaveLength(1)
  })

  it.each(['', 'localhost', '127.0.0.1', '::1', '/var/run/nothing'])('this machine is not: %j', async (host) => {
    at(host)
    expect((await status()).stderr).not.toContain('Connecting')
  })

  it('one that a person has named is not', async () => {
    expect((await status({ MIGSTATE_URL: 'postgres://ann:x@[::ffff:127.0.0.1]:1/shop' })).stderr).not.toContain('Connecting')
  })
})
