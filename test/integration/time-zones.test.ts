import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { throughProxy } from '../support/tcp-proxy.js'

/** Times are the same texts whatever zone the server, the database or the session thinks in. */
describe.runIf(engines.includes('postgresql'))('postgresql', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase('postgresql')
    await createHistoryTable(database)
    await record(database, [
      ['shop', '0001_initial'],
      ['shop', '0002_data'],
    ])
    const name = new URL(database.url).pathname.slice(1)
    await database.query(`ALTER DATABASE ${name} SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE ${name} SET DateStyle = 'SQL, DMY'`)
  })

  it.each(['a session', 'a pooler that forgets the settings of a session'])('through %s: in UTC, and exact there and back', async (way) => {
    const url = way === 'a session' ? database.url : await forgetful(database.url)
    const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json'], { env: { MIGSTATE_URL: url } })
    const before = await fingerprint(database)
    const status = await run('status')
    expect(
      status.json.result?.unknownApps[0].rows.map((row: { applied: string }) => row.applied),
      status.stdout,
    ).toEqual(['2024-03-10 02:30:00.123456+00', '2024-03-10 02:30:01.123456+00'])
    const { snapshot } = (await run('snapshot', 'create')).json.result
    const unmarked = await run('mark', 'unapplied', 'shop', '0002_data', '--yes')
    expect(unmarked.json.result?.changes.removed, unmarked.stdout).toMatchObject([{ applied: '2024-03-10 02:30:01.123456+00' }])
    expect(await database.query('SELECT DISTINCT applied FROM migstate_snapshot_row ORDER BY 1')).toEqual([
      { applied: '2024-03-10 02:30:00.123456+00' },
      { applied: '2024-03-10 02:30:01.123456+00' },
    ])
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
    await run('mark', 'unapplied', 'shop', '0002_data', '--yes')
    expect((await run('snapshot', 'restore', snapshot.id, '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
    const marked = await run('mark', 'applied', 'shop', '0003_now', '--yes')
    expect(Math.abs(Date.parse(`${marked.json.result.changes.added[0].applied.replace(' ', 'T')}:00`) - Date.now())).toBeLessThan(60_000)
  })
})

const RESET = Buffer.from('Q\0\0\0\x0eRESET ALL\0', 'latin1')
/** ReadyForQuery, idle: the end of an answer outside of a transaction (PostgreSQL manual, message formats). */
const IDLE = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/**
 * A pooler in transaction mode: its process id is its own, and after each transaction what the session was told is forgotten, as
 * it is where the next one comes out at another server.
 */
function forgetful(target: string): Promise<string> {
  return throughProxy(`${target}?sslmode=disable`, () => {
    let answer: Buffer[] = []
    let forgetting = false
    return {
      toClient(data, upstream) {
        const ends = data.subarray(-IDLE.length).equals(IDLE)
        if (!forgetting) {
          answer.push(withOtherProcessId(data))
          if (!ends) return answer.splice(0)[0] as Buffer
          forgetting = true
          upstream.write(RESET)
          return null
        }
        if (!ends) return null
        forgetting = false
        const whole = Buffer.concat(answer)
        answer = []
        return whole
      },
    }
  })
}

/** BackendKeyData: 'K', length 12, process id, secret key. */
function withOtherProcessId(data: Buffer): Buffer {
  const at = data.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
  if (at < 0) return data
  const copy = Buffer.from(data)
  copy.writeUInt32BE(1, at + 5)
  return copy
}
