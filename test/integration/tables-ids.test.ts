import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'

/** Tables that lost their key on the way: CREATE TABLE AS SELECT, a converter, a copy by hand. */
describe.each(engines)('ids of a table that was copied, %s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
  })

  const run = (...argv: string[]) => migstate([...argv, '--url', database.url, '--no-files', '--json'])
  const write = async (...argv: string[]) => {
    const done = await run(...argv, '--yes')
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    return done.json
  }
  const refused = async (code: string, ...argv: string[]) => {
    const before = await rows()
    let error: any
    for (const more of ['--dry-run', '--yes']) {
      const done = await run(...argv, more)
      expect([done.exitCode, done.json.error?.code], done.stdout + done.stderr).toEqual([4, code])
      error = done.json.error
    }
    expect(error.consequence).toBe('nothing')
    expect(await rows()).toEqual(before)
    return error
  }
  const rows = () => database.query('SELECT id, app, name, applied FROM django_migrations ORDER BY id, app, name')
  const warnings = async () => (await run('status')).json.warnings.map((one: { code: string }) => one.code)
  const text = engine === 'mysql' || engine === 'mariadb' ? 'varchar(255)' : 'text'
  const create = (id: string) =>
    database.query(
      `CREATE TABLE django_migrations (id ${id}, app ${text}, name ${text}, applied ${engine === 'postgresql' ? 'timestamptz' : engine === 'sqlite' ? 'NUM' : 'datetime(6)'})`,
    )
  const insert = (id: string, app: string, name: string, applied = "'2024-01-01 10:00:00'") =>
    database.query(`INSERT INTO django_migrations VALUES (${id}, ${app}, ${name}, ${applied})`)

  it('no default of the id: a new row is refused by name, and old ones go and come back', async () => {
    await create('integer')
    await insert('1', "'a'", "'0001_initial'")
    await insert('2', "'a'", "'0002_x'")
    const { hint, message, details } = await refused('id-default-missing', 'mark', 'applied', 'a', '0003')
    expect(message).toContain('fills itself no more')
    expect([hint, details.repair]).toEqual([expect.stringContaining('migstate repair --fix-table'), expect.stringMatching(/ALTER TABLE|CREATE TABLE/)])
    expect(await warnings()).toContain('id-default-missing')
    const before = await rows()
    await write('mark', 'unapplied', 'a', '0002_x')
    await write('rollback')
    expect(await rows()).toEqual(before)
    await write('snapshot', 'create')
    // The statement that the refusal names makes the table one that Django can write to.
    for (const statement of String(details.repair)
      .split(';')
      .filter((one) => one.trim() !== ''))
      await database.query(statement).catch((error: Error) => {
        if (!/cannot (commit|rollback)|no transaction|within a transaction/.test(error.message)) throw error
      })
    if (engine !== 'sqlite') expect((await write('mark', 'applied', 'a', '0003')).result.changes.added[0].id).toBe('3')
  })

  it('NULL wherever it can be: status shows the rows, the sound ones are changed and undone, the others are named', async () => {
    await create('integer')
    await insert('1', "'a'", "'0001_initial'")
    await insert('NULL', "'a'", "'0002_x'")
    await insert('3', 'NULL', "'0003_y'")
    await insert('4', "'b'", 'NULL')
    await insert('5', "'b'", "'0002_x'", 'NULL')
    const { unknownApps } = (await run('status')).json.result
    expect(unknownApps.flatMap((app: { rows: object[] }) => app.rows)).toMatchObject([
      { id: '3', app: 'NULL', name: '0003_y', nulls: ['app'] },
      { id: 'NULL', app: 'a', name: '0002_x', nulls: ['id'] },
      { id: '1' },
      { id: '4', app: 'b', name: 'NULL', nulls: ['name'] },
      { id: '5', applied: 'NULL', appliedType: 'null' },
    ])
    const before = await rows()
    await write('mark', 'unapplied', 'a', '0001_initial')
    await write('rollback')
    await write('mark', 'unapplied', 'b', '0002_x')
    await write('rollback')
    expect(await rows()).toEqual(before)
    const { message } = await refused('table-unfit', 'mark', 'unapplied', 'a', '0002_x')
    expect(message).toContain('a.0002_x (id NULL)')
    const { result } = await write('snapshot', 'create')
    expect(result.snapshot.rows).toBe(5)
    await write('mark', 'unapplied', 'a', '0001_initial')
    await write('snapshot', 'restore', result.snapshot.id)
    expect(await rows()).toEqual(before)
    await write('mark', 'unapplied', 'b', '0002_x')
    await database.query("UPDATE django_migrations SET app = 'z' WHERE id = 3")
    await database.query('DELETE FROM django_migrations WHERE id = 4')
    await write('snapshot', 'restore', result.snapshot.id)
    expect(await rows()).toEqual(before)
    // A row without an id could only come back as another one.
    await database.query('DELETE FROM django_migrations WHERE id IS NULL')
    expect((await refused('table-unfit', 'snapshot', 'restore', result.snapshot.id)).message).toContain('a.0002_x (id NULL)')
  })

  it('two rows of one id: neither is changed, the others are, and a snapshot holds both', async () => {
    await create('integer')
    await insert('1', "'a'", "'0001_initial'")
    await insert('2', "'a'", "'0002_x'")
    await insert('2', "'b'", "'0001_initial'")
    const before = await rows()
    expect((await refused('table-unfit', 'mark', 'unapplied', 'b', '0001_initial')).message).toContain('b.0001_initial (id 2)')
    expect(await warnings()).toContain('table-unfit')
    const { result } = await write('mark', 'unapplied', 'a', '0001_initial')
    expect(result.changes).toMatchObject({ removed: [{ id: '1' }], added: [], updated: [] })
    await write('snapshot', 'restore', result.operation.snapshot)
    expect(await rows()).toEqual(before)
  })

  it('ids that are text: named exactly, changed and put back', async () => {
    await create(text)
    await insert("'1'", "'a'", "'0001_initial'")
    await insert("'x-2'", "'a'", "'0002_x'")
    const before = await rows()
    await write('mark', 'unapplied', 'a', '0001_initial', '0002_x')
    expect(await rows()).toEqual([])
    await write('rollback')
    expect(await rows()).toEqual(before)
    if (engine === 'sqlite') expect(await database.query('SELECT DISTINCT typeof(id) AS t FROM django_migrations')).toEqual([{ t: 'text' }])
    await refused('id-default-missing', 'mark', 'applied', 'a', '0003')
  })

  it.runIf(engine === 'postgresql')('NOT NULL and no default, and a counter that is behind: said before the first insert', async () => {
    await database.query(
      'CREATE TABLE django_migrations (id integer NOT NULL PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz NOT NULL)',
    )
    await insert('1', "'a'", "'0001_initial'")
    await refused('id-default-missing', 'mark', 'applied', 'a', '0003')
    await database.query('ALTER TABLE django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY')
    expect(await warnings()).toContain('sequence-behind')
    await refused('sequence-behind', 'mark', 'applied', 'a', '0003')
  })
})
