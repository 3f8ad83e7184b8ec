import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { oddly } from '../support/odd-places.js'
import { root } from '../support/root.js'

const NAMELESS = 54321
const canBeNameless = process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status === 0

/** As in containers: no HOME, a user id without a name, a home that cannot be written. */
let database: TestDatabase
let project: FakeProject
let folder: string
beforeEach(async () => {
  database = await freshDatabase('sqlite')
  project = await fakeProject(database)
  folder = mkdtempSync(join(tmpdir(), 'migstate-odd-'))
  chmodSync(folder, 0o755)
})
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  project.remove()
  await database.drop()
})

/** A copy of everything for a user who cannot look into root's folders. */
function handOver(): { url: string; through: string[] } {
  const file = database.url.replace('sqlite:///', '')
  mkdirSync(join(folder, 'work'))
  cpSync(file, join(folder, 'work', 'db.sqlite3'))
  for (const path of [join(folder, 'work'), join(folder, 'work', 'db.sqlite3')]) chownSync(path, NAMELESS, NAMELESS)
  return {
    url: `sqlite:///${folder}/work/db.sqlite3`,
    through: ['setpriv', `--reuid=${NAMELESS}`, `--regid=${NAMELESS}`, '--clear-groups'],
  }
}

const COMMANDS = (url: string) => [
  ['version'],
  ['--help'],
  ['status', '--no-files', '--url', url],
  ['mark', 'applied', 'zoo', '0001_x', '--no-files', '--yes', '--url', url],
  ['rollback', '--no-files', '--yes', '--url', url],
  ['history', '--url', url],
  ['recover', '--url', url],
  ['snapshot', 'create', '--url', url],
]

const NO_HOME = { HOME: undefined, XDG_CACHE_HOME: undefined, XDG_CONFIG_HOME: undefined }

it('without HOME every command works', () => {
  for (const argv of COMMANDS(database.url)) {
    const ended = oddly(argv, { env: NO_HOME, cwd: project.folder })
    expect([ended.status, ended.stderr.match(/unexpected.*/)], argv.join(' ')).toEqual([0, null])
  }
})

describe.runIf(canBeNameless)('a user id without a name', () => {
  it.each([
    ['HOME as it was', {}],
    ['no HOME', NO_HOME],
    ['neither HOME nor SHELL', { ...NO_HOME, SHELL: undefined }],
  ])('%s: every command works, with and without --json', (_what, env) => {
    const { url, through } = handOver()
    for (const argv of COMMANDS(url))
      for (const json of argv.includes('--url') ? [[], ['--json']] : [[]]) {
        const ended = oddly([...argv, ...json], { through, env, cwd: folder })
        expect([ended.status, ended.stderr.match(/\(node:.*|unexpected.*/)], `${argv.join(' ')}: ${ended.stderr}`).toEqual([0, null])
        if (json.length > 0) expect(JSON.parse(ended.stdout).ok).toBe(true)
      }
    const { operations } = JSON.parse(oddly(['history', '--json', '--url', url], { through, env, cwd: folder }).stdout).result
    expect(operations[0].actor).toBe(`uid ${NAMELESS}`)
  })

  it('a URL without a user: what is needed is said, with a code', () => {
    const { through } = handOver()
    for (const engine of ['postgresql', 'mysql']) {
      const ended = oddly(['status', '--no-files', '--json', '--url', `${engine}://127.0.0.1:1/x`], { through, env: NO_HOME, cwd: folder })
      expect([ended.status, JSON.parse(ended.stdout).error]).toEqual([
        2,
        expect.objectContaining({ code: 'bad-url', message: expect.stringContaining('names no user') }),
      ])
    }
  })

  it('a home that cannot be written: nothing is kept, everything works', () => {
    const { url, through } = handOver()
    const home = join(folder, 'home')
    mkdirSync(home, { mode: 0o555 })
    for (const argv of COMMANDS(url)) {
      const ended = oddly(argv, { through, env: { ...NO_HOME, HOME: home }, cwd: folder })
      expect([ended.status, ended.stderr.match(/\(node:.*|unexpected.*/)], argv.join(' ')).toEqual([0, null])
    }
    expect(readdirSync(home)).toEqual([])
    const trusted = oddly(['trust', '--json'], { through, env: { ...NO_HOME, HOME: home }, cwd: folder })
    expect(JSON.parse(trusted.stdout).error.code).toBe('bad-file')
  })
})

it("nothing of the user's folders is part of the program", () => {
  const home = join(folder, 'home')
  for (const place of ['.local/share/migstate', '.config/migstate', '.cache/migstate']) mkdirSync(join(home, place), { recursive: true })
  const plugin = join(folder, 'plugin')
  cpSync(join(root, 'test', 'fixtures', 'oclif-plugin'), plugin, { recursive: true })
  const list = JSON.stringify({ oclif: { plugins: [{ name: 'plugin', type: 'link', root: plugin }] } })
  spawnSync('tee', [join(home, '.local/share/migstate/package.json')], { input: list })
  const ended = oddly(['version'], { env: { HOME: home, XDG_DATA_HOME: undefined, XDG_CACHE_HOME: undefined }, cwd: folder })
  expect([ended.status, ended.stderr]).toEqual([0, ''])
  const hijacked = oddly(['hijack'], { env: { HOME: home, XDG_DATA_HOME: undefined }, cwd: folder })
  expect([hijacked.status, hijacked.stdout + hijacked.stderr]).toEqual([2, expect.not.stringContaining('HIJACKED')])
  expect(readdirSync(folder)).not.toContain('HIJACKED')
})
