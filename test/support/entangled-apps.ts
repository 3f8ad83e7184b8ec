import { migrationFile } from './broken-shop.js'

const thing = (field: string) => `migrations.AddField("thing", "${field}", models.IntegerField(null=True))`
const data = 'migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)'
const key = '("id", models.AutoField(primary_key=True))'

/** Four apps that stand on each other: renames, data migrations, a merge, a squash beside its files, tables and columns that come and go. */
const MIGRATIONS: Record<string, Record<string, string>> = {
  alpha: {
    '0001_initial': migrationFile('', `migrations.CreateModel("Thing", [${key}, ("one", models.IntegerField(default=1))])`),
    '0002_two': migrationFile('("alpha", "0001_initial")', thing('two')),
    '0003_fill': migrationFile('("alpha", "0002_two")', data),
    '0004_deux': migrationFile('("alpha", "0003_fill")', 'migrations.RenameField("thing", "two", "deux")'),
    '0005_index': migrationFile('("alpha", "0004_deux")', 'migrations.AddIndex("thing", models.Index(fields=["one"], name="alpha_one"))'),
    '0006_less': migrationFile('("alpha", "0005_index")', 'migrations.RemoveField("thing", "deux")'),
  },
  bravo: {
    '0001_initial': migrationFile(
      '("alpha", "0001_initial")',
      `migrations.CreateModel("Box", [${key}, ("thing", models.ForeignKey("alpha.Thing", models.CASCADE))])`,
    ),
    '0002_things': migrationFile(
      '("bravo", "0001_initial"), ("alpha", "0003_fill")',
      'migrations.AddField("box", "things", models.ManyToManyField("alpha.Thing", related_name="boxes"))',
    ),
    '0003_sort': migrationFile('("bravo", "0002_things")', data),
    '0004_crate': migrationFile('("bravo", "0003_sort"), ("alpha", "0005_index")', 'migrations.RenameModel("Box", "Crate")'),
  },
  charlie: {
    '0001_initial': migrationFile(
      '',
      `migrations.CreateModel("Old", [${key}]), migrations.CreateModel("Kept", [${key}, ("a", models.IntegerField(null=True))])`,
    ),
    '0002_left': migrationFile('("charlie", "0001_initial")', 'migrations.AddField("kept", "left", models.IntegerField(null=True))'),
    '0002_right': migrationFile(
      '("charlie", "0001_initial"), ("bravo", "0001_initial")',
      'migrations.AddField("kept", "right", models.IntegerField(null=True))',
    ),
    '0003_merge': migrationFile('("charlie", "0002_left"), ("charlie", "0002_right")', ''),
    '0004_drop_old': migrationFile('("charlie", "0003_merge")', 'migrations.DeleteModel("Old")'),
    '0005_table': migrationFile('("charlie", "0004_drop_old")', 'migrations.AlterModelTable("kept", "charlie_moved")'),
  },
  delta: {
    '0001_initial': migrationFile('("alpha", "0002_two")', `migrations.CreateModel("Note", [${key}, ("text", models.TextField(default=""))])`),
    '0002_four': migrationFile('("delta", "0001_initial")', 'migrations.AddField("note", "four", models.IntegerField(null=True))'),
    '0003_five': migrationFile('("delta", "0002_four")', 'migrations.AddField("note", "five", models.IntegerField(null=True))'),
    '0002_squashed_0003': migrationFile(
      '("delta", "0001_initial")',
      'migrations.AddField("note", "four", models.IntegerField(null=True)), migrations.AddField("note", "five", models.IntegerField(null=True))',
      '    replaces = [("delta", "0002_four"), ("delta", "0003_five")]\n',
    ),
    '0004_six': migrationFile(
      '("delta", "0002_squashed_0003"), ("charlie", "0003_merge")',
      'migrations.AddField("note", "six", models.IntegerField(null=True))',
    ),
  },
}

export const APPS = Object.keys(MIGRATIONS)

export const NAMES: readonly (readonly [app: string, name: string])[] = Object.entries(MIGRATIONS).flatMap(([app, files]) =>
  Object.keys(files).map((name) => [app, name] as const),
)

/** What no operation on the schema shows. */
export const TRACELESS: ReadonlySet<string> = new Set(['alpha.0003_fill', 'bravo.0003_sort', 'charlie.0003_merge'])

export const FILES: Record<string, string> = {
  'project/settings.py': `import os
SECRET_KEY = "x"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [${APPS.map((app) => `"${app}"`).join(', ')}]
DATABASES = {"default": {"ENGINE": os.environ["SHOP_DB_ENGINE"], "NAME": os.environ["SHOP_DB_NAME"]}}
`,
  ...Object.fromEntries(
    Object.entries(MIGRATIONS).flatMap(([app, files]) => [
      [`${app}/__init__.py`, ''],
      [`${app}/migrations/__init__.py`, ''],
      ...Object.entries(files).map(([name, text]) => [`${app}/migrations/${name}.py`, text]),
    ]),
  ),
}

/** Words of `manage.py migrate` that lead to healthy histories of every kind. */
export const TARGETS: readonly (readonly string[][])[] = [
  [[]],
  [['alpha']],
  [['alpha', '0003_fill']],
  [
    ['alpha', '0004_deux'],
    ['charlie', '0002_left'],
  ],
  [['bravo', '0002_things']],
  [
    ['bravo', '0003_sort'],
    ['charlie', '0004_drop_old'],
  ],
  [['bravo']],
  [['charlie']],
  [
    ['charlie', '0003_merge'],
    ['delta', '0001_initial'],
  ],
  [['delta']],
  [
    ['delta', '0002_squashed_0003'],
    ['bravo', '0001_initial'],
  ],
  [
    ['charlie', '0002_right'],
    ['alpha', '0006_less'],
  ],
]
