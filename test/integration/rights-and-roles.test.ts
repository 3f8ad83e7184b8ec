import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { whenTestEnds } from '../support/endings.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'

const mark = ['mark', 'unapplied', 'blog.0001', '--yes', '--json']

/** Cases L37 and others: MySQL's own message names no right. */
describe.each(engines.filter((engine) => engine === 'mysql' || engine === 'mariadb'))('%s', (engine) => {
  it('an account without LOCK TABLES and DELETE hears both, with their GRANTs; with these the change goes through', async () => {
    const database = await freshDatabase(engine)
    const project = await fakeProject(database)
    const user = `ms_role_${randomBytes(4).toString('hex')}`
    const name = new URL(database.url).pathname.slice(1)
    await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'; GRANT SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX, DROP ON ${name}.* TO '${user}'@'%'`)
    whenTestEnds(async () => void (await database.query(`DROP USER '${user}'@'%'`)))
    const url = new URL(database.url)
    url.username = user
    url.password = 'x'
    const options = { cwd: project.folder, env: { MIGSTATE_URL: url.href } }
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
})
