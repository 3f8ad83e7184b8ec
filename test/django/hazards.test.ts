import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, oneDjango, shopProject } from '../support/django.js'

/** The target's body, what came later, the codes of the hazards that name it, and whether Django then fails. */
type Case = [name: string, body: string, later: string, codes: string[], fails: boolean]

const CREATE = 'Thing.objects.create(name="again")'
const READ = 'list(Thing.objects.all())'
const UPDATE = 'Thing.objects.update(name="y")'

const HAZARDS: Case[] = [
  ['a field added as NOT NULL, and inserts', CREATE, 'migrations.AddField("thing", "z", models.IntegerField(default=0))', ['later-not-null'], true],
  [
    'a field added as NOT NULL in a column of its own, and inserts',
    CREATE,
    'migrations.AddField("thing", "z", models.TextField("not null=True", default="", db_column="Total amount"))',
    ['later-not-null'],
    true,
  ],
  ['a field removed, and reads', READ, 'migrations.RemoveField("thing", "note")', ['later-removed'], true],
  ['a field renamed, and updates', UPDATE, 'migrations.RenameField("thing", "name", "title")', ['later-removed'], true],
  ['a field renamed, and reads', READ, 'migrations.RenameField("thing", "note", "remark")', ['later-removed'], true],
  ['the model removed', READ, 'migrations.DeleteModel("Thing")', ['later-table-gone'], true],
  ['the model renamed', CREATE, 'migrations.RenameModel("Thing", "Item")', ['later-table-gone'], true],
  ['the table moved', READ, 'migrations.AlterModelTable("thing", "things")', ['later-table-gone'], true],
  [
    'a field made unique, and inserts',
    'Thing.objects.create(name="first", note="n")',
    'migrations.AlterField("thing", "name", models.CharField(max_length=50, unique=True))',
    ['later-unique'],
    true,
  ],
  [
    'a field made NOT NULL, and inserts that leave it empty',
    CREATE,
    'migrations.AlterField("thing", "note", models.CharField(max_length=50, default=""))',
    ['later-not-null'],
    true,
  ],
  [
    'a unique constraint, and inserts',
    'Thing.objects.create(name="first")',
    'migrations.AddConstraint("thing", models.UniqueConstraint(fields=["name"], name="one_name"))',
    ['later-constraint'],
    true,
  ],
  ['a column moved', READ, 'migrations.AlterField("thing", "note", models.CharField(max_length=50, null=True, db_column="remark"))', ['later-removed'], true],
  [
    'unique together, and inserts',
    'Thing.objects.create(name="first", note="n")',
    'migrations.AlterUniqueTogether("thing", {("name", "note")})',
    ['later-constraint'],
    true,
  ],
]

const HARMLESS: Case[] = [
  ['a nullable field added', CREATE, 'migrations.AddField("thing", "z", models.IntegerField(null=True))', [], false],
  ['a field added as NOT NULL, and reads only', READ, 'migrations.AddField("thing", "z", models.IntegerField(default=0))', [], false],
  ['a field added as NOT NULL with a default of the database', CREATE, 'migrations.AddField("thing", "z", models.IntegerField(db_default=0))', [], false],
  ['an index', CREATE, 'migrations.AddIndex("thing", models.Index(fields=["name"], name="by_name"))', [], false],
  ['options', CREATE, 'migrations.AlterModelOptions("thing", {"ordering": ["name"]})', [], false],
  ['choices and help', CREATE, 'migrations.AlterField("thing", "name", models.CharField(max_length=50, help_text="x", choices=[("a", "A")]))', [], false],
  ['another model removed', READ, 'migrations.DeleteModel("Other")', [], false],
  [
    'a field that came later is removed',
    CREATE,
    'migrations.AddField("thing", "z", models.IntegerField(null=True)), migrations.RemoveField("thing", "z")',
    [],
    false,
  ],
  [
    'a field that came later is renamed',
    READ,
    'migrations.AddField("thing", "z", models.IntegerField(null=True)), migrations.RenameField("thing", "z", "y")',
    [],
    false,
  ],
  ['a field made longer', UPDATE, 'migrations.AlterField("thing", "name", models.CharField(max_length=90))', [], false],
  [
    'a field made NOT NULL that the insert fills',
    'Thing.objects.create(name="x", note="n")',
    'migrations.AlterField("thing", "note", models.CharField(max_length=50, default=""))',
    [],
    false,
  ],
  ['a new model', CREATE, 'migrations.CreateModel("More", [("id", models.AutoField(primary_key=True))])', [], false],
  ['only the state', READ, 'migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("thing", "note")])', [], false],
]

