import type { Random } from './random.js'

/** A project by its files, and what of it files do not tell. */
export interface StateWorld {
  name: string
  files: Record<string, string>
  /** What is unknown, each named as ProjectState names it; a pattern each. */
  unknown?: RegExp[]
  maxNameLength?: number
}

const HEAD = 'from django.conf import settings\nfrom django.db import migrations, models\n'
const ID = '("id", models.AutoField(primary_key=True, serialize=False))'

/** Migrations of several apps, in order; each is a list of operations. */
export function world(name: string, apps: Record<string, string[]>, more: Partial<StateWorld> & { head?: string; settings?: string } = {}): StateWorld {
  const files: Record<string, string> = {
    'manage.py': 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': `SECRET_KEY = "x"\nINSTALLED_APPS = [${Object.keys(apps)
      .map((app) => `"${app}"`)
      .join(
        ', ',
      )}]\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\nUSE_TZ = False\nDEFAULT_AUTO_FIELD = "django.db.models.AutoField"\nSILENCED_SYSTEM_CHECKS = []\n${more.settings ?? ''}`,
    ...more.files,
  }
  let before: string | null = null
  for (const [app, migrations] of Object.entries(apps)) {
    if (app.startsWith('django.')) continue
    files[`${app}/__init__.py`] ??= ''
    files[`${app}/migrations/__init__.py`] = ''
    migrations.forEach((operations, index) => {
      const own = `("${app}", "${number(index + 1)}")`
      files[`${app}/migrations/${number(index + 1)}.py`] =
        `${HEAD}${more.head ?? ''}\n\nclass Migration(migrations.Migration):\n    dependencies = [${before ?? ''}]\n    operations = [\n        ${operations}\n    ]\n`
      before = own
    })
  }
  return { name, files, ...(more.unknown ? { unknown: more.unknown } : {}), ...(more.maxNameLength === undefined ? {} : { maxNameLength: more.maxNameLength }) }
}

const number = (index: number) => `${String(index).padStart(4, '0')}_x`
const create = (name: string, fields: string[], more = '') => `migrations.CreateModel("${name}", [${[ID, ...fields].join(', ')}]${more && `, ${more}`})`
const fk = (to: string, more = '') => `models.ForeignKey("${to}", models.CASCADE, related_name="+"${more && `, ${more}`})`
const m2m = (to: string, more = '') => `models.ManyToManyField("${to}", related_name="+"${more && `, ${more}`})`

const POSTGRES = 'from django.contrib.postgres.fields import ArrayField\nimport django.contrib.postgres.fields as pg\n'

const FIELDS_PY = `from django.db import models


