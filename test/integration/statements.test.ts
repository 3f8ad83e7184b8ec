import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { migstate, root } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, record } from '../support/history-table.js'

/**
 * How many messages a command sends on all its connections, once they are there: each is a wait for the network. Whoever adds one changes a number
 * here, and has a reason.
 */
const MESSAGES = {
  sqlite: { status: 6, applied: 28, unapplied: 32 },
  postgresql: { status: 5, applied: 19, unapplied: 19 },
  mariadb: { status: 7, applied: 34, unapplied: 38 },
  mysql: { status: 7, applied: 34, unapplied: 38 },
} as const

describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, [
      ['shop', '0001_initial'],
      ['reports', '0001_initial'],
    ])
  })

  const run = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await migstate([...argv, '--json', '-v', '--project', join(root, 'examples', 'shop'), '--url', database.url])
    expect(exitCode, stdout + stderr).toBe(0)
    return stderr
      .split('\n')
      .filter((line) => /^(WITH |SELECT |SHOW |BEGIN|START |SET |LOCK |UNLOCK |INSERT |UPDATE |DELETE |COMMIT|ROLLBACK|PRAGMA )/.test(line))
  }

  it('one row, and a look', async () => {
    const mark = (kind: string) => run('mark', kind, 'reports', '0001', '--yes', '--force')
    // The first change makes the side tables.
    await mark('unapplied')
    await mark('applied')
    const said = { status: await run('status'), unapplied: await mark('unapplied'), applied: await mark('applied') }
    const found = Object.fromEntries(Object.entries(said).map(([name, lines]) => [name, lines.length]))
    expect(found, JSON.stringify(said, null, 1)).toEqual(MESSAGES[engine])
  })
})
