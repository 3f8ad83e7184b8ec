import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database, TableFacts } from '../../src/database/index.js'
import { openProject } from '../../src/project/index.js'
import { rulesFor } from '../../src/migrations/index.js'
import { rerunHazards } from '../../src/rerun/index.js'
import { files } from '../support/fake-project.js'

/** Hazards of a rerun by what fields, options and tables are in the migrations, and not by how their text looks. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-hazards-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

type Tables = Record<string, { columns?: Record<string, 'null' | 'required'>; rows?: number }>

/** A database of these tables; null: what it holds cannot be seen. */
function database(tables: Tables | null): Database {
  const facts = (name: string): TableFacts | null => {
    if (tables === null) throw new Error('no right to look')
    const table = tables[name]
    const columns = Object.entries(table?.columns ?? {}).map(([column, is]) => ({ name: column, nullable: is === 'null', hasDefault: false }))
    return { exists: table !== undefined, columns, rows: table?.rows ?? 0 } as TableFacts
  }
  return {
    dialect: {
      capabilities: { transactionalDdl: true, maxNameLength: null },
      tableFacts: async (_session: unknown, _table: unknown, name: string) => facts(name),
      sessionsUsing: async (_session: unknown, _table: unknown, names: string[]) => names.filter((name) => name === 'busy').map(() => 'one uses busy'),
    },
    reading: (work: () => unknown) => work(),
    facts: { engine: 'sqlite' },
  } as unknown as Database
}

const HEAD = 'from django.contrib.postgres.fields import ArrayField\nfrom django.db import migrations, models\n'

interface Given {
  /** Operations of the first migration, which makes the models. */
  first?: string
  /** Of the later ones. */
  later?: string[]
  code: string
  tables?: Tables | null
  /** The migration runs for the first time. */
  firstTime?: boolean
  /** Beside the code, in the same migration. */
  own?: string
  more?: Record<string, string>
  apps?: string[]
}

const THING =
  'migrations.CreateModel("Thing", [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=9, null=True)), ("note", models.TextField())])'

async function hazardsOf({ first = THING, later = [], code, tables = null, firstTime = false, own = '', more = {}, apps = ['a'] }: Given) {
  const chain = ['0001_first', '0002_data', ...later.map((_, index) => `000${index + 3}_later`)]
  const bodies = [first, `${own}migrations.RunPython(forward)`, ...later]
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': `INSTALLED_APPS = ${JSON.stringify(apps)}\n`,
    ...Object.fromEntries(apps.flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((path) => [path, '']))),
    ...Object.fromEntries(
      chain.map((name, index) => [
        `a/migrations/${name}.py`,
        `${HEAD}\n\ndef forward(apps, schema_editor):\n    Thing = apps.get_model("a", "Thing")\n    ${index === 1 ? code : 'pass'}\n\n\nclass Migration(migrations.Migration):\n    dependencies = [${index > 0 ? `("a", "${chain[index - 1]}")` : apps.length > 1 ? '("b", "0001_first")' : ''}]\n    operations = [${bodies[index]}]\n`,
      ]),
    ),
    ...more,
  })
  const project = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} })
  const { apps: found } = project.files()
  const file = found.find((app) => app.label === 'a')?.migrations.find((one) => one.name === '0002_data')
  const hazards = await rerunHazards(database(tables), {
    project: project.files(),
    rows: found.flatMap((app) => app.migrations.filter((one) => !firstTime || one.name === '0001_first').map(({ name }) => ({ app: app.label, name }))),
    rules: rulesFor(null),
    file: file as NonNullable<typeof file>,
    alias: 'default',
    firstTime,
    detailed: (one) => project.detailed(one),
  })
  return hazards
    .filter(({ code: said }) => /^(later-|large-|open-|unread-changes|already-)/.test(said))
    .map((one) => [one.code, one.migration?.[1] ?? null, one.message])
}

