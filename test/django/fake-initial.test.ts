import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, projectAt } from '../support/django.js'

/** `fake --initial` on live schemas beside `manage.py migrate --fake-initial`: what Django only records is recorded, and nothing else. */
const ID = '("id", models.AutoField(primary_key=True, serialize=False))'
const migration = (on: string[], operations: string[], initial = true) =>
  `from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    initial = ${initial ? 'True' : 'None'}\n    dependencies = [${on
    .map(
      (one) =>
        `(${one
          .split('.')
          .map((part) => `"${part}"`)
          .join(', ')})`,
    )
    .join(', ')}]\n    operations = [${operations.join(', ')}]\n`

const FILES: Record<string, string> = {
  'manage.py':
    'import os, sys\n\nif __name__ == "__main__":\n    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n',
  'settings.py': `import os
SECRET_KEY = "x"
INSTALLED_APPS = ["a", "b", "c"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {"default": {"ENGINE": os.environ["SHOP_DB_ENGINE"], "NAME": os.environ["SHOP_DB_NAME"], "HOST": os.environ.get("SHOP_DB_HOST", ""),
    "PORT": os.environ.get("SHOP_DB_PORT", ""), "USER": os.environ.get("SHOP_DB_USER", ""), "PASSWORD": os.environ.get("SHOP_DB_PASSWORD", "")}}
`,
  ...Object.fromEntries(['a', 'b', 'c'].flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((path) => [path, '']))),
  'a/migrations/0001_initial.py': migration(
    [],
    [`migrations.CreateModel("M", [${ID}, ("x", models.IntegerField(null=True))], options={"db_table": "Mixed_m"})`],
  ),
  'a/migrations/0002_more.py': migration(['a.0001_initial'], ['migrations.AddField("m", "note", models.TextField(null=True))']),
  'b/migrations/0001_initial.py': migration([], [`migrations.CreateModel("N", [${ID}])`]),
  'c/migrations/0001_initial.py': migration(['b.0001_initial'], [`migrations.CreateModel("O", [${ID}])`]),
  'c/migrations/0002_data.py': migration(['c.0001_initial'], ['migrations.RunPython(migrations.RunPython.noop)'], false),
}

/** Statements before, and what is only recorded. */
const STATES: [name: string, tables: string[], recorded: string[]][] = [
  ['nothing is there', [], []],
  ['one table of one app', ['CREATE TABLE "Mixed_m" (id integer, x integer)'], ['a.0001_initial']],
  ['the column of the next one too', ['CREATE TABLE "Mixed_m" (id integer, x integer, note varchar(9))'], ['a.0001_initial', 'a.0002_more']],
  ['a table above one that has to run: it waits', ['CREATE TABLE c_o (id integer)'], []],
  [
    'all tables',
    ['CREATE TABLE "Mixed_m" (id integer, note varchar(9))', 'CREATE TABLE b_n (id integer)', 'CREATE TABLE c_o (id integer)'],
    ['a.0001_initial', 'a.0002_more', 'b.0001_initial', 'c.0001_initial'],
  ],
  ['a view is no table', ['CREATE TABLE other (id integer)', 'CREATE VIEW b_n AS SELECT id FROM other'], []],
]

describe.each(engines)('%s', (engine) => {
  const made: { database: TestDatabase; project: DjangoProject }[] = []
  afterEach(async () => {
    for (const { database, project } of made.splice(0)) {
      project.remove()
      await database.drop()
    }
  })
  const site = async (version: string, tables: string[]) => {
    const database = await freshDatabase(engine)
    const project = projectAt(mkdtempSync(join(tmpdir(), 'migstate-initial-')), version, database)
    project.write(FILES)
    made.push({ database, project })
    const quote = engine === 'mysql' || engine === 'mariadb' ? '`' : '"'
    for (const one of tables) await database.query(one.replaceAll('"', quote))
    // The table of the history, without a row.
    for (const target of ['0001', 'zero']) {
      const faked = await project.manage('migrate', '--fake', 'a', target, '-v0')
      expect(faked, faked.output).toMatchObject({ exitCode: 0 })
    }
    const rows = async () =>
      ((await database.query('SELECT app, name FROM django_migrations ORDER BY id')) as { app: string; name: string }[]).map(
        ({ app, name }) => `${app}.${name}`,
      )
    return { database, project, rows }
  }

  for (const version of Object.keys(djangos).filter((one) => one !== '4.2'))
    describe(`Django ${version}`, () => {
      it.each(STATES)('%s', async (_name, tables, recorded) => {
        const ours = await site(version, tables)
        const said = await migstate(['fake', '--initial', '--yes', '--json'], { cwd: ours.project.folder, env: ours.project.env })
        expect(said.exitCode, said.stdout + said.stderr).toBe(0)
        expect(await ours.rows()).toEqual(recorded)
        const { left } = said.json.result as { left: { app: string; name: string; does: string }[] }
        expect(
          left
            .map(({ app, name }) => `${app}.${name}`)
            .concat(recorded)
            .sort(),
        ).toEqual(
          Object.keys(FILES)
            .flatMap((path) => (/\d{4}/.test(path) ? [path.replace('/migrations/', '.').replace('.py', '')] : []))
            .sort(),
        )
        // Django says of each step, as it comes to it, whether it is faked.
        const django = await (await site(version, tables)).project.manage('migrate', '--fake-initial', '--no-color')
        const faked = [...django.output.matchAll(/Applying ([\w.]+)\.{3} FAKED/g)].map((match) => match[1] as string)
        const ran = [...django.output.matchAll(/Applying ([\w.]+)\.{3} OK/g)].map((match) => match[1] as string)
        // What Django fakes above a step that runs is left here, since nothing runs.
        expect(
          faked.filter((one) => recorded.includes(one)),
          django.output,
        ).toEqual(recorded)
        for (const one of left) if (one.does === 'run') expect(faked, django.output).not.toContain(`${one.app}.${one.name}`)
        for (const one of left) if (one.does === 'wait') expect(ran, django.output).not.toContain(`${one.app}.${one.name}`)
      })
    })

  it('the same with Django going on from there: nothing is faked twice, and what was left runs', async () => {
    const [version] = Object.keys(djangos)
    const { project, rows } = await site(version as string, ['CREATE TABLE "Mixed_m" (id integer, x integer)'])
    await migstate(['fake', '--initial', '--yes'], { cwd: project.folder, env: project.env })
    const done = await project.manage('migrate', '--no-color')
    expect(done, done.output).toMatchObject({ exitCode: 0 })
    expect(done.output).not.toContain('a.0001_initial')
    expect((await rows()).sort()).toHaveLength(5)
  })
})
