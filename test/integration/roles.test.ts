import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { eachServer } from '../support/each-server.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'

/** One colleague's first write must not break everybody's reading; a role that could not write hears what it lacks. */
eachServer((engine) => {
  let database: TestDatabase
  let project: FakeProject
  let role: string
  let url: string
  const postgres = engine === 'postgresql'
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
    role = `ms_role_${randomBytes(4).toString('hex')}`
    const own = new URL(database.url)
    own.username = role
    own.password = 'reader'
    url = own.href
    if (postgres) {
      await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`)
      await database.query(`GRANT USAGE ON SCHEMA public TO ${role}`)
    } else await database.query(`CREATE USER '${role}'@'%' IDENTIFIED BY 'reader'`)
    await grant('SELECT', 'django_migrations')
  })
  afterEach(async () => {
    project.remove()
    await database.drop()
    const admin = await freshDatabase(engine)
    await admin.query(postgres ? `DROP ROLE IF EXISTS ${role}` : `DROP USER IF EXISTS '${role}'@'%'`)
    await admin.drop()
  })

  const account = () => (postgres ? role : `'${role}'@'%'`)
  const grant = (rights: string, table: string) => database.query(`GRANT ${rights} ON ${table} TO ${account()}`)
  const as = (who: string, ...argv: string[]) => migstate([...argv, '--json'], { cwd: project.folder, env: { MIGSTATE_URL: who } })
  const codes = (result: { json: { warnings: { code: string }[] } }) => result.json.warnings.map((one) => one.code)

  it('reads and plans with SELECT on the history alone, also once the side tables are there', async () => {
    expect((await as(url, 'status')).json.ok).toBe(true)
    expect((await as(database.url, 'mark', 'unapplied', 'blog.0001', '--yes')).json.ok).toBe(true)
    for (const argv of [['status'], ['plan'], ['graph'], ['show', 'shop', '0002']]) {
      const read = await as(url, ...argv)
      expect(read.json, argv.join(' ')).toMatchObject({ ok: true })
      expect(read.json.warnings.filter((one: { code: string }) => one.code === 'missing-rights')).toHaveLength(1)
    }
    expect((await as(url, 'history')).json.error).toMatchObject({ code: 'missing-rights', exitCode: 1 })
  })

  it('a dry run works, and says what this role lacks; with these grants the change goes through', async () => {
    for (const made of [false, true]) {
      if (made) await as(database.url, 'mark', 'unapplied', 'blog.0001', '--yes')
      const before = await fingerprint(database)
      const dry = await as(url, 'mark', 'unapplied', 'reports.0001', '--dry-run')
      expect(dry.json, dry.stdout).toMatchObject({ ok: true, result: { dryRun: true, changes: { removed: [{ app: 'reports' }] } } })
      expect(codes(dry)).toContain('missing-rights')
      expect((await as(url, 'mark', 'unapplied', 'reports.0001', '--yes')).json.error.code).toBe('missing-rights')
      expect(await fingerprint(database)).toEqual(before)
    }
    const warnings = (await as(url, 'mark', 'unapplied', 'reports.0001', '--dry-run')).json.warnings as { code: string; message: string }[]
    const said = warnings.find((one) => one.message.includes('GRANT'))?.message ?? ''
    const grants = said.match(/GRANT [^;]+/g) ?? []
    expect(grants.length).toBeGreaterThan(0)
    for (const statement of grants) await database.query(statement)
    expect(codes(await as(url, 'mark', 'unapplied', 'reports.0001', '--dry-run'))).not.toContain('missing-rights')
    const changed = await as(url, 'mark', 'unapplied', 'reports.0001', '--yes')
    expect(changed.json, changed.stdout).toMatchObject({ ok: true })
    expect((await as(url, 'mark', 'applied', 'reports.0001', '--yes')).json.ok).toBe(true)
  })

  it('a role with every right is told nothing', async () => {
    expect(codes(await as(database.url, 'mark', 'unapplied', 'reports.0001', '--dry-run'))).not.toContain('missing-rights')
  })
})
