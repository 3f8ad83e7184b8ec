import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtinSqlite } from '../../src/database/sqlite/node-sqlite.js'
import { driverHint } from '../../src/database/sqlite/driver-hint.js'
import { CATALOGUE } from '../../src/errors/catalogue.js'
import { migstate, root } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { commandsIn, harmless, wordsOf } from '../support/hints.js'

/** Every command that the program tells people to type is typed here, in the situation that prints it. */
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

const options = () => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, MIGSTATE_ACTOR: 'maria' } })
const json = async (words: readonly string[]) => (await migstate([...words, '--json'], options())).json
const forget = (app: string, name: string) => database.query(`DELETE FROM django_migrations WHERE app = '${app}' AND name = '${name}'`)

/** Types it for real, and expects it to work. */
async function type(command: string): Promise<any> {
  const document = await json([...wordsOf(command), ...(/^migstate (mark|fake|repair|rollback|uninstall)/.test(command) ? ['--yes'] : [])])
  expect(document, `${command}: ${JSON.stringify(document.error)}`).toMatchObject({ ok: true })
  return document
}

async function refused(words: readonly string[], code: string): Promise<{ hint: string; commands: string[] }> {
  const { error } = await json(words)
  expect(error, words.join(' ')).toMatchObject({ code })
  return { hint: error.hint, commands: commandsIn(error.hint) }
}

describe('refusals', () => {
  it('would-make-hole, a parent goes: both ways on', async () => {
    const { commands } = await refused(['mark', 'unapplied', 'shop.0002', '--yes'], 'would-make-hole')
    expect(commands).toEqual(['migstate mark unapplied shop.0002_data --with-dependants', 'migstate mark unapplied shop.0002_data --force'])
    expect((await type(commands[0] as string)).result.changes.removed).toHaveLength(4)
    await type('migstate rollback')
    expect((await type(commands[1] as string)).result.changes.removed).toHaveLength(1)
  })

  it('would-make-hole, a child comes: both ways on', async () => {
    await database.query("DELETE FROM django_migrations WHERE app <> 'blog'")
    const { commands } = await refused(['mark', 'applied', 'shop.0003', '--yes'], 'would-make-hole')
    expect(commands).toEqual(['migstate mark applied shop.0003_more --with-dependencies', 'migstate mark applied shop.0003_more --force'])
    expect((await type(commands[0] as string)).result.changes.added).toHaveLength(3)
    await type('migstate rollback')
    expect((await type(commands[1] as string)).result.changes.added).toHaveLength(1)
  })

  it('not-recorded: Django itself where it would run it, ours where a hole stops it', async () => {
    await forget('blog', '0001_initial')
    expect((await refused(['rerun', 'blog.0001', '--yes'], 'not-recorded')).hint).toBe(
      'To run it for the first time: python manage.py migrate blog 0001_initial',
    )
    await forget('shop', '0002_data')
    const { commands } = await refused(['rerun', 'shop.0002', '--yes'], 'not-recorded')
    expect(commands).toEqual(['migstate run shop.0002_data'])
    expect((await json(harmless(commands[0] as string))).result.rerun.target).toEqual(['shop', '0002_data'])
  })

  it('pending-migrations: run them, or record them', async () => {
    await forget('shop', '0001_initial')
    const { commands } = await refused(['rerun', 'shop.0002', '--yes'], 'pending-migrations')
    expect(commands).toEqual(['migstate run shop.0001_initial', 'migstate mark applied shop.0001_initial'])
    expect((await json(harmless(commands[0] as string))).ok).toBe(true)
    await type(commands[1] as string)
    expect((await json(['rerun', 'shop.0002', '--dry-run'])).ok).toBe(true)
  })

  it('pending-migrations of a run', async () => {
    await forget('shop', '0001_initial')
    await forget('shop', '0002_data')
    const { commands } = await refused(['run', 'shop.0002', '--yes'], 'pending-migrations')
    expect(commands).toEqual(['migstate run shop.0002_data --with-dependencies', 'migstate mark applied shop.0001_initial'])
    expect((await json(harmless(commands[0] as string))).result.reruns).toHaveLength(2)
    await type(commands[1] as string)
    expect((await json(['run', 'shop.0002', '--dry-run'])).ok).toBe(true)
  })

  it('unfinished-operation: recover', async () => {
    await json(['mark', 'unapplied', 'blog.0001', '--yes'])
    await database.query("DELETE FROM migstate_event WHERE event = 'done'")
    const { commands } = await refused(['mark', 'applied', 'blog.0001', '--yes'], 'unfinished-operation')
    expect(commands).toEqual(['migstate recover'])
    // What has written no step of its own has changed no row.
    expect((await json(['recover', '--dry-run'])).result.changes).toEqual({ removed: [], added: [], updated: [] })
    await type(commands[0] as string)
    expect((await json(['mark', 'applied', 'blog.0001', '--yes'])).ok).toBe(true)
  })

  it('table-changed of a rollback: to plan from the rows as they are', async () => {
    const { result } = await json(['mark', 'applied', 'blog.0002_x', '--no-files', '--yes'])
    await database.query("UPDATE django_migrations SET applied = '2020-01-01 00:00:00' WHERE name = '0002_x'")
    await refused(['rollback', result.operation.id, '--yes'], 'table-changed')
  })

  it.each<[string, string[], string]>([
    ['an unknown operation', ['history', 'abc'], 'unknown-operation'],
    ['an unknown snapshot', ['snapshot', 'show', 'abc'], 'unknown-snapshot'],
    ['a name that is none', ['show', 'shop', 'zzz'], 'unknown-migration'],
    ['an app without a name', ['mark', 'applied', 'shop', '--yes'], 'usage'],
    ['nothing named', ['mark', 'applied', '--yes'], 'usage'],
    ['a missing word', ['show'], 'usage'],
    ['a flag that is none', ['snapshot', 'list', '--all'], 'usage'],
    ['a file that is no migration', ['show', 'manage.py'], 'unknown-migration'],
  ])('%s', async (_name, words, code) => {
    const { commands, hint } = await refused(words, code)
    expect(commands.length, hint).toBeGreaterThan(0)
    for (const command of commands) {
      const { exitCode, stdout } = await migstate(harmless(command), options())
      // What is wrong is an answer.
      expect(exitCode, `${command}\n${stdout}`).toBe(command.startsWith('migstate doctor') ? 3 : 0)
    }
  })

  it('two leaves: the plan tells, and the merge is Django’s own command', async () => {
    project.write({ 'shop/migrations/0003_other.py': migration('("shop", "0002_data")') })
    const { commands } = await refused(['rerun', 'blog.0001', '--yes'], 'django-would-refuse')
    expect(commands).toEqual(['migstate plan'])
    expect((await json(wordsOf(commands[0] as string))).result.blockedBy[0].next).toEqual([
      { when: 'to join them', command: 'python manage.py makemigrations --merge' },
    ])
  })
})