const CREATE = 'Thing.objects.create(name="x")'
const codes = (found: unknown[][]) => found.map(([code]) => code)

describe('a field that came later as NOT NULL', () => {
  it.each([
    ['an array of values that may be null', 'ArrayField(models.CharField(max_length=5, null=True), default=list)', 'tags'],
    ['an array with a column of its own', 'ArrayField(base_field=models.CharField(null=True, max_length=5), default=list, db_column="Tag list")', 'Tag list'],
    ['a column with blanks in its name', 'models.IntegerField(default=0, db_column="Total amount")', 'Total amount'],
    ['a text that looks like an argument', 'models.TextField("say null=True", default="", help_text="null=True")', 'tags'],
    ['a relation', 'models.ForeignKey("a.Thing", models.CASCADE, default=1)', 'tags_id'],
    ['an argument by its position', 'models.IntegerField("label", "tags", False, None, False, True, False, default=0)', 'tags'],
  ])('%s', async (_name, field, column) => {
    const given = { later: [`migrations.AddField("thing", "tags", ${field})`], code: CREATE }
    expect(codes(await hazardsOf(given))).toEqual(['later-not-null'])
    const columns = { id: 'required', name: 'null', note: 'required' } as const
    expect(codes(await hazardsOf({ ...given, tables: { a_thing: { columns: { ...columns, [column]: 'required' } } } }))).toEqual(['later-not-null'])
    expect(codes(await hazardsOf({ ...given, tables: { a_thing: { columns: { ...columns, [column]: 'null' } } } }))).toEqual([])
  })

  it.each([
    ['null by its position', 'models.IntegerField("label", "tags", False, None, False, True, True)'],
    ['null', 'ArrayField(models.CharField(max_length=5), null=True)'],
    ['a default of the database', 'ArrayField(models.CharField(max_length=5), db_default=[])'],
    ['a table of its own', 'models.ManyToManyField("a.Thing")'],
  ])('not with %s', async (_name, field) => {
    expect(await hazardsOf({ later: [`migrations.AddField("thing", "tags", ${field})`], code: CREATE })).toEqual([])
  })

  it('by arguments that cannot be read: the schema has the word', async () => {
    const given = { later: ['migrations.AddField("thing", "tags", models.IntegerField(**unknown_options()))'], code: CREATE }
    expect(await hazardsOf({ ...given, tables: { a_thing: { columns: { id: 'required', name: 'null', note: 'required', tags: 'required' } } } })).toEqual([
      ['later-not-null', '0003_later', 'a.0003_later added a.Thing.tags and perhaps NOT NULL: inserts by this migration may fail'],
    ])
  })

  it('made so with a change of the base field', async () => {
    const first =
      'migrations.CreateModel("Thing", [("id", models.AutoField(primary_key=True)), ("name", models.TextField()), ("tags", ArrayField(models.TextField(), null=True))])'
    expect(codes(await hazardsOf({ first, later: ['migrations.AlterField("thing", "tags", ArrayField(models.TextField(null=True)))'], code: CREATE }))).toEqual(
      ['later-not-null'],
    )
    expect(
      codes(await hazardsOf({ first, later: ['migrations.AlterField("thing", "tags", ArrayField(models.TextField(null=False), null=True))'], code: CREATE })),
    ).toEqual([])
  })

  it('of the model that it extends, in another app', async () => {
    const base = 'migrations.CreateModel("Base", [("id", models.AutoField(primary_key=True)), ("name", models.TextField())], options={"db_table": "bases"})'
    const migration = (dependencies: string, operation: string) =>
      `${HEAD}\n\nclass Migration(migrations.Migration):\n    dependencies = [${dependencies}]\n    operations = [${operation}]\n`
    const found = await hazardsOf({
      first:
        'migrations.CreateModel("Thing", [("base_ptr", models.OneToOneField("b.Base", models.CASCADE, parent_link=True, primary_key=True))], bases=("b.base",))',
      code: CREATE,
      apps: ['a', 'b'],
      more: {
        'b/migrations/0001_first.py': migration('', base),
        'b/migrations/0002_later.py': migration('("b", "0001_first")', 'migrations.AddField("base", "z", models.IntegerField(default=0))'),
      },
    })
    expect(found).toEqual([['later-not-null', '0002_later', 'b.0002_later added b.Base.z as NOT NULL: inserts by this migration will fail']])
  })

  it('as the order of what it belongs to', async () => {
    expect(codes(await hazardsOf({ later: ['migrations.AlterOrderWithRespectTo("thing", "name")'], code: CREATE }))).toEqual(['later-not-null'])
  })
})

