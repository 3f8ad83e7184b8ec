import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { whenTestEnds } from '../support/endings.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { oddly } from '../support/odd-places.js'
import { root } from '../support/root.js'

describe('little memory, and nobody who reads', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase('sqlite')
    await createHistoryTable(database)
    await record(database, [['shop', '0001_initial']])
  })
  afterEach(() => database.drop())

  const mark = (name: string) => ['mark', 'applied', 'zoo', name, '--no-files', '--yes', '--json', '--url', database.url]

  it('with any address space the change is whole or not there, and exit 0 tells which', async () => {
    const ended: boolean[] = []
    for (const megabytes of [300, 500, 700, 900, 2000, 8000]) {
      const before = await fingerprint(database)
      const { status, stdout } = oddly(mark(`${megabytes}_x`), { before: `ulimit -c 0 -v ${megabytes * 1000}` })
      const [row] = await database.query(`SELECT count(*) AS n FROM django_migrations WHERE name = '${megabytes}_x'`)
      ended.push(status === 0)
      expect([megabytes, Number(row?.n)]).toEqual([megabytes, status === 0 ? 1 : 0])
      if (status === 0) expect(JSON.parse(stdout).ok).toBe(true)
      else expect(await fingerprint(database)).toEqual(before)
    }
    expect(ended.at(-1)).toBe(true)
  })

  it('a stderr that nobody reads may hold up the report, never the change', async () => {
    // Each statement goes to stderr with -v; a pipe that is full takes no more.
    const child = spawn('bash', ['-c', 'exec "$0" "$@" 2> >(exec sleep 100)', process.execPath, join(root, 'bin', 'run.js'), ...mark('0001_x'), '-v'], {
      env: { ...process.env },
      stdio: ['ignore', 'ignore', 'ignore'],
      detached: true,
    })
    whenTestEnds(() => {
      try {
        process.kill(-(child.pid as number), 'SIGKILL')
      } catch {
        // It has ended.
      }
    })
    await expect.poll(() => database.query("SELECT 1 FROM django_migrations WHERE name = '0001_x'"), { timeout: 20_000 }).toHaveLength(1)
  })
})
