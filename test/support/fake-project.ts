import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './root.js'
import { endProcessesIn, whenTestEnds } from './endings.js'
import type { TestDatabase } from './databases.js'
import { createHistoryTable, record } from './history-table.js'

/** A project of files only: no Django is started, and what `migrate` would do is done by test/fixtures/fake-migrate.mjs. */
export interface FakeProject {
  folder: string
  /** `--manage` for a migrate that behaves like this. */
  manage(behaviour: Behaviour): string[]
  write(files: Record<string, string>): void
  remove(): void
}

/** `both`: also backwards. `lose`: the server ends its session. `record`: runs and records. `fail`: exit 1, no row. `record-then-fail`: a post_migrate handler fails. `nothing`: exit 0, no row. */
export type Behaviour = 'record' | 'fail' | 'record-then-fail' | 'nothing' | 'hang' | 'both' | 'crash' | 'lose' | 'interfere'

export const migration = (
  dependencies: string,
  operations = 'migrations.RunPython(forward, migrations.RunPython.noop)',
  more = '',
) => `from django.db import migrations


def forward(apps, schema_editor):
    pass


class Migration(migrations.Migration):
${more}    dependencies = [${dependencies}]
    operations = [${operations}]
`

export function files(folder: string, entries: Record<string, string>): void {
  for (const [path, text] of Object.entries(entries)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

export const ROWS: [string, string][] = [
  ['shop', '0001_initial'],
  ['shop', '0002_data'],
  ['billing', '0001_initial'],
  ['shop', '0003_more'],
  ['reports', '0001_initial'],
  ['blog', '0001_initial'],
]

/** shop.0002_data has dependants in shop, billing and reports; blog stands alone. Everything is recorded. */
export async function fakeProject(database: TestDatabase): Promise<FakeProject> {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-fake-'))
  const apps = ['shop', 'billing', 'reports', 'blog']
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': `INSTALLED_APPS = [${apps.map((app) => `"${app}"`).join(', ')}]\nUSE_TZ = True\n`,
    ...Object.fromEntries(apps.flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((path) => [path, '']))),
    'shop/migrations/0001_initial.py': migration(''),
    'shop/migrations/0002_data.py': migration('("shop", "0001_initial")'),
    'shop/migrations/0003_more.py': migration('("shop", "0002_data")'),
    'billing/migrations/0001_initial.py': migration('("shop", "0002_data")'),
    'reports/migrations/0001_initial.py': migration('("billing", "0001_initial")'),
    'blog/migrations/0001_initial.py': migration(''),
  })
  const remove = () => {
    endProcessesIn(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  whenTestEnds(remove)
  await createHistoryTable(database)
  await record(database, ROWS)
  return {
    folder,
    manage: (behaviour) => [
      '--mode',
      'table',
      '--manage',
      `${process.execPath} ${join(root, 'test', 'fixtures', 'fake-migrate.mjs')} ${behaviour} ${database.url} APP NAME`,
    ],
    write: (entries) => files(folder, entries),
    remove,
  }
}
