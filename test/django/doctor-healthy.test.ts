import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, oneDjango, projectAt } from '../support/django.js'

const version = oneDjango as string

const settings = (more = '') => `import os
SECRET_KEY = "x"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
AUTH_USER_MODEL = "people.Person"
INSTALLED_APPS = [
    "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.admin", "django.contrib.sessions", "django.contrib.sites",
    "people", "zoo", "park", "old",
]
SITE_ID = 1
SILENCED_SYSTEM_CHECKS = ["admin.E403", "admin.E406", "admin.E408", "admin.E409", "admin.E410"]
DATABASES = {"default": {"ENGINE": os.environ["SHOP_DB_ENGINE"], "NAME": os.environ["SHOP_DB_NAME"], "HOST": os.environ.get("SHOP_DB_HOST", ""),
    "PORT": os.environ.get("SHOP_DB_PORT", ""), "USER": os.environ.get("SHOP_DB_USER", ""), "PASSWORD": os.environ.get("SHOP_DB_PASSWORD", "")}}
${more}
`

const migration = (dependencies: string, operations: string, more = '') => `from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion


def nothing(apps, schema_editor):
    pass


class Migration(migrations.Migration):
${more}    dependencies = [${dependencies}]
    operations = [${operations}]
`

const ID = '("id", models.AutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID"))'

/** Everything that a naive comparison takes for damage. */
const FILES: Record<string, string> = {
  'manage.py': `import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
`,
  'settings.py': settings(),
  ...Object.fromEntries(['people', 'zoo', 'park', 'old'].flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((path) => [path, '']))),
  'people/models.py': 'from django.contrib.auth.models import AbstractUser\n\n\nclass Person(AbstractUser):\n    class Meta:\n        db_table = "staff"\n',
  'people/migrations/0001_initial.py': migration(
    '("auth", "0012_alter_user_first_name_max_length")',
    `migrations.CreateModel("Person", [${ID}, ("password", models.CharField(max_length=128)), ("last_login", models.DateTimeField(null=True)),
      ("is_superuser", models.BooleanField(default=False)), ("username", models.CharField(max_length=150, unique=True)),
      ("first_name", models.CharField(max_length=150)), ("last_name", models.CharField(max_length=150)), ("email", models.EmailField(max_length=254)),
      ("is_staff", models.BooleanField(default=False)), ("is_active", models.BooleanField(default=True)), ("date_joined", models.DateTimeField()),
      ("groups", models.ManyToManyField(to="auth.Group")), ("user_permissions", models.ManyToManyField(to="auth.Permission"))], options={"db_table": "staff"})`,
  ),
  'zoo/migrations/0001_initial.py': migration(
    'migrations.swappable_dependency(settings.AUTH_USER_MODEL)',
    `migrations.CreateModel("Cage", [${ID}, ("size", models.IntegerField(default=1))], options={"db_table": "cages"}),
    migrations.CreateModel("Animal", [${ID}, ("name", models.CharField(max_length=20, db_column="animal_name")), ("keeper", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)),
      ("friends", models.ManyToManyField("self")), ("homes", models.ManyToManyField("zoo.Cage", db_table="animal_homes"))]),
    migrations.CreateModel("Bird", [("animal_ptr", models.OneToOneField("zoo.Animal", models.CASCADE, parent_link=True, auto_created=True, primary_key=True, serialize=False)), ("wings", models.IntegerField(default=2))], bases=("zoo.animal",)),
    migrations.CreateModel("Parrot", [], options={"proxy": True}, bases=("zoo.bird",)),
    migrations.CreateModel("Report", [${ID}, ("text", models.TextField())], options={"managed": False, "db_table": "reports_of_others"}),
    migrations.CreateModel("Ticket", [("code", models.CharField(max_length=9, primary_key=True, serialize=False)), ("price", models.IntegerField(default=1))])`,
  ),
  'zoo/migrations/0002_changes.py': migration(
    '("zoo", "0001_initial")',
    `migrations.RenameModel("Ticket", "Entry"), migrations.RenameField("entry", "price", "cost"), migrations.AlterModelTable("entry", "entries"),
    migrations.AddField("entry", "visitors", models.ManyToManyField(settings.AUTH_USER_MODEL)), migrations.CreateModel("Guide", [${ID}, ("cages", models.ManyToManyField("zoo.Cage"))]), migrations.RenameModel("Guide", "Leader"),
    migrations.AddField("cage", "note", models.TextField(default="")), migrations.RemoveField("cage", "note"),
    migrations.AlterField("entry", "cost", models.BigIntegerField(default=2, db_column="cost_of_entry")),
    migrations.CreateModel("Gone", [${ID}]), migrations.DeleteModel("Gone"), migrations.AddField("report", "more", models.TextField(default="")),
    migrations.AddIndex("cage", models.Index(fields=["size"], name="cage_size")), migrations.RunPython(nothing, nothing)`,
  ),
  'zoo/migrations/0003_moved.py': migration(
    '("zoo", "0002_changes")',
    'migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("animal", "homes"), migrations.RemoveField("leader", "cages"), migrations.DeleteModel("Cage")])',
  ),
  'park/migrations/0001_initial.py': migration(
    '("zoo", "0002_changes")',
    `migrations.SeparateDatabaseAndState(state_operations=[migrations.CreateModel("Cage", [${ID}, ("size", models.IntegerField(default=1))], options={"db_table": "cages"})]),
    migrations.AddField("cage", "roof", models.BooleanField(default=True)), migrations.AlterModelOptions("cage", {"ordering": ["size"]})`,
  ),
  'old/migrations/0001_initial.py': migration('', `migrations.CreateModel("A", [${ID}])`),
  'old/migrations/0002_b.py': migration('("old", "0001_initial")', 'migrations.AddField("a", "b", models.IntegerField(default=0))'),
  'old/migrations/0003_c.py': migration('("old", "0002_b")', 'migrations.AddField("a", "c", models.IntegerField(default=0))'),
}
FILES['zoo/migrations/0003_moved.py'] =
  FILES['zoo/migrations/0003_moved.py']?.replace('("zoo", "0002_changes")', '("zoo", "0002_changes"), ("park", "0001_initial")') ?? ''

