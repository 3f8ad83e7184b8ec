import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { whenTestEnds } from '../support/endings.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'

const mark = ['mark', 'unapplied', 'blog.0001', '--yes', '--json']

/** Cases L37 and others: MySQL's own message names no right. */
describe.each(engines.filter((engine) => engine === 'mysql' || engine === 'mariadb'))('%s', (engine) => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })

  /** Options for an account that has these rights and no others. */
  async function account(rights: string) {
    const user = `ms_role_${randomBytes(4).toString('hex')}`
    const name = new URL(database.url).pathname.slice(1)
    await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'; GRANT ${rights} ON ${name}.* TO '${user}'@'%'`)
    whenTestEnds(async () => void (await database.query(`DROP USER '${user}'@'%'`)))
    const url = new URL(database.url)
    url.username = user
    url.password = 'x'
    return { cwd: project.folder, env: { MIGSTATE_URL: url.href } }
  }

  it.each([
    ['CREATE', 'make the side tables', async () => {}],
    [
      'ALTER',
      'widen those of an older version for a column that Django does not make',
      async () => {
        expect((await migstate(['snapshot', 'create', '--json'], { cwd: project.folder, env: { MIGSTATE_URL: database.url } })).exitCode).toBe(0)
        await database.query('ALTER TABLE migstate_snapshot_row DROP COLUMN extra')
        await database.query('ALTER TABLE django_migrations ADD COLUMN note VARCHAR(10) NULL')
      },
    ],
  ])('an account without %s cannot %s: it hears the DDL for a DBA, and with it the change goes through', async (right, _what, prepare) => {
    await prepare()
    const options = await account(
      ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'LOCK TABLES', 'CREATE', 'ALTER', 'INDEX', 'DROP'].filter((one) => one !== right).join(', '),
    )
    const refused = await migstate(mark, options)
    expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([1, 'missing-rights'])
    const ddl = refused.json.error.details.ddl as string[]
    expect(refused.json.error.hint).toContain(ddl[0])
    for (const statement of ddl) await database.query(statement)
    expect((await migstate(mark, options)).json).toMatchObject({ ok: true })
  })

  it('an account without LOCK TABLES and DELETE hears both, with their GRANTs; with these the change goes through', async () => {
    const options = await account('SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX, DROP')
    const refused = await migstate(mark, options)
    expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([1, 'missing-rights'])
    const grants = refused.json.error.details.grants as string[]
    expect(grants.join()).toMatch(/GRANT .*LOCK TABLES/)
    expect(grants.join()).toMatch(/GRANT .*DELETE/)
    expect(refused.json.error.hint).toContain(grants[0])
    for (const grant of grants) await database.query(grant)
    expect((await migstate(mark, options)).json).toMatchObject({ ok: true })
  })
})

describe.runIf(engines.includes('postgresql'))('postgresql: the role of OPTIONS', () => {
  let database: TestDatabase
  let project: FakeProject
  let login: string
  let owner: string
  beforeEach(async () => {
    database = await freshDatabase('postgresql')
    project = await fakeProject(database)
    const tail = randomBytes(4).toString('hex')
    login = `ms_login_${tail}`
    owner = `ms_owner_${tail}`
    await database.query(
      `CREATE ROLE ${owner}; CREATE ROLE ${login} LOGIN NOINHERIT; GRANT ${owner} TO ${login}; GRANT ALL ON SCHEMA public TO ${owner}; ALTER TABLE django_migrations OWNER TO ${owner}`,
    )
    whenTestEnds(async () => void (await database.query(`DROP OWNED BY ${owner}, ${login}; DROP ROLE ${owner}, ${login}`)))
  })

  it.each([
    ['assume_role', (role: string) => `"assume_role": "${role}"`],
    ['-c role', (role: string) => `"options": "-c role=${role}"`],
  ])('%s is followed, and the side tables belong to the owner of the history', async (_name, option) => {
    const url = new URL(database.url)
    const settings = (options: string) => `INSTALLED_APPS = ["shop", "billing", "reports", "blog"]
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "${url.pathname.slice(1)}", "USER": "${login}",
    "HOST": "${url.hostname}", "PORT": "${url.port}", "OPTIONS": {${options}}}}
`
    const options = { cwd: project.folder, env: { DJANGO_SETTINGS_MODULE: 'settings' } }
    project.write({ 'settings.py': settings('') })
    expect((await migstate(mark, options)).json.ok).toBe(false)
    project.write({ 'settings.py': settings(option(owner)) })
    const marked = await migstate(mark, options)
    expect(marked.json, marked.stdout).toMatchObject({ ok: true })
    const owners = await database.query("SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE tablename LIKE 'migstate%'")
    expect(owners).toEqual([{ owner }])
  })

  it("side tables that a member of the owner makes, or has made, are the owner's: another member goes on with them", async () => {
    const members = ['one', 'two'].map((name) => `ms_${name}_${randomBytes(4).toString('hex')}`)
    for (const member of members) await database.query(`CREATE ROLE ${member} LOGIN; GRANT ${owner} TO ${member}`)
    whenTestEnds(async () => void (await database.query(`DROP OWNED BY ${members.join(', ')}; DROP ROLE ${members.join(', ')}`)))
    const as = (user: string, ...argv: string[]) => {
      const url = new URL(database.url)
      url.username = user
      return migstate([...argv, '--yes', '--json'], { cwd: project.folder, env: { MIGSTATE_URL: url.href } })
    }
    const owners = () => database.query("SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE tablename LIKE 'migstate%'")
    const [one, two] = members as [string, string]
    const marked = await as(one, 'mark', 'unapplied', 'blog.0001')
    expect(marked.json, marked.stdout).toMatchObject({ ok: true })
    expect(await owners()).toEqual([{ owner }])
    const undone = await as(two, 'rollback')
    expect(undone.json, undone.stdout).toMatchObject({ ok: true })
    for (const table of ['operation', 'event', 'snapshot_row']) await database.query(`ALTER TABLE migstate_${table} OWNER TO ${two}`)
    const refused = await as(one, 'mark', 'unapplied', 'blog.0001')
    expect(refused.json.error.code, refused.stdout).toBe('damaged-journal')
    expect((await as(two, 'mark', 'unapplied', 'blog.0001')).json).toMatchObject({ ok: true })
    expect(await owners()).toEqual([{ owner }])
    expect((await as(one, 'rollback')).json).toMatchObject({ ok: true })
  })
})
