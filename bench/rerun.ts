// What shadow mode costs over a bare "manage.py migrate APP NAME" that really runs the same migration, in turn, by size of the history.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { root } from '../bin/bootstrap.mjs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { driversFor, ensureDjango, findPythons } from '../bin/django-env.mjs'
import { ENGINES, type Engine } from '../test/support/servers/server.js'
import { median, Served } from './served.js'

const ROUNDS = Number(process.argv[2] ?? 7)
const SIZES = (process.argv[3] ?? '1000,10000,100000').split(',').map(Number)
const VERSION = '5.2'

const served = new Served()
const folder = mkdtempSync(join(tmpdir(), 'migstate-rerun-'))

try {
  const django = await ensureDjango({ version: VERSION, packages: driversFor(VERSION), pythons: findPythons(), variant: 'test' })
  if (django.missing) throw new Error(django.missing)
  console.log(`${ROUNDS} rounds, Node ${process.version}, Django ${VERSION}; median seconds, bare and shadow in turn`)
  for (const engine of ENGINES) if (await served.has(engine)) for (const rows of SIZES) await measure(engine, rows, django.home)
} finally {
  await served.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function measure(engine: Engine, rows: number, home: string): Promise<void> {
  const { freshDatabase } = await import('../test/support/databases.js')
  const database = await freshDatabase(engine)
  const cwd = join(folder, `${engine}-${rows}`)
  cpSync(join(root, 'examples', 'shop'), cwd, { recursive: true })
  const env = { ...process.env, ...database.env, VIRTUAL_ENV: home, DJANGO_SETTINGS_MODULE: undefined, XDG_CACHE_HOME: join(folder, 'cache') }
  const python = join(home, 'bin', 'python')
  const run = (command: string, args: string[]) => {
    const began = performance.now()
    const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 100_000_000 })
    if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stdout}${result.stderr}`)
    return (performance.now() - began) / 1000
  }
  try {
    run(python, ['manage.py', 'migrate', '-v0'])
    await fill(database.query, rows)
    const times = { bare: [] as number[], shadow: [] as number[] }
    for (let round = -1; round < ROUNDS; round++) {
      // Bare: the rows that shadow mode hides are really gone, so that Django runs the same migration.
      const hidden = await database.query("SELECT app, name FROM django_migrations WHERE app IN ('billing', 'reports') OR (app = 'shop' AND name >= '0003')")
      await database.query("DELETE FROM django_migrations WHERE app IN ('billing', 'reports') OR (app = 'shop' AND name >= '0003')")
      const bare = run(python, ['manage.py', 'migrate', 'shop', '0003_fill_slugs', '-v0'])
      for (const row of hidden)
        if (row.name !== '0003_fill_slugs')
          await database.query(`INSERT INTO django_migrations (app, name, applied) VALUES ('${row.app}', '${row.name}', '2024-01-01 00:00:00')`)
      const shadow = run(process.execPath, [join(root, 'bin', 'run.js'), 'rerun', 'shop', '0003', '--yes', '-q'])
      if (round < 0) continue
      times.bare.push(bare)
      times.shadow.push(shadow)
    }
    const [bare, shadow] = [median(times.bare), median(times.shadow)]
    console.log(`${engine}, ${rows.toLocaleString('en-US')} rows: bare ${bare.toFixed(2)}, shadow ${shadow.toFixed(2)}, overhead ${(shadow - bare).toFixed(2)}`)
  } finally {
    await database.drop()
  }
}

/** Rows of apps that are gone, as a long-lived table has them. */
async function fill(query: (sql: string) => Promise<unknown>, rows: number): Promise<void> {
  for (let from = 0; from < rows; from += 5000) {
    const values = Array.from(
      { length: Math.min(5000, rows - from) },
      (_unused, index) => `('old', '${String(from + index).padStart(6, '0')}_step', '2024-01-01 00:00:00')`,
    )
    await query(`INSERT INTO django_migrations (app, name, applied) VALUES ${values.join(', ')}`)
  }
}
