// What a rehearsal costs over running the same code twice and taking it back, in turn, by rows that the migration writes.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { root } from '../bin/bootstrap.mjs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { driversFor, ensureDjango, findPythons } from '../bin/django-env.mjs'
import { ENGINES, type Engine } from '../test/support/servers/server.js'
import { median, Served } from './served.js'

const ROUNDS = Number(process.argv[2] ?? 3)
const SIZES = (process.argv[3] ?? '1000,1000000').split(',').map(Number)
const CHOSEN = process.argv[4]?.split(',') ?? ENGINES
const VERSION = '5.2'

const MIGRATION = `from django.db import migrations
from django.db.models.functions import Lower


def forward(apps, schema_editor):
    apps.get_model("shop", "Product").objects.update(slug=Lower("name"))


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_product_slug")]
    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
`

/** Of Django's process, in KiB: Python, getrusage(2). */
const PEAK = `
import atexit, resource
atexit.register(lambda: open("peak", "w").write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)))
`

/** The same code, twice in one transaction that is rolled back: what nobody can do without. */
const TWICE = `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
import django
django.setup()
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
migration = executor.loader.get_migration("shop", "0003_fill_slugs")
state = executor.loader.project_state(("shop", "0002_product_slug"))
connection.disable_constraint_checking()
with transaction.atomic():
    for _ in range(2):
        with connection.schema_editor(atomic=False) as editor:
            migration.apply(state.clone(), editor)
    transaction.set_rollback(True)
`

const served = new Served()
const folder = mkdtempSync(join(tmpdir(), 'migstate-rehearse-'))

try {
  const django = await ensureDjango({ version: VERSION, packages: driversFor(VERSION), pythons: findPythons(), variant: 'test' })
  if (django.missing) throw new Error(django.missing)
  console.log(
    `${ROUNDS} rounds, Node ${process.version}, Django ${VERSION}; median seconds, the code twice and a rehearsal in turn; most memory of Django's process`,
  )
  for (const engine of ENGINES) if (CHOSEN.includes(engine) && (await served.has(engine))) for (const rows of SIZES) await measure(engine, rows, django.home)
} finally {
  await served.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function measure(engine: Engine, rows: number, home: string): Promise<void> {
  const { freshDatabase } = await import('../test/support/databases.js')
  const database = await freshDatabase(engine)
  const cwd = join(folder, `${engine}-${rows}`)
  cpSync(join(root, 'examples', 'shop'), cwd, { recursive: true })
  writeFileSync(join(cwd, 'shop', 'migrations', '0003_fill_slugs.py'), MIGRATION)
  writeFileSync(join(cwd, 'twice.py'), TWICE)
  writeFileSync(join(cwd, 'manage.py'), PEAK + readFileSync(join(cwd, 'manage.py'), 'utf8'))
  const env = { ...process.env, ...database.env, VIRTUAL_ENV: home, DJANGO_SETTINGS_MODULE: undefined, XDG_CACHE_HOME: join(folder, 'cache') }
  const python = join(home, 'bin', 'python')
  const run = (command: string, args: string[], fine = [0]) => {
    const began = performance.now()
    const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 100_000_000 })
    if (!fine.includes(result.status ?? -1)) throw new Error(`${command} ${args.join(' ')}: ${result.stdout}${result.stderr}`)
    return { seconds: (performance.now() - began) / 1000, output: result.stdout }
  }
  try {
    run(python, ['manage.py', 'migrate', '-v0'])
    await fill(database.query, rows)
    const times = { twice: [] as number[], rehearsal: [] as number[] }
    const rehearse = [join(root, 'bin', 'run.js'), 'rehearse', 'shop', '0003', '--max-rows', String(rows), '--timeout', '3600', '--json']
    let compared = 0
    for (let round = -1; round < ROUNDS; round++) {
      const twice = run(python, ['twice.py']).seconds
      const { seconds, output } = run(process.execPath, rehearse)
      compared = JSON.parse(output).result.rehearsal.compared.rows
      if (round < 0) continue
      times.twice.push(twice)
      times.rehearsal.push(seconds)
    }
    const [twice, rehearsal] = [median(times.twice), median(times.rehearsal)]
    const peak = Math.round(Number(readFileSync(join(cwd, 'peak'), 'utf8')) / 1024)
    const overhead = (rehearsal - twice).toFixed(2)
    console.log(
      `${engine}, ${rows.toLocaleString('en-US')} rows (${compared} compared): twice ${twice.toFixed(2)}, rehearsal ${rehearsal.toFixed(2)}, overhead ${overhead}; ${peak} MiB`,
    )
  } finally {
    await database.drop()
  }
}

async function fill(query: (sql: string) => Promise<unknown>, rows: number): Promise<void> {
  for (let from = 0; from < rows; from += 5000) {
    const values = Array.from({ length: Math.min(5000, rows - from) }, (_unused, index) => `('Product ${from + index}', '')`)
    await query(`INSERT INTO shop_product (name, slug) VALUES ${values.join(', ')}`)
  }
}
