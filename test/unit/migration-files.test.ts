import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type MigrationFile, openProject } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'

/** Migration files as real projects write them (the odd ones by name): what Django would read, or an honest "unknown" with its place. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-migrations-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const HEAD = 'from django.conf import settings\nfrom django.db import connection, migrations, models\n'

function read(text: string, { settings = '', more = {} }: { settings?: string; more?: Record<string, string> } = {}): MigrationFile {
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': `INSTALLED_APPS = ["a", "players"]\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x"}}\n${settings}`,
    'a/__init__.py': '',
    'a/migrations/__init__.py': '',
    'players/__init__.py': '',
    'a/migrations/0001_x.py': HEAD + text,
    ...more,
  })
  const project = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} })
  const [app] = project.files().apps
  return project.detailed(app?.migrations.find((file) => file.name === '0001_x') as MigrationFile)
}

const dependencies = (file: MigrationFile) => file.dependencies.map(({ app, name }) => `${app}.${name}`).join(' ')
const CLASS = 'class Migration(migrations.Migration):\n'

describe('dependencies', () => {
  it.each([
    [
      'a sum of a conditional and a list',
      `${CLASS}    dependencies = ([("sites", "1")] if settings.SITES else []) + [("a", "2")]\n`,
      'sites.1 a.2',
      'SITES = True',
    ],
    [
      'an if in the class body',
      `${CLASS}    dependencies = [("a", "1")]\n    if "players" in settings.INSTALLED_APPS:\n        dependencies.append(("players", "1"))\n`,
      'a.1 players.1',
    ],
    [
      'apps.is_installed',
      `from django.apps import apps\n${CLASS}    dependencies = [("a", "1")]\n    if apps.is_installed("nobody"):\n        dependencies.append(("x", "1"))\n`,
      'a.1',
    ],
    [
      'connection.vendor',
      `${CLASS}    if connection.vendor == "postgresql":\n        dependencies = [("pg", "1")]\n    else:\n        dependencies = [("other", "1")]\n`,
      'pg.1',
    ],
    ['the engine of the settings', `${CLASS}    dependencies = [("pg", "1")] if "postg" in settings.DATABASES["default"]["ENGINE"] else []\n`, 'pg.1'],
    ['a module list with append', 'needed = [("a", "1")]\nneeded.append(("b", "2"))\n' + `${CLASS}    dependencies = needed\n`, 'a.1 b.2'],
    ['the same name in class and module', 'dependencies = [("a", "1")]\n' + `${CLASS}    dependencies = dependencies\n`, 'a.1'],
    [
      'a swappable setting with default',
      `${CLASS}    dependencies = [migrations.swappable_dependency(getattr(settings, "X_MODEL", "shop.Thing"))]\n`,
      'shop.__first__',
    ],
    [
      'AUTH_USER_MODEL',
      `${CLASS}    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]\n`,
      'people.__first__',
      'AUTH_USER_MODEL = "people.Person"',
    ],
    [
      'a hand-made SwappableTuple',
      'from django.db.migrations.migration import SwappableTuple\n' + `${CLASS}    dependencies = [SwappableTuple(("x", "0002_y"), "X_MODEL")]\n`,
      'x.0002_y',
    ],
    [
      'swapper',
      'import swapper\n' + `${CLASS}    dependencies = [swapper.dependency("pki", "Ca"), swapper.dependency("org", "Org", version="0004_z")]\n`,
      'other.__first__ org.0004_z',
      'PKI_CA_MODEL = "other.Ca"',
    ],
    [
      'swapper.split in the class',
      'import swapper\n' + `${CLASS}    label = swapper.split("x.Y")[0]\n    dependencies = [(label, "0001_initial")]\n`,
      'x.0001_initial',
    ],
    ['split of a setting', `${CLASS}    dependencies = [(settings.M.split(".", 1)[0], "__first__")]\n`, 'shop.__first__', 'M = "shop.Thing"'],
    ['a helper of another module', 'from a.helpers import needed\n' + `${CLASS}    dependencies = needed("b")\n`, 'b.1 b.2'],
    ['a base class of the package', 'from a.migrations import Base\nclass Migration(Base):\n    pass\n', 'base.1'],
    [
      'an object of settings',
      'from a.conf import app_settings\n' + `${CLASS}    dependencies = [migrations.swappable_dependency(app_settings.MODEL)]\n`,
      'default.__first__',
    ],
    ['text that is formatted', `${CLASS}    dependencies = [(f"{'a'}pp", "%04d" % 1 if False else "0001_{}".format("x"))]\n`, 'app.0001_x'],
    ['a change after the class', `${CLASS}    dependencies = []\n\nMigration.dependencies.append(("late", "1"))\n`, 'late.1'],
    ['a tuple of tuples', `${CLASS}    dependencies = (("a", "1"), ("b", "2"))\n`, 'a.1 b.2'],
    ['an annotation', `${CLASS}    dependencies: list[tuple[str, str]] = [("a", "1")]\n`, 'a.1'],
    [
      '__init__ that sets them',
      `${CLASS}    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n        self.dependencies = [("a", "9")]\n`,
      'a.9',
    ],
  ])('%s', (_name, text, expected, settings = '') => {
    const more = {
      'a/helpers.py':
        'def needed(app, *rest, last=2):\n    found = []\n    for number in range(1, last + 1):\n        found.append((app, str(number)))\n    return found\n',
      'a/migrations/__init__.py': 'from django.db import migrations\n\n\nclass Base(migrations.Migration):\n    dependencies = [("base", "1")]\n',
      'a/conf.py':
        'from django.conf import settings\n\n\nclass AppSettings:\n    def __init__(self, prefix):\n        self.prefix = prefix\n\n    def _setting(self, name, default):\n        return getattr(settings, self.prefix + name, default)\n\n    @property\n    def MODEL(self):\n        return self._setting("MODEL", "default.Model")\n\n\napp_settings = AppSettings("A_")\n',
    }
    const file = read(text, { settings: `${settings}\n`, more })
    expect([dependencies(file), file.problems, file.broken]).toEqual([expected, [], null])
  })

  it.each([
    [
      'a query',
      'from django.db.migrations.recorder import MigrationRecorder\n' +
        `${CLASS}    dependencies = [("a", "1")] if MigrationRecorder.Migration.objects.exists() else []\n`,
      5,
    ],
    ['a function that is not there', `${CLASS}    dependencies = discover()\n`, 4],
    ['an unknown setting', `${CLASS}    dependencies = [migrations.swappable_dependency(settings.NOBODY_SETS_IT)]\n`, 4],
    ['a decorated class', `@something\n${CLASS}    dependencies = []\n`, null],
    ['a base that is not there', 'from nowhere import Base\nclass Migration(Base):\n    pass\n', 4],
  ])('%s is said to be unknown, with file and line', (_name, text, line) => {
    const file = read(text)
    expect(file.problems).toMatchObject([{ file: expect.stringContaining('0001_x.py') }])
    if (line !== null) expect([line, null]).toContain(file.problems[0]?.line)
    expect(file.problems[0]?.message.length).toBeGreaterThan(20)
  })
})

describe('what Django cannot import', () => {
  it.each([
    ['a syntax error', 'class Migration(:\n', 'SyntaxError'],
    ['a print statement of Python 2', 'print "hello"\n' + CLASS + '    pass\n', 'SyntaxError'],
    ['no class', 'x = 1\n', 'BadMigrationError'],
    ['South', 'from south.v2 import SchemaMigration\nclass Migration(SchemaMigration):\n    pass\n', 'ModuleNotFoundError'],
    ['a raise', `raise RuntimeError("never")\n${CLASS}    pass\n`, 'RuntimeError'],
    ['wrong indentation', `${CLASS}    dependencies = []\n   operations = []\n`, 'IndentationError'],
    ['an open string', `${CLASS}    x = "abc\n    dependencies = []\n`, 'SyntaxError'],
  ])('%s', (_name, text, exception) => {
    expect(read(text).broken).toMatchObject({ exception })
  })

  it.each([
    ['parenthesised with', 'def f():\n    with (open("a") as b, open("c") as d):\n        pass\n'],
    ['yield as a value', 'def f():\n    x = yield\n    return (yield)\n'],
    ['match, walrus, star', 'def f(x):\n    match x:\n        case [1, *rest]:\n            return rest\n    if (y := x):\n        return [*x, y]\n'],
    ['nested quotes in f-strings', 'x = f"{"a" + f"{1}"}"\n'],
    ['type parameters', 'type X[T] = list[T]\n\n\ndef f[T](x: T) -> T:\n    return x\n'],
    ['tabs', 'def f(x):\n\tif x:\n\t\treturn 1\n'],
  ])('%s is fine', (_name, text) => {
    expect(read(`${text}\n${CLASS}    dependencies = []\n`)).toMatchObject({ broken: null, problems: [] })
  })
})

describe('operations', () => {
  const one = (text: string, before = '') => read(`${before}${CLASS}    operations = [\n        ${text},\n    ]\n`).operations?.[0]

  it('have class, model, field and flags, by position and by name', () => {
    expect(one('migrations.AddField("Order", "total", models.IntegerField(default=0))')).toMatchObject({
      type: 'AddField',
      model: 'Order',
      field: 'total',
      schema: true,
      data: false,
      reversible: true,
    })
    expect(one('migrations.RenameField(model_name="order", old_name="a", new_name="b")')).toMatchObject({
      model: 'order',
      field: 'b',
      oldName: 'a',
      newName: 'b',
    })
    expect(one('migrations.RunPython(migrations.RunPython.noop, elidable=True, atomic=False)')).toMatchObject({
      code: 'RunPython.noop',
      reversible: false,
      elidable: true,
      atomic: false,
      data: true,
    })
    expect(one('migrations.RunSQL("SELECT 1", migrations.RunSQL.noop)')).toMatchObject({ type: 'RunSQL', reversible: true, summary: 'RunSQL SELECT 1' })
    expect(one('migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL("SELECT 1")], state_operations=[])')).toMatchObject({
      data: true,
      schema: false,
      reversible: false,
    })
  })

  it('give their arguments as literals or as source', () => {
    const given = one(
      'migrations.CreateModel("Order", fields=[("id", models.AutoField(primary_key=True))], options={"db_table": "orders", "managed": True})',
    )?.arguments?.()
    expect(given).toEqual({
      name: 'Order',
      fields: [['id', { source: 'models.AutoField(primary_key=True)' }]],
      options: { dict: { db_table: 'orders', managed: true } },
    })
  })

  it('keep their fields as values, base fields in them', () => {
    const text = 'migrations.AddField("order", "tags", ArrayField(models.CharField(max_length=9, null=True), size=None, db_column="Tag list"))'
    const given = one(text, 'from django.contrib.postgres.fields import ArrayField\n')?.given?.()
    expect(given).toMatchObject({ kind: 'AddField', overrides: { state: false, database: false } })
    expect(given?.values.get('field')).toEqual({
      kind: 'call',
      callee: 'django.contrib.postgres.fields.ArrayField',
      bases: [],
      args: [
        {
          kind: 'call',
          callee: 'django.db.models.CharField',
          bases: [],
          args: [],
          keywords: new Map<string, unknown>([
            ['max_length', { kind: 'number', value: 9 }],
            ['null', { kind: 'boolean', value: true }],
          ]),
          isOpen: false,
          sets: [],
        },
      ],
      keywords: new Map<string, unknown>([
        ['size', { kind: 'none' }],
        ['db_column', { kind: 'text', value: 'Tag list' }],
      ]),
      isOpen: false,
      sets: [],
    })
  })

  it('keep what is not known of a field as unknown, and the classes above its own', () => {
    const before =
      'from somewhere import LENGTH, options\n\nclass Money(models.DecimalField):\n    def __init__(self, *args, **kwargs):\n        kwargs.setdefault("null", True)\n        super().__init__(*args, **kwargs)\n\n'
    const field = (text: string) => one(`migrations.AddField("order", "x", ${text})`, before)?.given?.().values.get('field')
    expect(field('models.CharField(max_length=LENGTH, **options)')).toMatchObject({
      keywords: new Map([['max_length', { kind: 'name', name: 'somewhere.LENGTH' }]]),
      isOpen: true,
    })
    expect(field('models.CharField(*options, null=True)')).toMatchObject({
      args: [],
      keywords: new Map([['null', { kind: 'boolean', value: true }]]),
      isOpen: true,
    })
    expect(field('Money(max_digits=9)')).toMatchObject({ callee: 'Money', bases: ['django.db.models.DecimalField'], sets: expect.arrayContaining(['null']) })
    expect(field('Money')).toEqual({ kind: 'class', name: 'Money', bases: ['django.db.models.DecimalField'] })
    expect(field('models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)')).toMatchObject({
      args: [{ kind: 'text', value: 'auth.User' }, { kind: 'name' }],
    })
    expect(field('options()')).toMatchObject({ kind: 'call', callee: 'somewhere.options' })
    expect(field('models.TextField() if LENGTH else models.JSONField()')).toMatchObject({ kind: 'unknown' })
  })

  it('of a class of the project may do anything, and keep what they name', () => {
    const before = 'class FakeAddField(migrations.AddField):\n    def database_forwards(self, *args):\n        pass\n\n'
    expect(one('FakeAddField("order", "total", models.IntegerField())', before)).toMatchObject({
      type: 'FakeAddField',
      model: 'order',
      field: 'total',
      data: null,
      schema: null,
    })
    expect(one('Mystery()', 'from somewhere import Mystery\n')).toMatchObject({ type: 'Mystery', data: null })
    expect(one('FakeAddField("order", "total", models.IntegerField())', before)?.given?.()).toMatchObject({
      kind: 'AddField',
      overrides: { state: false, database: true },
    })
    expect(one('Mystery()', 'from somewhere import Mystery\n')?.given?.()).toMatchObject({ kind: null })
    const init = (base: string) => `class Own(migrations.${base}):\n    def __init__(self, model):\n        super().__init__(model)\n\n`
    expect(one('Own("x")', init('RunPython'))).toMatchObject({ data: true, schema: null, reversible: null })
    expect(one('Own("x")', init('DeleteModel'))).toMatchObject({ data: null })
    expect(one('Own("x")', init('RunPython'))?.given?.()).toMatchObject({ kind: 'RunPython' })
    expect(one('Own("x")', init('DeleteModel'))?.given?.()).toMatchObject({ kind: null })
  })

  it('of a class that is imported go by the name of its module', () => {
    const more = {
      'a/tags.py': 'from django.db import models\n\nclass Manager(models.Field):\n    pass\n',
      'operations.py': 'from django.db import migrations\n\nclass RunSQL(migrations.RunSQL):\n    def database_forwards(self, *args):\n        pass\n',
    }
    const text = `import operations\nimport a.tags\n${CLASS}    operations = [migrations.AddField("x", "y", a.tags.Manager()), operations.RunSQL("SELECT 1")]\n`
    const [field, sql] = read(text, { more }).operations ?? []
    expect(field?.given?.().values.get('field')).toMatchObject({ callee: 'a.tags.Manager', bases: ['django.db.models.Field'] })
    expect(sql).toMatchObject({ schema: null })
  })

  it('come from helpers, loops and stars', () => {
    const text = `def sql(name):\n    return migrations.RunSQL("DROP TABLE " + name)\n\n${CLASS}    operations = [*[sql(name) for name in ("a", "b")]]\n    for name in ["c"]:\n        operations.append(sql(name))\n    operations += [sql("d")]\n    del operations[0]\n`
    expect(read(text).operations?.map((operation) => operation.summary)).toEqual(['RunSQL DROP TABLE b', 'RunSQL DROP TABLE c', 'RunSQL DROP TABLE d'])
  })

  it('show what a second run may do again', () => {
    const text = `def forward(apps, schema_editor):\n    Thing = apps.get_model("a", "Thing")\n    Thing.objects.create(name="x")\n    Thing.objects.get_or_create(name="y")\n    Thing.objects.update(n=F("n") + 1)\n\n${CLASS}    operations = [migrations.RunPython(forward)]\n`
    expect(read(text).operations?.[0]?.facts?.().hazards).toMatchObject([
      { code: 'inserts', line: 5 },
      { code: 'accumulates', line: 7 },
    ])
  })
})

it('an __init__ that passes another label on records under it', () => {
  const file = read(`${CLASS}    replaces = [("other", "0001_old")]\n    def __init__(self, name, app_label):\n        super().__init__(name, "other")\n`)
  expect(file).toMatchObject({ app: 'a', recordedAs: 'other', replaces: [['other', '0001_old']], problems: [] })
})

it('finds the files that pkgutil finds', () => {
  const good = `${HEAD}${CLASS}    pass\n`
  const more = Object.fromEntries(
    [
      '_private.py',
      '~x.py',
      '.hidden.py',
      '0002-dash.py',
      '0003.x.py',
      'notes.txt',
      '0004_both.py',
      '0004_both/__init__.py',
      'sub/__init__.py',
      'sub/0005_x.py',
    ].map((name) => [`a/migrations/${name}`, good]),
  )
  read(`${CLASS}    pass\n`, { more })
  const project = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} }).files()
  expect(project.apps[0]?.migrations.map((file) => file.name)).toEqual(['0001_x', '0002-dash'])
})

it('a field of thousands of blocks, as Wagtail writes a StreamField, is read whole', () => {
  const blocks = [
    `class Block:\n    def __init__(self, **kwargs):\n${Array.from({ length: 120 }, (_unused, at) => `        self.fact_${at} = None\n`).join('')}        self.meta = {}\n        for name, value in kwargs.items():\n            self.meta[name] = value\n`,
    'class CharBlock(Block):\n    def __init__(self, required=True, max_length=None, choices=(), **kwargs):\n        self.options = {"required": required, "max_length": max_length}\n        super().__init__(**kwargs)\n',
    'class StructBlock(Block):\n    def __init__(self, parts=None, **kwargs):\n        super().__init__(**kwargs)\n        self.parts = []\n        for name, block in parts:\n            block.name = name\n            self.parts.append(block)\n',
  ].join('\n\n')
  const part = (at: number) =>
    `("part_${at}", blocks.StructBlock([("title", blocks.CharBlock(max_length=255, required=False, choices=[("", "None"), ("x", "Some")])), ("text", blocks.CharBlock(label="Text", help_text="What is shown"))]))`
  const operation = `migrations.AddField("page", "body", models.TextField(blocks.StructBlock([${Array.from({ length: 1500 }, (_unused, at) => part(at)).join(', ')}])))`
  const file = read(`import blocks\nclass Migration(migrations.Migration):\n    operations = [${operation}]\n`, { more: { 'blocks.py': blocks } })
  expect(file.problems).toEqual([])
  expect(file.operations).toMatchObject([{ type: 'AddField' }])
})
