import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate, root } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { type Shown, SIZES, terminal } from '../support/terminal.js'

/** The built program as people run it: in a terminal, narrow and wide. */
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

const env = () => ({ XDG_CONFIG_HOME: join(project.folder, '.config'), MIGSTATE_URL: database.url, NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined })
const options = (rows: number, columns: number) => ({ cwd: project.folder, env: env(), rows, columns })

/** Every command there is, found by its file, so that a new one is not forgotten. */
const ids = readdirSync(join(root, 'commands'), { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, '').split('/').join(' '))
  .sort()

/** What each command is given, and how it ends. */
const CALLS: Record<string, { argv: string[]; exit?: number; files?: Record<string, string> }> = {
  completion: { argv: ['bash'] },
  rehearse: { argv: ['shop'] },
  doctor: {
    argv: [],
    exit: 3,
    // Two leaves, which Django refuses to migrate.
    files: Object.fromEntries(['a', 'b'].map((name) => [`blog/migrations/0002_${name}.py`, migration('("blog", "0001_initial")')])),
  },
  fake: { argv: ['shop', 'zero', '--dry-run'] },
  graph: { argv: [] },
  history: { argv: [] },
  'mark applied': { argv: ['blog', '0001', '--dry-run'] },
  'mark unapplied': { argv: ['shop.0002', '--with-dependants', '--dry-run'] },
  plan: { argv: [] },
  recover: { argv: [] },
  repair: { argv: ['--all', '--dry-run'] },
  rerun: { argv: ['shop', '0002', '--dry-run'] },
  rollback: { argv: ['--dry-run'] },
  run: { argv: ['shop', '0002', '--dry-run'] },
  show: { argv: ['shop', '0002'] },
  'snapshot create': { argv: [] },
  'snapshot list': { argv: [] },
  'snapshot prune': { argv: ['--dry-run'] },
  'snapshot restore': { argv: ['nope', '--dry-run'], exit: 2 },
  'snapshot show': { argv: ['nope'], exit: 2 },
  status: { argv: [] },
  trust: { argv: [], files: { 'migstate.json': '{ "python": "python3" }' } },
  uninstall: { argv: ['--dry-run'] },
  version: { argv: [] },
}

/** A line is wider than the page only where one word alone is: a path, a command to type. */
function expectFits(shown: Shown, columns: number): void {
  for (const line of shown.lines) {
    const longest = Math.max(...line.split(/\s+/).map((word) => word.length))
    expect(line.length <= columns || longest > columns - 20 || /^\s+(if|to|Django)\b.*: (migstate|python|git) /.test(line), line).toBe(true)
  }
}

describe.each(SIZES)('%i x %i', (rows, columns) => {
  it.each(ids)('%s', async (id) => {
    const call = CALLS[id]
    expect(call, `"${id}" is not tried in a terminal`).toBeDefined()
    await migstate(['mark', 'unapplied', 'blog', '0001', '--yes'], { cwd: project.folder, env: { MIGSTATE_URL: database.url } })
    for (const [name, text] of Object.entries(call?.files ?? {})) writeFileSync(join(project.folder, name), text)
    const shown = await terminal([...id.split(' '), ...(call?.argv ?? [])], options(rows, columns)).done
    expect(shown.exitCode, shown.text).toBe(call?.exit ?? 0)
    expect(shown.text).not.toMatch(/unexpectedly|internal-error|at Object|undefined/)
    if (id !== 'completion') expectFits(shown, columns)
  })
})

it.each(['', ...ids])('%s --help', async (id) => {
  const shown = await terminal([...id.split(' ').filter(Boolean), '--help'], options(24, 80)).done
  expect(shown.exitCode, shown.text).toBe(0)
  expect(shown.text).toContain('USAGE')
  expect(shown.text).toContain('EXAMPLES')
  expectFits(shown, 80)
})

it('colours in a terminal, none with NO_COLOR, --no-color or a dumb terminal', async () => {
  const coloured = async (argv: string[], more: Record<string, string>) =>
    (await terminal(argv, { cwd: project.folder, env: { ...env(), ...more } }).done).raw.includes('\u001b[3')
  expect(await coloured(['status'], {})).toBe(true)
  expect(await coloured(['status'], { NO_COLOR: '1' })).toBe(false)
  expect(await coloured(['status', '--no-color'], {})).toBe(false)
  expect(await coloured(['status'], { TERM: 'dumb' })).toBe(false)
})

it('an error is shown once, with the next command', async () => {
  const shown = await terminal(['mark', 'unapplied', 'shop.0002'], options(24, 80)).done
  expect(shown.exitCode).toBe(4)
  expect(shown.text.match(/would-make-hole/g)).toHaveLength(1)
  expect(shown.text).toContain('--with-dependants')
})
