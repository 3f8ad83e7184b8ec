import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { built, root } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { whenTestEnds } from '../support/endings.js'
import { createHistoryTable, record } from '../support/history-table.js'

/** What is about to be dropped is exported first: whole, or not at all. */
describe.each(engines)('uninstall, %s', (engine) => {
  let database: TestDatabase
  let folder: string
  beforeEach(async () => {
    database = await freshDatabase(engine)
    folder = mkdtempSync(join(tmpdir(), 'migstate-export-'))
    whenTestEnds(() => rmSync(folder, { recursive: true, force: true }))
    await createHistoryTable(database)
    await record(database, [['blog', '0001_initial']])
    for (const verb of ['unapplied', 'applied']) expect((await run('mark', verb, 'blog', '0001_initial', '--yes')).exitCode).toBe(0)
  })

  const run = (...argv: string[]) => built([...argv, '--no-files', '--json'], { cwd: folder, env: { MIGSTATE_URL: database.url } })
  const words = ['uninstall', '--export', 'last.json', '--yes']
  const operations = async () => (await run('history')).json.result.operations.length

  it('killed when the file is written: it has no name yet, and the same command once more ends it', async () => {
    const killed = await built([...words, '--no-files'], { cwd: folder, env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: 'export-written' } })
    expect(killed.exitCode).toBeNull()
    expect(existsSync(join(folder, 'last.json'))).toBe(false)
    expect(await operations()).toBe(2)
    const again = await run(...words)
    expect([again.exitCode, again.json.result?.exported?.operations], again.stdout).toEqual([0, 2])
    expect(JSON.parse(readFileSync(join(folder, 'last.json'), 'utf8')).operations).toHaveLength(2)
    expect(await operations()).toBe(0)
  })

  // On SQLite the database is a file of this process too.
  it.runIf(engine !== 'sqlite')('a file that cannot be written to its end: no file, and nothing is dropped', async () => {
    const argv = ['-c', 'ulimit -f 1; exec "$@"', 'sh', process.execPath, join(root, 'bin', 'run.js'), ...words, '--no-files', '--json']
    const env = { ...process.env, MIGSTATE_URL: database.url }
    const { code, stdout } = await new Promise<{ code: number; stdout: string }>((resolve) =>
      execFile('/bin/sh', argv, { cwd: folder, env }, (error, out) => resolve({ code: error ? Number(error.code) : 0, stdout: out })),
    )
    expect([code, JSON.parse(stdout).error?.code], stdout).toEqual([2, 'bad-file'])
    expect(existsSync(join(folder, 'last.json'))).toBe(false)
    expect(await operations()).toBe(2)
  })
})
