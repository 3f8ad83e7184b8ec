import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'
import { root } from '../support/root.js'
import { ENTER, Terminal } from '../support/terminal.js'

/** The packed program, unpacked into an empty folder; SQLite needs its driver where Node has none inside. */
const nodes = { [process.versions.node.split('.')[0] as string]: process.execPath, ...(JSON.parse(process.env.MIGSTATE_TEST_NODES ?? '{}') as object) }
let folder: string
let archive: string
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-packed-')))
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [tarball] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))
  archive = join(folder, tarball.filename)
  for (const name of ['bare', 'with-driver']) {
    mkdirSync(join(folder, name))
    execFileSync('tar', ['xzf', join(folder, tarball.filename), '-C', join(folder, name), '--strip-components=1'])
  }
  mkdirSync(join(folder, 'with-driver', 'node_modules'))
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path'])
    symlinkSync(realpathSync(join(root, 'node_modules', name)), join(folder, 'with-driver', 'node_modules', name))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(Object.entries<string>(nodes))('Node %s', (version, node) => {
  // Where the driver is there too, but was built for another Node or would abort this one, Node's own SQLite is taken.
  describe.each(version === '20' ? ['with-driver'] : ['bare', 'with-driver'])('%s', (install) => {
    const cases = engines.filter(
      (engine) => engine === 'sqlite' || (engine === 'postgresql' && install !== 'bare') || (version === '20' && engine === 'postgresql'),
    )
    it.each(cases)('%s: status, mark, rollback and rerun in a terminal', { timeout: 120_000 }, async (engine) => {
      const made: { database: TestDatabase; shop: DjangoProject } = await migratedShop(oneDjango as string, engine)
      const { database, shop } = made
      const run = async (argv: string[], question?: RegExp) => {
        const program = new Terminal([node, join(folder, install, 'bin', 'run.js'), ...argv], { cwd: shop.folder, env: shop.env })
        if (question) {
          await program.sees(question)
          program.type(`y${ENTER}`)
        }
        const shown = await program.done
        expect(shown.exitCode, shown.text).toBe(0)
        expect(shown.text).not.toMatch(/Experimental|Assertion|\wWarning|\(node:\d+\)/)
        return shown.text
      }
      const before = await fingerprint(database)
      expect(await run(['status'])).toContain('21 applied, 0 unapplied')
      expect(await run(['mark', 'unapplied', 'reports.0001'], /\[y\/N\]/)).toContain('Changed 1 row')
      expect((await fingerprint(database)).rows).toHaveLength(20)
      expect(await run(['rollback'], /\[y\/N\]/)).toContain('Undid mark unapplied reports.0001_initial')
      expect(await fingerprint(database)).toEqual(before)
      expect(await run(['rerun', 'shop.0003'], /\[y\/N\]/)).toContain('shop.0003_fill_slugs ran again')
      const after = await fingerprint(database)
      expect(after.rows.filter((row, index) => JSON.stringify(row) !== JSON.stringify(before.rows[index]))).toHaveLength(1)
      expect(await run(['history'])).toContain('undone by')
      expect(await run(['version'])).toMatch(version === '20' ? /better-sqlite3 +12/ : /node:sqlite +3/)
    })
  })
})

describe.each(Object.entries<string>(nodes))('npx on Node %s', (version, node) => {
  it('takes the archive and nothing else: no registry, no compiler, an empty cache', { timeout: 120_000 }, async () => {
    const { shop } = await migratedShop(oneDjango as string, 'sqlite')
    const bin = join(folder, `bin-${version}`)
    mkdirSync(bin)
    symlinkSync(node, join(bin, 'node'))
    for (const name of ['sh', 'env']) symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name))
    const npx = join(execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim(), 'npm', 'bin', 'npx-cli.js')
    const home = mkdtempSync(join(folder, 'home-'))
    const env = { ...shop.env, PATH: bin, HOME: home, npm_config_cache: join(home, 'cache'), npm_config_offline: 'true', npm_config_update_notifier: 'false' }
    const started = spawnSync(node, [npx, '--yes', `--package=${archive}`, 'migstate', 'status'], { cwd: shop.folder, env, encoding: 'utf8' })
    if (version === '20') {
      expect([started.status, started.stderr]).toEqual([1, expect.stringMatching(/Run: npm --prefix\s+\S+_npx\S+\s+install\s+better-sqlite3@12/)])
    } else expect([started.status, started.stdout], started.stderr).toEqual([0, expect.stringContaining('21 applied, 0 unapplied')])
  })
})

it('Node 22 and 24 are among them, where there is a Python to install them with', () => {
  expect(Object.keys(nodes)).toEqual(expect.arrayContaining(process.env.CI ? ['22', '24'] : []))
})