describe('findings', () => {
  const next = async (code: string): Promise<string[]> => {
    const { findings } = (await json(['status'])).result
    return findings
      .filter((one: { code: string }) => one.code === code)
      .flatMap((one: { next: { command: string }[] }) => one.next.map(({ command }) => command))
  }

  it('a hole: record it, or run it', async () => {
    const before = await fingerprint(database)
    await forget('shop', '0002_data')
    const [mark, run] = await next('hole')
    expect((await json(harmless(run as string))).result.rerun).toMatchObject({ kind: 'run', target: ['shop', '0002_data'] })
    await type(mark as string)
    expect((await json(['status', '--check'])).result.summary.holes).toBe(0)
    expect((await fingerprint(database)).rows).toHaveLength(before.rows.length)
    expect((await json(['plan'])).result.blockedBy).toEqual([])
  })

  it('a ghost', async () => {
    await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0009_gone', '2024-01-01')")
    const [command] = await next('ghost')
    await type(command as string)
    expect((await json(['status'])).result.summary.ghosts).toBe(0)
  })

  it.each([
    ['renamed', '0002_datum'],
    ['of another case', '0002_Data'],
  ])('a row that is %s, and the hole that it leaves: no word of un-recording the one or running the other, but who can tell', async (_what, name) => {
    await database.query(`UPDATE django_migrations SET name = '${name}' WHERE app = 'shop' AND name = '0002_data'`)
    for (const code of ['ghost', 'hole']) expect(await next(code)).toEqual(['migstate doctor'])
    const [{ code, repairs }] = (await type('migstate doctor')).result.findings
    expect(code).toBe(name === '0002_Data' ? 'damaged-name' : 'renamed')
    await type(repairs[0].command)
    expect((await json(['status', '--check'])).result.summary).toMatchObject({ ghosts: 0, holes: 0 })
  })

  it('a duplicate', async () => {
    await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0001_initial', '2024-01-01')")
    const [command] = await next('duplicate')
    expect((await type(command as string)).result.migration.rows).toHaveLength(2)
  })
})