class Money(models.DecimalField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", 9)
        kwargs.setdefault("decimal_places", 2)
        super().__init__(*args, **kwargs)


class Optional(models.CharField):
    def __init__(self, *args, **kwargs):
        kwargs["null"] = True
        super().__init__(*args, **kwargs)


class Parent(models.ForeignKey):
    pass
`

/** Each about one thing that moves tables or columns. */
export const WORLDS: StateWorld[] = [
  world('db_table and AlterModelTable', {
    a: [
      create('One', [`("many", ${m2m('a.One')})`], 'options={"db_table": "Ones"}') + ', ' + create('Two', [`("many", ${m2m('One', 'db_table="own"')})`]),
      'migrations.AlterModelTable("one", "moved"), migrations.AlterModelTable("Two", "two_moved")',
      'migrations.AlterModelTable("one", None), migrations.AlterModelTable("two", "")',
    ],
  }),
  world('columns', {
    a: [
      create('One', [
        `("plain", models.CharField("label", max_length=9, null=True))`,
        `("positional", models.CharField("label", None, False, 9, True, True, True))`,
        `("named", models.IntegerField(db_column="Total amount"))`,
        `("link", ${fk('self')})`,
        `("named_link", ${fk('self', 'db_column="there", null=True')})`,
        `("only", models.OneToOneField("a.One", models.CASCADE, related_name="+"))`,
        `("empty", models.IntegerField(db_column=None, unique=True))`,
      ]),
      'migrations.AlterField("one", "plain", models.CharField(max_length=9, db_column="other")), migrations.RemoveField("one", "named")',
      'migrations.RenameField("one", "link", "chain"), migrations.RenameField("one", "named_link", "kept"), migrations.AddField("one", "late", models.TextField(default=""), preserve_default=False)',
    ],
  }),
  world('no primary key given, and other ones', {
    a: [
      'migrations.CreateModel("Implicit", [("x", models.IntegerField())]), migrations.CreateModel("Own", [("code", models.CharField(max_length=3, primary_key=True))])',
      'migrations.AlterField("own", "code", models.CharField(max_length=3)), migrations.AddField("own", "key", models.BigAutoField(primary_key=True, serialize=False))',
    ],
  }),
  world('renamed models, with what leads to them', {
    a: [
      create('One', [`("me", ${fk('self')})`, `("many", ${m2m('self')})`]) + ', ' + create('Two', [`("one", ${fk('One')})`, `("ones", ${m2m('a.one')})`]),
      'migrations.RenameModel("One", "First")',
      'migrations.RenameModel("Two", "Second")',
    ],
    b: [create('Three', [`("first", ${fk('a.First')})`]), 'migrations.RenameModel("three", "Third")'],
  }),
  world('renamed fields in together options and to_field', {
    a: [
      create('One', ['("code", models.IntegerField(unique=True))', '("x", models.IntegerField())'], 'options={"unique_together": {("code", "x")}}') +
        ', ' +
        create(
          'Two',
          [`("one", ${fk('a.One', 'to_field="code"')})`, '("y", models.IntegerField())'],
          'options={"unique_together": [("one", "y")], "index_together": set()}',
        ),
      'migrations.RenameField("one", "code", "number"), migrations.RenameField("two", "one", "first")',
      'migrations.AlterUniqueTogether("one", set()), migrations.AlterUniqueTogether("two", {("first", "y"), ("y", "id")})',
      'migrations.AlterUniqueTogether("two", None)',
    ],
  }),
  world('many to many through a model', {
    a: [
      create('One', []) + ', ' + create('Two', [`("one", ${fk('a.One')})`, `("other", ${fk('a.One')})`], 'options={"db_table": "between"}'),
      `migrations.AddField("one", "ones", ${m2m('a.One', 'through="a.Two", through_fields=("one", "other")')})`,
      'migrations.RenameField("two", "other", "another"), migrations.RenameModel("Two", "Between")',
      'migrations.AlterModelTable("between", None)',
    ],
  }),
  world('inheritance', {
    a: [
      create('Base', ['("x", models.IntegerField())'], 'options={"db_table": "bases"}') +
        ', migrations.CreateModel("Child", [("base_ptr", models.OneToOneField("a.Base", models.CASCADE, parent_link=True, primary_key=True, serialize=False, auto_created=True)), ("y", models.IntegerField())], bases=("a.base",))',
      'migrations.CreateModel("Bare", [("z", models.IntegerField(null=True))], bases=("a.Base",)), migrations.CreateModel("Grand", [("link", models.OneToOneField("a.Child", models.CASCADE, parent_link=True)), ("code", models.IntegerField(primary_key=True))], bases=("a.child",))',
      'migrations.CreateModel("Two", [("base_ptr", models.OneToOneField("a.Base", models.CASCADE, parent_link=True, primary_key=True)), ("other_ptr", models.OneToOneField("a.Other", models.CASCADE, parent_link=True))], bases=("a.base", "a.other"))'.replace(
        /^/,
        'migrations.CreateModel("Other", [("key", models.AutoField(primary_key=True))]), ',
      ),
    ],
  }),
  world(
    'proxies, mixins and what is not managed',
    {
      a: [
        create('One', ['("x", models.IntegerField())'], 'options={"db_table": "ones"}, bases=(mixins.Plain, models.Model)') +
          ', migrations.CreateModel("Proxy", [], options={"proxy": True, "indexes": [], "constraints": []}, bases=("a.one",)), migrations.CreateModel("Second", [], options={"proxy": True}, bases=("a.proxy",))',
        create('Outside', ['("x", models.IntegerField())'], 'options={"managed": False, "db_table": "view"}') + ', migrations.AlterModelTable("one", "moved")',
        'migrations.AlterModelOptions("outside", {"ordering": ["x"]}), migrations.AddField("outside", "y", models.IntegerField(null=True)), migrations.CreateModel("Under", [("z", models.IntegerField())], bases=("a.second",))',
        'migrations.AlterModelOptions("outside", {"managed": False})',
      ],
    },
    { head: 'import mixins\n', files: { 'mixins.py': 'class Plain:\n    pass\n' } },
  ),
  world('the state apart from the database', {
    a: [
      create('One', ['("x", models.IntegerField())']),
      'migrations.SeparateDatabaseAndState(database_operations=[migrations.AddField("one", "there", models.IntegerField())], state_operations=[migrations.AddField("one", "here", models.IntegerField())])',
      'migrations.RunSQL("SELECT 1", migrations.RunSQL.noop, state_operations=[migrations.RemoveField("one", "x"), migrations.AlterModelTable("one", "other")])',
      'migrations.SeparateDatabaseAndState([migrations.RunSQL("SELECT 1")], [migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("One")])])',
    ],
  }),
  world(
    'array fields and other fields that hold fields',
    {
      a: [
        create('One', [
          '("a", ArrayField(models.CharField(max_length=5, null=True)))',
          '("b", ArrayField(base_field=models.IntegerField(unique=True), null=True, size=None, db_column="bs"))',
          '("c", pg.ArrayField(pg.ArrayField(models.IntegerField(null=True, db_column="inner")), null=False))',
        ]),
        'migrations.AlterField("one", "b", ArrayField(models.IntegerField(null=True))), migrations.AddField("one", "r", pg.IntegerRangeField(null=True))',
      ],
    },
    { head: POSTGRES },
  ),
  world('order_with_respect_to, indexes and constraints', {
    a: [
      create('One', [`("me", ${fk('self')})`]),
      'migrations.AlterOrderWithRespectTo("one", "me"), migrations.AddIndex("one", models.Index(fields=["me"], name="by_me"))',
      'migrations.AddConstraint("one", models.UniqueConstraint(fields=["me"], name="one_me")), migrations.AddConstraint("one", models.UniqueConstraint(fields=["id"], name="one_id"))',
      'migrations.RemoveConstraint("one", "one_me"), migrations.RemoveIndex("one", "by_me"), migrations.AlterOrderWithRespectTo("one", None)',
    ],
  }),
  world(
    'a swappable model of the project, and those of Django',
    {
      'django.contrib.contenttypes': [],
      'django.contrib.auth': [],
      'django.contrib.sites': [],
      users: [create('User', ['("login", models.CharField(max_length=9, unique=True))'], 'options={"swappable": "AUTH_USER_MODEL"}')],
      a: [
        create('One', [
          '("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+"))',
          '("users", models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+"))',
        ]),
      ],
    },
    {
      settings: 'AUTH_USER_MODEL = "users.User"\n',
      files: {
        'users/models.py':
          'from django.db import models\n\n\nclass User(models.Model):\n    login = models.CharField(max_length=9, unique=True)\n    USERNAME_FIELD = "login"\n    REQUIRED_FIELDS = []\n    is_anonymous = False\n    is_authenticated = True\n\n    class Meta:\n        swappable = "AUTH_USER_MODEL"\n',
      },
    },
  ),
  world(
    'fields of the project',
    {
      a: [
        create('One', [
          '("a", fields.Money(null=True))',
          '("b", fields.Optional(max_length=3))',
          '("c", fields.Parent("self", models.CASCADE, related_name="+"))',
        ]),
      ],
    },
    { head: 'import fields\n', files: { 'fields.py': FIELDS_PY }, unknown: [/Optional sets null by itself/] },
  ),
  world(
    'what cannot be read',
    {
      a: [
        create('One', ['("a", odd.Odd())', '("b", models.IntegerField(**odd.OPTIONS))', '("c", odd.make())']),
        create('Two', [], 'options=odd.OF_TWO') + ', ' + create('Three', []),
        'odd.Rename("three", "Third")',
      ],
    },
    {
      head: 'import odd\n',
      files: {
        'odd.py':
          'import importlib\nfrom django.db import migrations, models\n\n_late = importlib.import_module("".join(map(chr, (108, 97, 116, 101))))\nOdd = _late.Odd\nOPTIONS = _late.OPTIONS\nOF_TWO = _late.OF_TWO\nmake = _late.make\nRename = _late.Rename\n',
        'late.py':
          'from django.db import migrations, models\n\n\nclass Odd(models.IntegerField):\n    def __init__(self, *args, **kwargs):\n        kwargs["db_column"] = "odd"\n        super().__init__(*args, **kwargs)\n\n\nOPTIONS = {"null": True, "db_column": "bb"}\nOF_TWO = {"db_table": "two"}\n\n\ndef make():\n    return models.IntegerField(null=True, db_column="cc")\n\n\nclass Rename(migrations.RenameModel):\n    pass\n',
      },
      unknown: [
        /a\.One\.a: the class .* of the field a was not read/,
        /a\.One\.b: it is given arguments that cannot be read/,
        /a\.two: CreateModel Two: its options cannot be read/,
        /(Rename|unknown).* may change anything/,
      ],
    },
  ),
  world(
    'names that are too long',
    { a: [create('AVeryLongNameOfAModelThatIsCut', [`("and_a_long_name_of_a_field", ${m2m('self')})`])] },
    { maxNameLength: 30 },
  ),
]

interface Known {
  name: string
  fields: { name: string; isLink: boolean }[]
  isChild: boolean
}

/** Random sequences that Django can follow. */
export function generated(random: Random, index: number): StateWorld {
  const models: Known[] = []
  const operations = Array.from({ length: 6 }, (_, step) =>
    Array.from({ length: 1 + random.below(3) }, (_unused, at) => operation(random, models, `${step}${at}`)).join(', '),
  )
  return world(`generated ${index}`, { a: operations })
}

function field(random: Random, models: readonly Known[]): { text: string; isLink: boolean } {
  const column = random.chance(0.3) ? `, db_column="C${random.below(10_000)}"` : ''
  const nullable = random.chance(0.5) ? ', null=True' : ''
  const to = random.pick(models).name
  const label = random.pick([to, `a.${to}`, `a.${to.toLowerCase()}`])
  switch (random.below(6)) {
    case 0:
      return { text: `models.IntegerField(default=0${nullable}${column})`, isLink: false }
    case 1:
      return { text: `models.CharField("label", max_length=9, unique=${random.pick(['True', 'False'])}${nullable}${column})`, isLink: false }
    case 2:
      return { text: `models.ForeignKey("${label}", models.CASCADE, related_name="+"${nullable}${column})`, isLink: true }
    case 3:
      return { text: `models.OneToOneField(to="${label}", on_delete=models.CASCADE, related_name="+"${nullable}${column})`, isLink: true }
    case 4:
      return { text: `models.ManyToManyField("${label}", related_name="+")`, isLink: true }
    default:
      return { text: `models.ManyToManyField(to="${label}", related_name="+", db_table="m${random.below(10_000)}")`, isLink: true }
  }
}

function operation(random: Random, models: Known[], mark: string): string {
  const model = models.length > 0 ? random.pick(models) : undefined
  if (!model || random.chance(0.2)) {
    const made: Known = { name: `M${mark}`, fields: [], isChild: false }
    models.push(made)
    const options = random.pick(['', ', options={"db_table": "T' + mark + '"}', ', options={"managed": False}', ', {"db_table": ""}'])
    return random.chance(0.2) ? `migrations.CreateModel("${made.name}", []${options})` : `migrations.CreateModel("${made.name}", [${ID}]${options})`
  }
  const own = model.fields.length > 0 ? random.pick(model.fields) : undefined
  const wrapped = (text: string) => (random.chance(0.1) ? `migrations.SeparateDatabaseAndState(state_operations=[${text}])` : text)
  switch (random.below(own ? 9 : 4)) {
    case 0:
      return wrapped(`migrations.AlterModelTable("${model.name}", ${random.pick([`"T${mark}"`, 'None', '""'])})`)
    case 1: {
      const old = model.name
      model.name = `R${mark}`
      return wrapped(`migrations.RenameModel("${old}", "${model.name}")`)
    }
    case 4: {
      const old = own as Known['fields'][number]
      const before = old.name
      old.name = `r${mark}`
      return wrapped(`migrations.RenameField("${model.name.toLowerCase()}", "${before}", "${old.name}")`)
    }
    case 5:
      model.fields.splice(model.fields.indexOf(own as Known['fields'][number]), 1)
      return `migrations.AlterUniqueTogether("${model.name}", set()), migrations.RemoveField("${model.name}", "${own?.name}")`
    case 6:
      return own?.isLink
        ? `migrations.AlterModelOptions("${model.name}", {"managed": ${random.pick(['True', 'False'])}})`
        : `migrations.AlterField("${model.name}", "${own?.name}", models.TextField(${random.pick(['null=True', 'db_column="D' + mark + '"', ''])}))`
    case 7: {
      const plain = model.fields.filter((one) => !one.isLink)
      return plain.length < 2
        ? `migrations.AlterModelOptions("${model.name}", {})`
        : `migrations.AlterUniqueTogether("${model.name}", {("${plain[0]?.name}", "${plain[1]?.name}")})`
    }
    default: {
      const made = field(random, models)
      model.fields.push({ name: `f${mark}`, isLink: made.isLink })
      return wrapped(`migrations.AddField("${model.name}", "f${mark}", ${made.text})`)
    }
  }
}
