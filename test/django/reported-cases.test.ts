import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { fingerprint } from '../support/history-table.js'
import { reportedCase } from '../support/reported.js'

/** Reports in which the database, the server or the environment is at fault; those of a broken history are in doctor-cases, those of odd tables in table-cases. */
describe('reported cases of surroundings', () => {
  const SETTING = (engine: string) => `import os\nSECRET_KEY = "x"\nINSTALLED_APPS = ["b"]\nDATABASES = {"default": {"ENGINE": "${engine}", "NAME": "x"}}\n`

  reportedCase(
    'L21',
    'sqlite',
    'engines by other names: MySQL is one, SQL Server and Oracle are named with what works without them',
    async ({ project, run }) => {
      for (const [engine, name] of [
        ['mssql', 'SQL Server'],
        ['django.db.backends.oracle', 'Oracle'],
      ] as const) {
        project.write({ 'proj/settings.py': SETTING(engine) })
        const refused = await run('migstate status --json')
        expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([2, 'database-unknown'])
        expect(refused.json.error.message).toContain(`${name} is not supported`)
        expect(refused.json.error.hint).toContain('files alone')
        const url = `sqlite:///${join(project.folder, 'empty.sqlite3')}`
        writeFileSync(join(project.folder, 'empty.sqlite3'), '')
        const plan = await run(`migstate plan --url ${url} --json`)
        expect([plan.exitCode, plan.json.result.steps.map((step: { name: string }) => step.name)], plan.stdout).toEqual([0, ['0001_initial']])
      }
      project.write({ 'proj/settings.py': SETTING('mysql.connector.django').replace('"NAME": "x"', '"NAME": "x", "HOST": "127.0.0.1", "PORT": "9"') })
      expect((await run('migstate status --json')).json.error.code).toBe('cannot-connect')
    },
  )

  reportedCase('L25', 'sqlite', 'the rules are those of the Django that PYTHONPATH, --path or the project has', async ({ project, run }) => {
    const outside = join(project.folder, '..', `${project.folder.split('/').at(-1)}-lib`)
    for (const folder of [outside, join(project.folder, 'lib')]) {
      mkdirSync(join(folder, 'django'), { recursive: true })
      writeFileSync(join(folder, 'django', '__init__.py'), "VERSION = (1, 8, 19, 'final', 0)\n")
    }
    const none = { VIRTUAL_ENV: undefined }
    for (const [command, env] of [
      ['migstate plan --json', { ...none, PYTHONPATH: outside }],
      [`migstate plan --json --path ${outside}`, none],
      ['migstate plan --json', { ...none, PYTHONPATH: 'lib' }],
    ] as const) {
      const plan = await run(command, env)
      // Django 1.8 looks at no history before it migrates.
      expect([plan.exitCode, plan.json.result], `${command} ${plan.stdout}`).toMatchObject([0, { steps: [], blockedBy: [] }])
      expect(plan.json.warnings).toEqual([])
    }
    const refused = await run('migstate plan --json --django-version 5.2', none)
    expect(refused.json.result.blockedBy).toMatchObject([{ gate: 'inconsistent-history' }])
  })

  reportedCase('L29', 'postgresql', 'a server that ends idle sessions: the run is longer, and ends well', async ({ database, run }) => {
    const name = new URL(database.url).pathname.slice(1)
    await database.query(`ALTER DATABASE ${name} SET idle_session_timeout = '2s'`)
    const before = await fingerprint(database)
    const done = await run('migstate rerun b 0002 --yes --json')
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    expect((await run('migstate recover --yes --json')).exitCode).toBe(0)
  })

  reportedCase('L34', 'sqlite', 'a router says no: nothing ran, and it is said so', async ({ database, run }) => {
    const before = await fingerprint(database)
    const refused = await run('migstate rerun b 0002 --yes --json')
    expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([7, 'manage-failed'])
    expect(refused.json.error.message).toContain('Nothing of b.0002_d ran: the routers of the project skip b on the database "default"')
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('migstate recover --yes --json')).exitCode).toBe(0)
  })

  reportedCase('L34', 'sqlite', 'a router that lets one operation through: that one ran, the other is named', async ({ project, run }) => {
    project.write({
      'b/migrations/0002_d.py': `from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("b", "0001_initial")]
    operations = [
        migrations.RunPython(lambda apps, editor: print("RAN"), migrations.RunPython.noop),
        migrations.RunPython(lambda apps, editor: print("NOT THIS"), migrations.RunPython.noop, hints={"never": True}),
    ]
`,
      'proj/router.py': 'class Router:\n    def allow_migrate(self, db, app_label, **hints):\n        return not hints.get("never")\n',
    })
    const done = await run('migstate rerun b 0002 --yes --json')
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    expect(done.stderr).toContain('RAN')
    expect(done.json.warnings).toMatchObject([{ code: 'router-skipped', message: expect.stringContaining('did not run: RunPython <lambda>') }])
  })

  for (const engine of ['mysql', 'mariadb'] as const)
    reportedCase('L37', engine, 'an account without LOCK TABLES hears the right and its GRANT', async ({ database, run }) => {
      const user = `ms_c37_${Math.random().toString(36).slice(2, 8)}`
      const name = new URL(database.url).pathname.slice(1)
      await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`)
      await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES, DROP ON ${name}.* TO '${user}'@'%'`)
      try {
        const url = new URL(database.url)
        url.username = user
        url.password = 'x'
        const refused = await run(`migstate mark unapplied b 0002 --yes --json --url ${url.href}`)
        expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([1, 'missing-rights'])
        expect(refused.json.error.hint).toMatch(/GRANT LOCK TABLES ON/)
        expect(refused.json.error.hint).not.toMatch(/DELETE/)
      } finally {
        await database.query(`DROP USER '${user}'@'%'`)
      }
    })
})
