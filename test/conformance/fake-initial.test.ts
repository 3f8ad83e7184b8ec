import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { planFakeInitial, rulesFor } from '../../src/migrations/index.js'
import { djangos } from '../support/django.js'
import { Oracle } from './oracle.js'
import { Random } from './random.js'

/** `migrate --fake-initial` on databases that have a part of the tables: Django says of each migration whether it only records it. */
const folder = mkdtempSync(join(tmpdir(), 'migstate-fake-initial-'))
const oracles: Oracle[] = []
afterAll(() => {
  for (const oracle of oracles) oracle.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Scenario {
  files: Record<string, string>
  /** Every table that the migrations speak of, with the columns that it could have. */
  names: Map<string, string[]>
}

const HEAD = 'from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n'
const ID = '("id", models.AutoField(primary_key=True, serialize=False))'

function project(apps: string[]): Record<string, string> {
  return {
    'manage.py': 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': `SECRET_KEY = "x"\nINSTALLED_APPS = ${JSON.stringify(apps)}\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\nUSE_TZ = False\nDEFAULT_AUTO_FIELD = "django.db.models.AutoField"\n`,
    ...Object.fromEntries(apps.flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((path) => [path, '']))),
  }
}

function generate(random: Random): Scenario {
  const files = project(['a', 'b'])
  const names = new Map<string, string[]>()
  for (const app of ['a', 'b']) {
    const models: { name: string; table: string }[] = []
    const count = 1 + random.below(3)
    for (let index = 1; index <= count; index++) {
      const operations = Array.from({ length: 1 + random.below(3) }, (_unused, at) => operation(random, { app, index, at, models, names }))
      const initial = random.pick(['', '', '    initial = True\n', '    initial = False\n'])
      const dependencies = index > 1 ? `("${app}", "000${index - 1}_x")` : ''
      files[`${app}/migrations/000${index}_x.py`] =
        `${HEAD}${initial}    dependencies = [${dependencies}]\n    operations = [\n${operations.map((one) => `        ${one},\n`).join('')}    ]\n`
    }
  }
  return { files, names }
}

interface Place {
  app: string
  index: number
  at: number
  models: { name: string; table: string }[]
  names: Map<string, string[]>
}

function operation(random: Random, { app, index, at, models, names }: Place): string {
  const model = models.length > 0 ? random.pick(models) : undefined
  const name = `M${index}${at}`
  const field = `f${index}${at}`
  const create = (options: string, table = `${app}_${name.toLowerCase()}`) => {
    models.push({ name, table })
    names.set(table, [...(names.get(table) ?? []), 'id'])
    return `migrations.CreateModel("${name}", fields=[${ID}]${options && `, options={${options}}`})`
  }
  if (!model) return create('')
  const add = (text: string, column: string | null) => {
    if (column) names.get(model.table)?.push(column)
    return `migrations.AddField("${model.name}", "${field}", ${text})`
  }
  const through = (table: string) => {
    names.set(table, ['id', 'one_id', 'other_id'])
    return null
  }
  switch (random.below(14)) {
    case 0:
      return create(`"db_table": "T_${app}${index}${at}"`, `T_${app}${index}${at}`)
    case 1:
      return create('"managed": False')
    case 2:
      models.push({ name, table: model.table })
      return `migrations.CreateModel("${name}", fields=[], options={"proxy": True}, bases=("${app}.${model.name}",))`
    case 3:
    case 4:
      return add('models.IntegerField(null=True)', field)
    case 5:
      return add(`models.IntegerField(null=True, db_column="Col_${field}")`, `Col_${field}`)
    case 6:
      return add(`models.ForeignKey("${app}.${random.pick(models).name}", null=True, on_delete=models.CASCADE, related_name="+")`, `${field}_id`)
    case 7:
      return add(`models.ManyToManyField("${app}.${random.pick(models).name}", related_name="+")`, through(`${model.table}_${field}`))
    case 8:
      return add(`models.ManyToManyField("${app}.${model.name}", related_name="+", db_table="mm_${app}${field}")`, through(`mm_${app}${field}`))
    case 9:
      return `migrations.SeparateDatabaseAndState(database_operations=[], state_operations=[${create('')}])`
    case 10:
      // Options that are not given go back to what they are without: a model becomes managed.
      return `migrations.AlterModelOptions("${model.name}", {${random.pick(['"managed": True', '"managed": False', '"ordering": ["id"]'])}})`
    case 11: {
      model.table = `Moved_${app}${index}${at}`
      names.set(model.table, ['id'])
      return `migrations.AlterModelTable("${model.name}", "${model.table}")`
    }
    case 12: {
      const table = `${app}_${name.toLowerCase()}`
      models.push({ name, table })
      names.set(table, [`${model.name.toLowerCase()}_ptr_id`])
      return `migrations.CreateModel("${name}", fields=[], bases=("${app}.${model.name}",))`
    }
    default:
      return create('')
  }
}

const SCENARIOS = 40

/** Operations of two initial migrations, tables with columns, and what Django does. */
const FIXED: [name: string, operations: [string, string], tables: Record<string, string[]>, does: ('fake' | 'run')[]][] = [
  [
    'options that are not given go back to what they are without',
    [
      `migrations.CreateModel("M", [${ID}], options={"managed": False})`,
      'migrations.AlterModelOptions("m", {}), migrations.AddField("m", "f", models.IntegerField())',
    ],
    { a_m: ['id', 'f'] },
    ['run', 'fake'],
  ],
  [
    "what a base field is given is not the field's",
    [`migrations.CreateModel("M", [${ID}])`, 'migrations.AddField("m", "f", ArrayField(models.IntegerField(db_column="inner")))'],
    { a_m: ['id', 'f'] },
    ['fake', 'fake'],
  ],
  [
    'a model under another name in the table that it is given',
    [
      `migrations.CreateModel("M", [${ID}], options={"db_table": "T"}), migrations.RenameModel("M", "N"), migrations.CreateModel("M", [${ID}])`,
      'migrations.AlterModelTable("n", None), migrations.AddField("n", "many", models.ManyToManyField("a.M", related_name="+"))',
    ],
    { T: ['id'], a_m: ['id'], a_n_many: ['id'] },
    ['fake', 'fake'],
  ],
]

describe.each(Object.entries(djangos))('Django %s', (version, home) => {
  const oracle = new Oracle(version, home, 'fake_initial.py')
  oracles.push(oracle)

  it(`fakes and runs what is said, in ${SCENARIOS} scenarios`, async () => {
    const random = new Random(20_261)
    const count = { fake: 0, run: 0 }
    for (let number = 0; number < SCENARIOS; number++) {
      const { files, names } = generate(random)
      const share = random.pick([0.5, 0.9, 1])
      const tables = Object.fromEntries(
        [...names]
          .filter(() => random.chance(share))
          .map(([table, columns]) => [swapCase(random, table), [...new Set(columns)].filter((name) => /^id$|_ptr_id$/.test(name) || random.chance(share))]),
      )
      for (const does of await compared({ oracle, version, home }, join(folder, `${version}-${number}`), files, tables)) count[does]++
    }
    expect(count.fake).toBeGreaterThan(SCENARIOS / 4)
    expect(count.run).toBeGreaterThan(SCENARIOS / 4)
  })

  it.each(FIXED)('%s', async (name, operations, tables, does) => {
    const files = project(['a'])
    for (const [index, text] of operations.entries())
      files[`a/migrations/000${index + 1}_x.py`] =
        `from django.contrib.postgres.fields import ArrayField\n${HEAD}    initial = True\n    dependencies = [${index > 0 ? '("a", "0001_x")' : ''}]\n    operations = [${text}]\n`
    expect(await compared({ oracle, version, home }, join(folder, `${version}-${name.replace(/\W+/g, '-')}`), files, tables, true)).toEqual(does)
  })
})

/** @returns what Django does with each migration, which is what is said of it */
async function compared(
  { oracle, version, home }: { oracle: Oracle; version: string; home: string },
  place: string,
  files: Record<string, string>,
  tables: Record<string, string[]>,
  isWhole = Number(version) >= 4,
): Promise<('fake' | 'run')[]> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  const said = await oracle.ask<{ seen: [string, string, 'fake' | 'run'][]; end: unknown }>({ folder: place, tables })
  const project = openProject({ folder: place, managePy: undefined, settings: undefined, python: join(home, 'bin', 'python'), path: [], env: {} })
  const schema = {
    tables: new Set(Object.keys(tables)),
    columns: new Map(Object.entries(tables).map(([table, columns]) => [table, new Set(columns)])),
    foldsCase: true,
    maxNameLength: null,
  }
  const rules = rulesFor(project.djangoVersion)
  const plan = planFakeInitial({
    project: project.files(),
    rows: [],
    rules,
    alias: 'default',
    engine: 'sqlite',
    schema,
    detailed: (file) => project.detailed(file),
    setting: () => undefined,
  })
  if (Array.isArray(plan)) throw new Error(JSON.stringify(plan))
  // Before 4.0 an AddField makes the whole table anew on SQLite, without the columns that no migration has spoken of yet.
  const firstRun = said.seen.findIndex(([, , does]) => does === 'run')
  if (!isWhole && firstRun >= 0) said.seen.length = firstRun + 1
  const ours = plan.steps.slice(0, said.seen.length).map((step) => [step.app, step.name, step.does])
  expect(ours, `${place}\n${JSON.stringify(tables)}\n${JSON.stringify(plan.steps)}`).toEqual(said.seen)
  return said.seen.map(([, , does]) => does)
}

/** SQLite takes names in any case, and so does Django since 3.1. */
function swapCase(random: Random, name: string): string {
  return random.chance(0.1) ? name.toUpperCase() : name
}
