import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { ProjectState, type Side } from '../../src/migrations/index.js'
import { files } from '../support/fake-project.js'

/** What of a state no Django is needed for: packages that are not installed, doubts, and the two sides that are followed. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-state-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function after(operations: string, { head = '', side = 'state', state = new ProjectState(null) }: { head?: string; side?: Side; state?: ProjectState } = {}) {
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': 'INSTALLED_APPS = ["a"]\n',
    'a/__init__.py': '',
    'a/migrations/__init__.py': '',
    'a/migrations/0001_x.py': `from django.db import migrations, models\n${head}\n\nclass Migration(migrations.Migration):\n    operations = [${operations}]\n`,
  })
  const project = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} })
  const [file] = project.files().apps[0]?.migrations ?? []
  state.step({ app: 'a', name: '0001_x', operations: file ? project.detailed(file).operations : null }, side)
  return state
}

const ID = '("id", models.AutoField(primary_key=True))'
const columns = (state: ProjectState, name: string) => {
  const model = state.get('a', name)
  return model ? state.columnsOf(model).columns.map(({ names, unsure }) => (unsure === null ? names.join() : `? ${names.join(' ')}`)) : []
}

describe('fields of packages that are not there', () => {
  it('are known where they are relations of Django under another name', () => {
    const state = after(
      `migrations.CreateModel("M", [${ID}, ("up", mptt.fields.TreeForeignKey("self", models.CASCADE)), ("tags", TaggableManager(through="taggit.TaggedItem", to="taggit.Tag"))])`,
      { head: 'import mptt.fields\nfrom taggit.managers import TaggableManager\n' },
    )
    expect(columns(state, 'M')).toEqual(['id', 'up_id'])
    expect(state.tableOfRelation(state.get('a', 'M') as never, 'tags')).toEqual({ unknown: 'the model taggit.TaggedItem is not known' })
  })

  it('are unknown otherwise, with the columns that they may have, and what they are given is known', () => {
    const state = after(`migrations.CreateModel("M", [${ID}, ("x", odd.X(null=True)), ("y", odd.X(db_column="why"))])`, { head: 'import odd\n' })
    expect(columns(state, 'M')).toEqual(['id', '? x x_id', 'why'])
    const model = state.get('a', 'M')
    const [, x, y] = model ? state.columnsOf(model).columns : []
    expect(x?.isNullable).toEqual({ value: true })
    expect(y?.isNullable).toEqual({ unknown: 'the class odd.X was not read' })
  })
})

describe('doubts', () => {
  it('name the migration, and are about a model where one is named, else about the app', () => {
    const state = after(`migrations.CreateModel("M", [${ID}]), migrations.CreateModel("N", [${ID}]), odd.X(), FakeDelete("N")`, {
      head: 'import odd\n\n\nclass FakeDelete(migrations.DeleteModel):\n    def state_forwards(self, *args):\n        pass\n',
    })
    expect(state.doubts).toEqual([
      { app: 'a', model: null, migration: ['a', '0001_x'], reason: 'X is not known and may change anything' },
      { app: 'a', model: 'n', migration: ['a', '0001_x'], reason: 'FakeDelete changes the state in a way of its own' },
    ])
    expect(state.doubtsAbout('a', 'M')).toHaveLength(1)
    expect(state.doubtsAbout('a', 'N')).toHaveLength(2)
    expect(state.doubtsAbout('b', 'M')).toEqual([])
    const model = state.get('a', 'M')
    expect(model && state.columnsOf(model).open).toBe('X is not known and may change anything')
  })

  it('are operations that cannot be read, inside of others too', () => {
    expect(after('*unknown()').doubts).toMatchObject([{ app: 'a', reason: 'its operations cannot be read' }])
    expect(after('migrations.SeparateDatabaseAndState(state_operations=unknown())').doubts).toHaveLength(1)
    expect(after('migrations.SeparateDatabaseAndState(database_operations=unknown())').doubts).toHaveLength(0)
    expect(after('migrations.SeparateDatabaseAndState(unknown())', { side: 'database' }).doubts).toHaveLength(1)
  })

  it('are changes of what is not there', () => {
    expect(after('migrations.AddField("m", "x", models.IntegerField())').doubts).toMatchObject([
      { model: 'm', reason: 'AddField m.x: the model a.m is not known' },
    ])
    const [doubt] = after(`migrations.CreateModel("M", [${ID}]), migrations.RemoveField("m", "x")`).doubts
    expect(doubt?.reason).toBe('RemoveField m.x: the field x is not known')
  })

  it('are none for operations that leave the models alone', () => {
    expect(
      after('migrations.RunPython(migrations.RunPython.noop), migrations.RunSQL("SELECT 1"), TrigramExtension()', {
        head: 'from django.contrib.postgres.operations import TrigramExtension\n',
      }).doubts,
    ).toEqual([])
  })
})

describe('the two sides', () => {
  const operations = `migrations.SeparateDatabaseAndState([migrations.AddField("m", "there", models.TextField())], [migrations.AddField("m", "here", models.TextField())])`
  const made = () => after(`migrations.CreateModel("M", [${ID}])`)

  it('part where the state is told apart from the database', () => {
    expect(columns(after(operations, { state: made() }), 'M')).toEqual(['id', 'here'])
    expect(columns(after(operations, { state: made(), side: 'database' }), 'M')).toEqual(['id', 'there'])
  })

  it('part where a model is not managed', () => {
    const outside = () => after(`migrations.CreateModel("M", [${ID}], {"managed": False})`)
    const change = 'migrations.AddField("m", "x", models.TextField()), migrations.RenameModel("M", "N")'
    const [state, database] = [after(change, { state: outside() }), after(change, { state: outside(), side: 'database' })]
    expect([columns(state, 'N'), columns(database, 'N')]).toEqual([['id', 'x'], ['id']])
    expect([state, database].map((one) => one.tableOf(one.get('a', 'N') as never))).toEqual([{ value: 'a_n' }, { value: 'a_m' }])
  })

  it('a copy goes its own way', () => {
    const state = made()
    const copy = after('migrations.DeleteModel("M")', { state: state.clone() })
    expect([state.models.size, copy.models.size]).toEqual([1, 0])
  })
})