const SQUASH = migration(
  '',
  `migrations.CreateModel("A", [${ID}, ("b", models.IntegerField(default=0)), ("c", models.IntegerField(default=0))])`,
  '    replaces = [("old", "0001_initial"), ("old", "0002_b"), ("old", "0003_c")]\n',
)

describe.runIf(Object.keys(djangos).length > 0).each(engines)('healthy states on %s', (engine) => {
  let database: TestDatabase
  let project: DjangoProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = projectAt(mkdtempSync(join(tmpdir(), 'migstate-healthy-')), version, database)
    project.write(FILES)
    const migrated = await project.manage('migrate', '-v0')
    expect(migrated, migrated.output).toMatchObject({ exitCode: 0 })
  })
  afterEach(async () => {
    project.remove()
    await database.drop()
  })

  const doctor = async () =>
    (await migstate(['doctor', '--json'], { cwd: project.folder, env: project.env })).json.result.findings as {
      code: string
      app: string
      migration: string
      severity: string
      evidence: string[]
      repairs: { command: string; recommended: boolean }[]
    }[]
  const codes = async () => (await doctor()).map(({ code, app, migration: name, severity }) => [code, app, name, severity])
  const forget = (...names: string[]) =>
    database.query(`DELETE FROM django_migrations WHERE app = 'old' AND name IN (${names.map((name) => `'${name}'`).join(', ')})`)
  const squash = '0001_squashed_0003_c'

  it('inheritance, proxies, unmanaged and renamed models, columns and tables of other names, moved models, tables of others', async () => {
    await database.query('CREATE TABLE old_thing (id integer)')
    await database.query('CREATE TABLE reports_of_others (id integer)')
    expect(await codes()).toEqual([])
    // Each single row that is lost is found, and no other one is blamed.
    for (const [app, name] of [
      ['zoo', '0002_changes'],
      ['park', '0001_initial'],
      ['people', '0001_initial'],
    ] as const) {
      const [row] = await database.query(`SELECT * FROM django_migrations WHERE app = '${app}' AND name = '${name}'`)
      await database.query(`DELETE FROM django_migrations WHERE app = '${app}' AND name = '${name}'`)
      const found = await doctor()
      expect(
        found.map((one) => [one.code, one.app, one.migration]),
        JSON.stringify(found),
      ).toEqual([['hole', app, name]])
      expect(found[0]?.repairs[0], found[0]?.evidence.join('\n')).toMatchObject({ command: `migstate mark applied ${app}.${name}`, recommended: true })
      await database.query(`INSERT INTO django_migrations (id, app, name, applied) VALUES (${row?.id}, '${app}', '${name}', '${row?.applied}')`)
    }
    expect(await codes()).toEqual([])
  })

  it('a router that keeps an app away: rows without tables are no finding', async () => {
    await database.query('DROP TABLE old_a')
    expect(await codes()).toEqual([['recorded-missing', 'old', '0001_initial', 'error']])
    project.write({ 'settings.py': settings('DATABASE_ROUTERS = ["routers.R"]') })
    expect(await codes()).toEqual([])
  })

  it('a squash beside its files: recorded or not yet, and its pending successor', async () => {
    project.write({
      [`old/migrations/${squash}.py`]: SQUASH,
      'old/migrations/0004_d.py': migration(`("old", "${squash}")`, 'migrations.AddField("a", "d", models.IntegerField(default=0))'),
    })
    expect(await codes()).toEqual([['squash-unrecorded', 'old', squash, 'info']])
    await project.manage('migrate', '-v0')
    expect(await codes()).toEqual([])
  })

  it('squash-not-believed: the row of the squash alone', async () => {
    project.write({ [`old/migrations/${squash}.py`]: SQUASH })
    await project.manage('migrate', '-v0')
    await forget('0001_initial', '0002_b', '0003_c')
    const found = await doctor()
    expect(found.map((one) => [one.code, one.migration])).toEqual([['squash-not-believed', squash]])
    await repair(found)
    await content()
  })

  it('squash-partial: a part is neither recorded nor on disk', async () => {
    project.write({ [`old/migrations/${squash}.py`]: SQUASH })
    await forget('0002_b')
    const { rmSync } = await import('node:fs')
    for (const name of ['0001_initial', '0002_b', '0003_c']) rmSync(join(project.folder, 'old/migrations', `${name}.py`))
    const found = await doctor()
    expect(found.map((one) => [one.code, one.migration])).toEqual([['squash-partial', squash]])
    await repair(found)
    await content()
  })

  it('squash-stale-row: the squash is recorded, one of its parts is not', async () => {
    project.write({ [`old/migrations/${squash}.py`]: SQUASH })
    await project.manage('migrate', '-v0')
    await database.query('ALTER TABLE old_a DROP COLUMN c')
    await forget('0003_c')
    const found = await doctor()
    expect(found.map((one) => [one.code, one.migration])).toEqual([['squash-stale-row', squash]])
    await repair(found)
    await content()
  })

  it('squash-unrecorded: "replaces" was taken out before this database recorded the squash', async () => {
    const { rmSync } = await import('node:fs')
    for (const name of ['0001_initial', '0002_b', '0003_c']) rmSync(join(project.folder, 'old/migrations', `${name}.py`))
    project.write({ [`old/migrations/${squash}.py`]: SQUASH.replace(/ {4}replaces = .*\n/, '') })
    const found = await doctor()
    expect(found.map((one) => [one.code, one.migration, one.severity])).toEqual([['squash-unrecorded', squash, 'error']])
    await repair(found)
    expect((await project.manage('migrate', '--check')).exitCode).toBe(0)
  })

  async function repair(found: Awaited<ReturnType<typeof doctor>>): Promise<void> {
    for (const { repairs } of found) {
      const command = repairs.find(({ recommended }) => recommended)?.command ?? ''
      if (command.startsWith('python')) await project.manage(...command.split(' ').slice(2))
      else {
        const done = await migstate([...command.split(' ').slice(1), '--yes'], { cwd: project.folder, env: project.env })
        expect(done.exitCode, done.stdout + done.stderr).toBe(0)
      }
    }
  }

  async function content(): Promise<void> {
    const check = await project.manage('migrate', '--check')
    expect(check, check.output).toMatchObject({ exitCode: 0 })
    await project.manage('migrate', '-v0')
    expect(await codes()).toEqual([])
  }
})
