import { beforeEach, describe, expect, it } from 'vitest'
import { built, migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { fakeProject } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { counterOf, createHistoryTable, fingerprint, idKinds, insertLikeDjango, record } from '../support/history-table.js'
import { roleUrl } from '../support/roles.js'

const ROWS: [string, string][] = [
  ['auth', '0001_initial'],
  ['shop', '0001_initial'],
  ['shop', '0002_data'],
  ['blog', '0001_initial'],
]

/** The counter of the ids: put back only where nobody has moved it, never where the next insert would clash. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
  })

  const run = (...argv: string[]) => migstate([...argv, '--url', database.url, '--no-files', '--json'])
  const write = (...argv: string[]) => run(...argv, '--yes')

  it.runIf(engine === 'postgresql').each(idKinds(engine))(
    'a sequence that was behind when the snapshot was taken is not put back there, ids as %s',
    async (kind) => {
      await createHistoryTable(database, kind)
      await record(database, ROWS)
      await database.query("SELECT setval(pg_get_serial_sequence('django_migrations', 'id'), 2, false)")
      const { snapshot } = (await run('snapshot', 'create')).json.result
      await write('mark', 'unapplied', 'blog', '0001_initial')
      const restored = await write('snapshot', 'restore', snapshot.id)
      expect(restored.exitCode, restored.stdout).toBe(0)
      expect(await insertLikeDjango(database)).toBe('5')
    },
  )

  it.runIf(engine === 'postgresql')('a sequence that is behind the ids: the mark is refused, exit 4, nothing changed', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    await database.query("SELECT setval(pg_get_serial_sequence('django_migrations', 'id'), 2, false)")
    const before = await fingerprint(database)
    const refused = await write('mark', 'applied', 'shop', '0003_more')
    expect([refused.exitCode, refused.json.error?.code], refused.stdout).toEqual([4, 'sequence-behind'])
    expect(refused.json.error.message).toMatch(/nothing was changed/i)
    expect((await fingerprint(database)).rows).toEqual(before.rows)
  })

  it.runIf(engine === 'mysql' || engine === 'mariadb')('somebody inserts between the rows and the counter: it is not lowered, and that is said', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    await write('mark', 'applied', 'shop', '0003_more')
    const hold = gate()
    const rolling = start(['rollback', '--yes', '--json', '--no-files'], {
      env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: hold.at('before-sequence') },
    })
    await hold.reached()
    expect(await insertLikeDjango(database, 'other')).toBe('6')
    await database.query("DELETE FROM django_migrations WHERE app = 'other'")
    hold.open()
    const rolled = await rolling.done
    expect(rolled.exitCode, rolled.stdout).toBe(0)
    expect(rolled.json.warnings).toMatchObject([{ code: 'sequence-not-restored' }])
    expect(await counterOf(database)).toBe('7')
  })

  it.runIf(engine === 'postgresql')('the same for a role that moves the sequence after the commit', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    await write('mark', 'applied', 'shop', '0003_more')
    const hold = gate()
    const rolling = start(['rollback', '--yes', '--json', '--no-files'], {
      env: { MIGSTATE_URL: await roleUrl(database), MIGSTATE_FAILPOINT: hold.at('before-sequence') },
    })
    await hold.reached()
    expect(await insertLikeDjango(database, 'other')).toBe('6')
    await database.query("DELETE FROM django_migrations WHERE app = 'other'")
    hold.open()
    const rolled = await rolling.done
    expect(rolled.exitCode, rolled.stdout).toBe(0)
    expect(rolled.json.warnings).toMatchObject([{ code: 'sequence-not-restored' }])
    expect(await counterOf(database)).toBe('7')
  })

  it.runIf(engine === 'postgresql')('setval does not roll back, so a role that needs it uses it after the commit only', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    await write('mark', 'applied', 'shop', '0003_more')
    const before = await fingerprint(database)
    const killed = await built(['rollback', '--yes', '--no-files'], {
      env: { MIGSTATE_URL: await roleUrl(database), MIGSTATE_FAILPOINT: 'before-commit' },
    })
    expect(killed.exitCode).toBeNull()
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(engine === 'mysql' || engine === 'mariadb')('what the server remembers of the counter does not deceive', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    await insertLikeDjango(database, 'other')
    await database.query("DELETE FROM django_migrations WHERE app = 'other'")
    const before = await fingerprint(database)
    expect(before.counter).toBe('6')
    await write('mark', 'applied', 'shop', '0003_more')
    // MySQL keeps this answer for a day (information_schema_stats_expiry), in the data dictionary: all sessions get it.
    await database.query("SELECT AUTO_INCREMENT AS next FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'django_migrations'")
    await write('mark', 'applied', 'shop', '0004_more')
    expect(await counterOf(database)).toBe('8')
    await write('rollback')
    expect(await counterOf(database)).toBe('7')
    await write('rollback', (await run('history')).json.result.operations.at(-1).id)
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(engine === 'sqlite')('ids that are given away again: what was lifted comes back under its own, the row of the rerun goes first', async () => {
    const project = await fakeProject(database)
    await database.query('DROP TABLE django_migrations')
    await createHistoryTable(database, 'plain')
    await record(database, [
      ['blog', '0001_initial'],
      ['shop', '0001_initial'],
      ['shop', '0002_data'],
      ['shop', '0003_more'],
      ['billing', '0001_initial'],
      ['reports', '0001_initial'],
    ])
    const before = await fingerprint(database)
    const ran = await migstate(['rerun', 'shop', '0002', '--yes', '--force', '--json', ...project.manage('record')], {
      cwd: project.folder,
      env: { MIGSTATE_URL: database.url },
    })
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => row !== before.rows[index])).toMatchObject([expect.stringMatching(/^3\|shop\|0002_data\|.*2025-01-02/)])
    expect(after.rows).toHaveLength(6)
  })
})
