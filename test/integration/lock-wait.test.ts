import { beforeEach, describe, expect, it } from 'vitest'
import { start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { holdTable, reader, someoneWaits } from '../support/sessions.js'
import { until } from '../support/until.js'

/** Whoever waits for the table keeps out those who come after it: so it waits in short tries, and far between. */
describe.each(engines.filter((engine) => engine !== 'sqlite'))('%s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, [['shop', '0001_initial']])
  })
  const mark = ['mark', 'unapplied', 'shop', '0001_initial', '--no-files', '--yes', '--json']

  it('behind a long reader others read on, and the table is had soon after it has gone', async () => {
    const free = await holdTable(database)
    const read = await reader(database)
    const waiting = start([...mark, '--lock-timeout', '30'], { env: { MIGSTATE_URL: database.url } })
    let said = ''
    waiting.process.stderr?.on('data', (chunk) => (said += chunk))
    let done = false
    void waiting.done.then(() => (done = true))
    await until('it waits', async () => (await someoneWaits(database)) || said !== '')
    const began = performance.now()
    let [waited, reads] = [0, 0]
    while (performance.now() - began < 6_000) {
      const at = performance.now()
      await read()
      const took = performance.now() - at
      // A busy machine takes some milliseconds for each.
      if (took > 30) waited += took
      reads++
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(done).toBe(false)
    expect(reads).toBeGreaterThan(20)
    // All of it, in the worst case, when each try lasts a second or follows the one before.
    expect(waited / 6_000, `${Math.round(waited)} ms of 6 s in ${reads} reads`).toBeLessThan(0.3)
    await free()
    const marked = await waiting.done
    expect(marked.exitCode, marked.stdout).toBe(0)
    expect((await fingerprint(database)).rows).toEqual([])
  })
})