describe('hazards of later migrations, and what Django then does', () => {
  let database: TestDatabase
  let shop: DjangoProject
  let number = 0
  beforeAll(async () => {
    database = await freshDatabase('sqlite')
    shop = shopProject(oneDjango as string, database)
    await shop.manage('migrate', '-v0')
  })
  afterAll(async () => {
    shop.remove()
    await database.drop()
  })

  it.each([...HAZARDS, ...HARMLESS])('%s', async (_name, body, later, codes, fails) => {
    const app = `case${number++}`
    shop.write({
      [`${app}/__init__.py`]: '',
      [`${app}/migrations/__init__.py`]: '',
      [`${app}/migrations/0001_initial.py`]: migration(
        [],
        'migrations.CreateModel("Thing", [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=50)), ("note", models.CharField(max_length=50, null=True))]), migrations.CreateModel("Other", [("id", models.AutoField(primary_key=True))])',
      ),
      [`${app}/migrations/0002_data.py`]: migration(
        [`("${app}", "0001_initial")`],
        'migrations.RunPython(forward)',
        `def forward(apps, schema_editor):\n    Thing = apps.get_model("${app}", "Thing")\n    ${body}\n`,
      ),
      [`${app}/migrations/0003_later.py`]: migration([`("${app}", "0002_data")`], later),
      'project/settings.py': `${SETTINGS}INSTALLED_APPS += ["${app}"]\n`,
    })
    const migrated = await shop.manage('migrate', app, '-v0')
    expect(migrated, migrated.output).toMatchObject({ exitCode: 0 })
    const run = (...argv: string[]) => migstate(['rerun', app, '0002', '--json', ...argv], { cwd: shop.folder, env: shop.env })
    const { hazards } = (await run('--dry-run')).json.result
    const found = hazards.filter((one: { code: string }) => one.code.startsWith('later-'))
    expect(found.map((one: { code: string }) => one.code)).toEqual(codes)
    for (const one of found) expect(one).toMatchObject({ migration: [app, '0003_later'], message: expect.stringContaining(`${app}.0003_later`) })
    const ran = await run('--yes')
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(fails ? 7 : 0)
  })

  it('what its code does, by line; the alias; its own operations', async () => {
    shop.write({
      'extra/__init__.py': '',
      'extra/migrations/__init__.py': '',
      'extra/migrations/0001_data.py': migration(
        [],
        'migrations.RunPython(forward)',
        'from shop.models import Product\nfrom django.core.mail import send_mail\n\n\ndef forward(apps, schema_editor):\n    Order = apps.get_model("shop", "Order")\n    Order.objects.filter(quantity=0).delete()\n    Order.objects.get_or_create(quantity=1)\n    for order in Order.objects.all():\n        order.quantity += 1\n        order.save()\n    Product.objects.create(name="x")\n    schema_editor.execute("SELECT 1")\n    send_mail("a", "b", "c", ["d"])\n    open("/tmp/x", "w").close()\n',
      ).replace('dependencies = []', 'dependencies = [("shop", "0004_order")]\n    atomic = False'),
      'project/settings.py': `${SETTINGS}INSTALLED_APPS += ["extra"]\n`,
    })
    await shop.manage('migrate', '--fake', 'extra', '-v0')
    const { hazards } = (await migstate(['rerun', 'extra', '0001', '--dry-run', '--json'], { cwd: shop.folder, env: shop.env })).json.result
    const codes = hazards.map((one: { code: string; line: number | null }) => [one.code, one.line])
    expect(codes).toEqual([
      ['deletes', 9],
      ['accumulates', 12],
      ['inserts', 14],
      ['real-model', 14],
      ['raw-sql', 15],
      ['mail', 16],
      ['files', 17],
      ['not-atomic', null],
    ])
  })
})

function migration(dependencies: string[], operations: string, code = ''): string {
  return `from django.db import migrations, models\n\n${code}\n\nclass Migration(migrations.Migration):\n    dependencies = [${dependencies.join(', ')}]\n    operations = [${operations}]\n`
}

const SETTINGS = `import os

BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SECRET_KEY = "x"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop", "billing", "reports"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SHOP_DB_NAME"]}}
`
