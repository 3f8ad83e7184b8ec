import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Operation, openProject } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'
import { rewriteEntry } from '../support/kept-entry.js'

/** What operations are given is kept between runs for the commands that ask for it; it may save time and must never change an answer. */
let folder: string
let outside: string
let cacheFolder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-details-'))
  outside = mkdtempSync(join(tmpdir(), 'migstate-kept-'))
  cacheFolder = join(outside, 'cache')
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': 'INSTALLED_APPS = ["a", "b"]\n',
    'fields.py': 'from django.db import models\nLENGTH = 7\nclass Short(models.CharField):\n    pass\n',
    'a/__init__.py': '',
    'a/migrations/__init__.py': '',
    'a/migrations/0001_x.py': EVERYTHING,
    'b/__init__.py': '',
    'b/migrations/__init__.py': '',
    'b/migrations/0001_y.py': `import os
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.CreateModel("Y", [("n", models.CharField(max_length=int(os.environ.get("LENGTH", "3"))))])]
`,
  })
})
afterEach(() => {
  for (const one of [folder, outside]) rmSync(one, { recursive: true, force: true })
})

const EVERYTHING = `import datetime
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Q
import fields

def forward(apps, schema_editor):
    for one in apps.get_model("a", "Thing").objects.all():
        one.delete()

class Migration(migrations.Migration):
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Thing",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("short", fields.Short(max_length=fields.LENGTH, null=True)),
                ("many", ArrayField(models.CharField(max_length=3, null=True), default=list)),
                ("rate", models.FloatField(default=1.5, choices=[(1, "one"), (2.5, None), (True, "\\u2028")])),
                ("at", models.DateTimeField(default=datetime.datetime(2024, 1, 1))),
            ],
            options={"db_table": 'a"thing', "unique_together": {("short", "rate")}, "indexes": [models.Index(F("short"), name="i")]},
        ),
        migrations.AddConstraint("thing", models.CheckConstraint(condition=Q(rate__gt=0) & ~Q(short=""), name="c")),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("DROP TABLE x", migrations.RunSQL.noop), migrations.RunPython(forward, elidable=True)],
            state_operations=[migrations.AddField("Thing", "more", models.IntegerField(**{"default": 3}))],
        ),
        migrations.RunPython(forward, migrations.RunPython.noop),
        migrations.RunSQL("UPDATE a SET b = 1", state_operations=[migrations.DeleteModel("Gone")]),
        migrations.AlterField("thing", "short", fields.Short(*fields.unknown, **fields.more)),
    ]
`

const open = (kept: boolean, env: Record<string, string> = {}) =>
  openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env, cacheFolder: kept ? cacheFolder : undefined })

/** Everything that an operation can tell. */
const told = (operation: Operation): unknown => ({
  ...operation,
  arguments: operation.arguments?.(),
  given: operation.given?.(),
  facts: operation.facts?.(),
  inner: operation.inner?.().map(told),
  stateOperations: operation.stateOperations?.().map(told),
})

function details(kept: boolean, env: Record<string, string> = {}): unknown {
  const project = open(kept, env)
  const all = project.files().apps.flatMap(({ migrations }) => migrations.map((file) => project.detailed(file).operations?.map(told)))
  project.keepDetails()
  return all
}

/** The entry in which details are kept. */
const entry = () =>
  readdirSync(cacheFolder)
    .map((name) => join(cacheFolder, name))
    .find((path) => readFileSync(path, 'utf8').includes('"hasFacts"')) as string
const mark = () => rewriteEntry(entry(), (text) => text.replaceAll('a\\"thing', 'kept'))
const isKept = () => JSON.stringify(details(true), (_key, value) => (value instanceof Map ? [...value] : value)).includes('"kept"')

describe('details of operations', () => {
  it('the second run takes them from the first, and they are what the files say', () => {
    const read = details(false)
    expect(JSON.stringify(read)).toContain('hazards')
    expect(details(true)).toEqual(read)
    expect(details(true)).toEqual(read)
    mark()
    expect(isKept()).toBe(true)
    expect(statSync(entry()).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['the file', () => writeFileSync(join(folder, 'a/migrations/0001_x.py'), EVERYTHING.replace('max_length=3', 'max_length=4'))],
    [
      'a module that a field comes from',
      () => writeFileSync(join(folder, 'fields.py'), 'from django.db import models\nclass Short(models.TextField):\n    pass\n'),
    ],
    ['a module that was not there', () => files(folder, { 'datetime.py': 'def datetime(*args):\n    return args\n' })],
    ['the time of a file alone', () => utimesSync(join(folder, 'fields.py'), 1, 1)],
  ])('a change of %s: they are read again', (_what, change) => {
    details(true)
    mark()
    expect(isKept()).toBe(true)
    change()
    expect(isKept()).toBe(false)
    expect(details(true)).toEqual(details(false))
  })

  it('a variable of the environment that a file reads: they are read again', () => {
    expect(details(true, { LENGTH: '5' })).toEqual(details(false, { LENGTH: '5' }))
    expect(details(true, { LENGTH: '6' })).toEqual(details(false, { LENGTH: '6' }))
    expect(details(true, { LENGTH: '5', OTHER: '1' })).toEqual(details(false, { LENGTH: '5' }))
  })

  it.each(['{', '{"reader":1}', 'null', '[]'])('an entry of other bytes (%s) is none', (text) => {
    const read = details(true)
    writeFileSync(entry(), text)
    expect(details(true)).toEqual(read)
  })

  it.each([
    ['"inner":null', '"inner":7'],
    ['"state":null', '"state":[null]'],
    ['"values":[', '"values":["x"],"more":['],
  ])('an entry of another shape (%s → %s) is none', (from, to) => {
    const read = details(true)
    rewriteEntry(entry(), (text) => text.replaceAll(from, to))
    expect(details(true)).toEqual(read)
  })

  it('a number that JSON has not is not kept', () => {
    writeFileSync(join(folder, 'a/migrations/0001_x.py'), EVERYTHING.replace('default=1.5', 'default=1e999'))
    const read = details(false)
    expect(details(true)).toEqual(read)
    expect(details(true)).toEqual(read)
    expect(readFileSync(entry(), 'utf8')).not.toContain('0001_x.py",[')
  })
})
