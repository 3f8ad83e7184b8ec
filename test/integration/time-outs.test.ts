import { randomBytes } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { eachServer } from '../support/each-server.js'
import { whenTestEnds } from '../support/endings.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'

/** What a database or a role sets for those who forget their sessions must not end ours. */
eachServer((engine) => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })

  const settings = async (): Promise<string[]> => {
    if (engine === 'postgresql') {
      const there = await database.query(
        "SELECT name FROM pg_settings WHERE name IN ('idle_session_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout', 'transaction_timeout', 'lock_timeout')",
      )
      const name = new URL(database.url).pathname.slice(1)
      return there.map((one) => `ALTER DATABASE ${name} SET ${one.name} = '${one.name === 'idle_session_timeout' ? 1000 : 700}ms'`)
    }
    return []
  }

  it.runIf(engine === 'postgresql')('a rerun that is longer than every time-out of the database ends well', async () => {
    const before = await fingerprint(database)
    for (const setting of await settings()) await database.query(setting)
    const ran = await migstate(['rerun', 'shop.0002', '--force', '--yes', '--json', ...project.manage('record')], {
      cwd: project.folder,
      env: { MIGSTATE_URL: database.url, FAKE_MIGRATE_SECONDS: '3' },
    })
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
  })

  // A time-out of the server would be one of every other test too: a server gives this one to a single user, as he connects.
  it.runIf(engine !== 'postgresql')('a rerun that is longer than every time-out of its sessions ends well', async () => {
    const short = engine === 'mysql' ? { wait_timeout: 2, max_execution_time: 1 } : { wait_timeout: 2, max_statement_time: 0.3, idle_transaction_timeout: 1 }
    const url = new URL(database.url)
    url.username = `slow${randomBytes(4).toString('hex')}`
    url.password = 'x'
    const value = (name: string, slow: number) => `IF(LEFT(USER(), 4) = 'slow', ${slow}, @@session.${name})`
    // MySQL takes no decimal for these, MariaDB has a fraction in one.
    const cast = (text: string) => (engine === 'mysql' ? `CAST(${text} AS SIGNED)` : text)
    const set = Object.entries(short).map(([name, slow]) => `SESSION ${name} = ${cast(value(name, slow))}`)
    await database.query(`CREATE USER '${url.username}'@'%' IDENTIFIED BY 'x'`)
    await database.query(`GRANT ALL ON ${url.pathname.slice(1)}.* TO '${url.username}'@'%'`)
    await database.query(`SET GLOBAL init_connect = "SET ${set.join(', ')}"`)
    whenTestEnds(async () => {
      await database.query("SET GLOBAL init_connect = ''")
      await database.query(`DROP USER '${url.username}'@'%'`)
    })
    const ran = await migstate(['rerun', 'shop.0002', '--force', '--yes', '--json', ...project.manage('record')], {
      cwd: project.folder,
      env: { MIGSTATE_URL: url.href, FAKE_MIGRATE_SECONDS: '4' },
    })
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
  })
})
