import { beforeEach, expect, it } from 'vitest'
import { start } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { eachServer } from '../support/each-server.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { holdTable, someoneWaits } from '../support/sessions.js'
import { until } from '../support/until.js'

/** Whoever waits for the table keeps out those who come after it: so it waits in short tries, and far between. */
eachServer((engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, [['shop', '0001_initial']])
  })
  const mark = ['mark', 'unapplied', 'shop', '0001_initial', '--no-files', '--yes', '--json']

  it('behind a long reader others are kept out a small part of the time, and the table is had soon after it has gone', async () => {
    const free = await holdTable(database)
    const waiting = start([...mark, '--lock-timeout', '60'], { env: { MIGSTATE_URL: database.url } })
    let done = false
    void waiting.done.then(() => (done = true))
    await until('it waits', () => someoneWaits(database))
    // Nobody but the tool waits: as long as it does, whoever came now would wait behind it.
    let [samples, waits] = [0, 0]
    for (const began = Date.now(); Date.now() - began < 5_000 || samples < 100; samples++) {
      if (await someoneWaits(database)) waits++
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20))
    }
    expect(done).toBe(false)
    // All of them, where each try lasts a second or follows the one before.
    expect(waits / samples, `${waits} of ${samples}`).toBeLessThan(0.25)
    await free()
    const marked = await waiting.done
    expect(marked.exitCode, marked.stdout).toBe(0)
    expect((await fingerprint(database)).rows).toEqual([])
  })
})
