import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { builtinSqlite } from '../../src/database/sqlite/node-sqlite.js'
import { freshDatabase } from '../support/databases.js'
import { root } from '../support/root.js'

it.skipIf(builtinSqlite())('where better-sqlite3 is not installed: exit 1, and which package is missing', async () => {
  const database = await freshDatabase('sqlite')
  const installed = mkdtempSync(join(tmpdir(), 'migstate-installed-'))
  onTestFinished(() => rmSync(installed, { recursive: true, force: true }))
  mkdirSync(join(installed, 'bin'))
  for (const name of ['package.json', 'bin/package.json', 'bin/run.js']) cpSync(join(root, name), join(installed, name))
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true, filter: (path) => !path.includes(join('dist', 'lib')) })
  const run = spawnSync(process.execPath, [join(installed, 'bin', 'run.js'), 'status', '--no-files', '--json', '--url', database.url], {
    cwd: installed,
    encoding: 'utf8',
  })
  expect(run.status, run.stdout + run.stderr).toBe(1)
  expect(JSON.parse(run.stdout).error).toMatchObject({ code: 'driver-missing', exitCode: 1, message: expect.stringContaining('better-sqlite3') })
})