describe('names of tables and columns', () => {
  const inTable = (table: string) => THING.replace(/\)$/, `, options={"db_table": "${table}"})`)

  it('a large table is that of the model', async () => {
    const tables = { things: { rows: 500_000 }, a_thing: { rows: 0 } }
    expect(await hazardsOf({ first: inTable('things'), code: CREATE, tables })).toEqual([
      ['large-table', null, 'things has about 500,000 rows: it may take long and hold its locks as long'],
    ])
    expect(await hazardsOf({ first: `${THING}, migrations.AlterModelTable("thing", "things")`, code: CREATE, tables })).toHaveLength(1)
    expect(await hazardsOf({ first: inTable('others'), code: CREATE, tables: { others: {}, a_thing: { rows: 500_000 } } })).toEqual([])
  })

  it('what uses a table is what uses that of the model', async () => {
    expect(codes(await hazardsOf({ first: inTable('busy'), code: CREATE }))).toEqual(['open-transaction'])
  })

  it('a model that is renamed and keeps its table is there; one that takes it with it is not', async () => {
    const rename = ['migrations.RenameModel("Thing", "Item")']
    expect(await hazardsOf({ first: inTable('things'), code: CREATE, later: rename })).toEqual([])
    expect(await hazardsOf({ code: CREATE, later: rename })).toEqual([
      [
        'later-table-gone',
        '0003_later',
        'a.0003_later renamed a.Thing to Item, and with it its table a_thing: everything that this migration does with it will fail',
      ],
    ])
    expect(await hazardsOf({ code: CREATE, later: [...rename, 'migrations.AlterModelTable("item", "a_thing")'] })).toEqual([])
    expect(await hazardsOf({ code: CREATE, later: [...rename, 'migrations.RenameModel("Item", "Thing")'] })).toEqual([])
  })

  it('a renamed field is one hazard, also where it was NOT NULL; with a column of its own it is none', async () => {
    expect(codes(await hazardsOf({ code: CREATE, later: ['migrations.RenameField("thing", "note", "remark")'] }))).toEqual(['later-removed'])
    const first = THING.replace('models.TextField()', 'models.TextField(db_column="the note")')
    expect(await hazardsOf({ first, code: CREATE, later: ['migrations.RenameField("thing", "note", "remark")'] })).toEqual([])
    expect(
      codes(
        await hazardsOf({
          first,
          code: CREATE,
          later: ['migrations.RemoveField("thing", "note")'],
          tables: { a_thing: { columns: { id: 'required', name: 'null' } } },
        }),
      ),
    ).toEqual(['later-removed'])
  })

  it('a state that is moved to another app leaves the table', async () => {
    const move = 'migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Thing")])'
    expect(await hazardsOf({ code: CREATE, later: [move] })).toEqual([])
  })

  it('what a model that is not managed says changes no table', async () => {
    const first = THING.replace(/\)$/, ', options={"managed": False})')
    expect(await hazardsOf({ first, code: CREATE, later: ['migrations.RemoveField("thing", "note"), migrations.DeleteModel("Thing")'] })).toEqual([])
  })

  it('what the migration itself adds, its code may use', async () => {
    const own = 'migrations.AddField("thing", "z", models.IntegerField(null=True)), '
    expect(codes(await hazardsOf({ own, code: CREATE, later: ['migrations.RemoveField("thing", "z")'] }))).toEqual(['later-removed'])
  })

  it.each([
    ['TextField()', 'IntegerField()', true],
    ['IntegerField()', 'BigIntegerField()', false],
    ['IntegerField()', 'DecimalField(max_digits=5, decimal_places=2)', true],
    ['FloatField()', 'DecimalField(max_digits=5, decimal_places=2)', false],
    ['BooleanField()', 'TextField()', true],
  ])('a column that was %s and is %s takes other values: %#', async (old, now, other) => {
    const first = `migrations.CreateModel("Thing", [("id", models.AutoField(primary_key=True)), ("note", models.${old})])`
    const later = [`migrations.AlterField("thing", "note", models.${now})`]
    expect(codes(await hazardsOf({ first, later, code: 'Thing.objects.create(note=1)' }))).toEqual(other ? ['later-type'] : [])
  })

  it('an array that holds shorter texts is narrower', async () => {
    const field = (length: number) => `ArrayField(models.CharField(max_length=${length}), null=True)`
    const first = `${THING}, migrations.AddField("thing", "tags", ${field(9)})`
    expect(codes(await hazardsOf({ first, code: 'Thing.objects.update(tags=[])', later: [`migrations.AlterField("thing", "tags", ${field(5)})`] }))).toEqual([
      'later-narrower',
    ])
  })

  it('a constraint is about the fields that it names', async () => {
    const update = 'Thing.objects.update(note="x")'
    const constraint = (text: string) => [`migrations.AddConstraint("thing", models.CheckConstraint(name="note", ${text}))`]
    expect(await hazardsOf({ code: update, later: constraint('condition=models.Q(name__gt="note")') })).toEqual([])
    expect(codes(await hazardsOf({ code: update, later: constraint('condition=models.Q(note__gt="a")') }))).toEqual(['later-constraint'])
    expect(codes(await hazardsOf({ code: update, later: constraint('condition=made()') }))).toEqual(['later-constraint'])
    expect(await hazardsOf({ code: update, later: [...constraint('condition=models.Q(note="a")'), 'migrations.RemoveConstraint("thing", "note")'] })).toEqual(
      [],
    )
  })

  it('a first run finds the tables that it would make by their real names', async () => {
    const own = `migrations.AddField("thing", "many", models.ManyToManyField("a.Thing")), migrations.AddField("thing", "tags", ArrayField(models.TextField(db_column="inner"), null=True, db_column="Tag list")), `
    const tables: Tables = { things: { columns: { id: 'required', 'Tag list': 'null' } }, things_many: {} }
    expect(codes(await hazardsOf({ first: inTable('things'), own, code: CREATE, tables, firstTime: true }))).toEqual(['already-there', 'already-there'])
  })
})

describe('what cannot be followed is named', () => {
  it('an operation that is not known', async () => {
    expect(await hazardsOf({ code: CREATE, later: ['other_package.Strange("thing")'] })).toEqual([
      [
        'unread-changes',
        '0003_later',
        expect.stringMatching(/^a\.0003_later may have changed a\.Thing, since it cannot be read whole: .*Strange is not known and may change anything$/),
      ],
    ])
  })

  it('a table', async () => {
    const first = THING.replace(/\)$/, ', options={"db_table": table_of()})')
    const found = await hazardsOf({ first, code: CREATE, later: ['migrations.RemoveField("thing", "note")'] })
    expect(codes(found)).toEqual(['unread-changes'])
    expect(found[0]?.[2]).toContain('the table of a.Thing is not known')
  })

  it('not one about another model', async () => {
    expect(await hazardsOf({ code: CREATE, later: ['migrations.AddField("other", "z", models.IntegerField())'] })).toEqual([])
  })
})