describe('gates of plan', () => {
  it.each<[string, () => Promise<unknown> | void, string[]]>([
    ['inconsistent-history', () => forget('shop', '0002_data'), ['plan']],
    ['unknown-app', () => {}, ['plan', 'nope']],
    ['unknown-migration', () => {}, ['plan', 'shop', '0009']],
    ['bad-row', () => database.query("UPDATE django_migrations SET applied = '2024-13-45 00:00:00' WHERE name = '0002_data'"), ['plan']],
    ['circular', () => project.write({ 'shop/migrations/0001_initial.py': migration('("shop", "0003_more")') }), ['plan']],
  ])('%s: what stands beside it works', async (gate, damage, words) => {
    await damage()
    const { blockedBy } = (await json(words)).result
    const found = blockedBy.find((one: { gate: string }) => one.gate === gate)
    expect(found, JSON.stringify(blockedBy)).toBeDefined()
    expect(found.next.length).toBeGreaterThan(0)
    for (const { command } of found.next) {
      const { exitCode, stdout } = await migstate([...harmless(command), '--json'], options())
      // What is wrong is an answer.
      expect(exitCode, `${command}\n${stdout}`).toBe(command.startsWith('migstate doctor') ? 3 : 0)
    }
  })
})

it('no hint of the catalogue is a form that nobody has filled in', () => {
  for (const [code, { hint }] of Object.entries(CATALOGUE)) {
    if (hint.includes('migstate COMMAND --help')) continue
    for (const command of commandsIn(hint)) expect(command, code).not.toMatch(/\b(COMMAND|ID|APP|NAME)\b|…/)
  }
})

describe('a driver that is missing', () => {
  it.each([
    ['in the node_modules of a project, not built', 'site/node_modules/migstate', true, /^Run: npm --prefix \S+\/site rebuild better-sqlite3$/],
    ['in the node_modules of a project, not there', 'site/node_modules/migstate', false, /^Run: npm --prefix \S+\/site install better-sqlite3@12$/],
    ['installed globally', 'usr/lib/node_modules/migstate', false, /^Run: npm install better-sqlite3@12 --global$/],
    ['installed globally, not built', 'usr/lib/node_modules/migstate', true, /^Run: npm rebuild better-sqlite3 --global$/],
    ['a checkout', 'checkout', true, /^Run: npm --prefix \S+\/checkout rebuild better-sqlite3$/],
  ])('%s: the command that mends just that', (_name, place, there, wanted) => {
    const folder = mkdtempSync(join(tmpdir(), 'migstate-driver-'))
    try {
      const home = join(folder, place)
      mkdirSync(join(home, 'dist'), { recursive: true })
      writeFileSync(join(home, 'package.json'), '{"name":"migstate"}')
      if (!place.startsWith('usr')) writeFileSync(join(folder, 'site-package.json'), '{}')
      const driver = join(place === 'checkout' ? join(home, 'node_modules') : join(home, '..'), 'better-sqlite3')
      if (there) {
        mkdirSync(driver, { recursive: true })
        writeFileSync(join(driver, 'package.json'), '{"name":"better-sqlite3","version":"12.11.1"}')
      }
      expect(driverHint(join(home, 'dist', 'cli.cjs'))).toMatch(wanted)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it.skipIf(builtinSqlite())('the built program says it, with exit 1', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'migstate-nodriver-'))
    try {
      const home = join(folder, 'node_modules', 'migstate')
      mkdirSync(home, { recursive: true })
      for (const part of ['bin', 'dist', 'package.json']) cpSync(join(root, part), join(home, part), { recursive: true })
      for (const name of ['pg', 'mysql2', 'knex']) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
      const { spawnSync } = await import('node:child_process')
      const run = spawnSync(process.execPath, [join(home, 'bin', 'run.js'), 'status', '--no-files', '--json'], {
        env: { ...process.env, MIGSTATE_URL: database.url },
        encoding: 'utf8',
      })
      expect(run.status, run.stderr).toBe(1)
      expect(JSON.parse(run.stdout).error).toMatchObject({ code: 'driver-missing', hint: `Run: npm --prefix ${folder} install better-sqlite3@12` })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
