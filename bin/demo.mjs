#!/usr/bin/env node
// "npm run demo": the main job on a copy of examples/shop, as typed commands with their real output.
// "npm run demo -- --database postgresql" does the same on a private PostgreSQL.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCli, checkNode, ensurePackages, giveUp, root, say } from './bootstrap.mjs'
import { ensureDjango, findPythons } from './django-env.mjs'
import { startPostgres } from './private-postgres.mjs'

const DJANGO = '5.2'
const FALLBACK = '4.2'

const database = chosenDatabase(process.argv.slice(2))
checkNode()
const django = await findDjango()
await ensurePackages()
say('Building migstate …')
await buildCli()
const server = database === 'postgresql' ? await startServer() : undefined
try {
  demo(server)
} catch (error) {
  say(error.message)
  process.exitCode = 1
} finally {
  await server?.stop()
}

function chosenDatabase(words) {
  if (words.length === 0) return 'sqlite'
  const [flag, value] = words[0].includes('=') ? words[0].split('=') : words
  if (flag !== '--database' || !['sqlite', 'postgresql'].includes(value)) giveUp('The demo takes "--database sqlite" (the default) or "--database postgresql".')
  return value
}

async function findDjango() {
  const pythons = findPythons()
  if (pythons.size === 0) giveUp('The demo needs Python 3 with the modules venv and ensurepip (on Debian: apt-get install python3-venv).')
  const packages = ['psycopg2-binary']
  let made = await ensureDjango({ version: DJANGO, packages, pythons, variant: 'demo' })
  if (made.missing) made = await ensureDjango({ version: FALLBACK, packages, pythons, variant: 'demo' })
  if (made.missing) giveUp(`The demo has no Django: ${made.missing}.`)
  return made
}

async function startServer() {
  say('Starting a private PostgreSQL …')
  try {
    return await startPostgres()
  } catch (error) {
    return giveUp(`PostgreSQL could not be started: ${error.message}`)
  }
}

function demo(postgres) {
  const shop = mkdtempSync(join(tmpdir(), 'migstate-demo-'))
  cpSync(join(root, 'examples', 'shop'), shop, { recursive: true })
  const env = { ...process.env, VIRTUAL_ENV: django.home, PATH: `${join(django.home, 'bin')}:${process.env.PATH}`, ...(postgres ? postgresEnv(postgres) : {}) }
  for (const name of ['DATABASE_URL', 'DJANGO_SETTINGS_MODULE', 'MIGSTATE_URL', 'PYTHONPATH']) delete env[name]
  const type = (shown, command, args, exit = 0) => {
    process.stdout.write(`\n${paint(1, `$ ${shown}`)}\n`)
    const result = spawnSync(command, args, { cwd: shop, env, stdio: ['ignore', 'inherit', 'inherit'] })
    if (result.status !== exit) throw new Error(`"${shown}" ended with exit ${result.status}; the copy of the project is ${shop}.`)
  }
  const migstate = (words, exit) => type(`migstate ${words}`, process.execPath, [join(root, 'bin', 'run.js'), ...words.split(' ')], exit)
  const manage = (words) => type(`python manage.py ${words}`, django.python, ['manage.py', ...words.split(' ')])
  const shell = (text) => type(`python manage.py shell --verbosity 0 -c "${text}"`, django.python, ['manage.py', 'shell', '--verbosity', '0', '-c', text])

  heading('A small shop. Django migrates it, then a product comes in without a slug.')
  manage('migrate --verbosity 0')
  shell("from shop.models import Product; Product.objects.create(name='Blue Hat')")
  migstate('status shop billing reports')

  heading('Can shop.0003_fill_slugs run again? Not if it were written like this. A rehearsal finds out, and leaves nothing behind.')
  const file = join(shop, 'shop', 'migrations', '0003_fill_slugs.py')
  const safe = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    safe.replace('.filter(slug__isnull=True)', '.all()').replace('product.slug = product.name', 'product.slug = (product.slug or "") + product.name'),
  )
  const grep = () => type('grep -A 2 Product.objects shop/migrations/0003_fill_slugs.py', 'grep', ['-A', '2', 'Product.objects', file])
  grep()
  migstate('rehearse shop 0003', 3)

  heading('Mended: it takes only products without a slug, and leaves what it finds alone. Now a rehearsal says yes.')
  writeFileSync(file, safe)
  grep()
  migstate('rehearse shop 0003 --record')

  heading('shop.0003_fill_slugs has to run again. Four migrations in three apps depend on it.')
  const before = rows(env, shop)
  migstate('rerun shop 0003 --yes')

  heading('Proof: the data migration ran, and every other row is byte for byte as before.')
  shell("from shop.models import Product; print(list(Product.objects.values_list('name', 'slug')))")
  const after = rows(env, shop)
  const changed = before.filter((row, index) => row !== after[index])
  say(`\nRows before: ${before.length}, after: ${after.length}, different: ${changed.length}`)
  for (const [index, row] of before.entries()) if (row !== after[index]) say(`  - ${row}\n  + ${after[index]}`)
  if (changed.length !== 1 || before.length !== after.length) throw new Error('More than one row differs: this is a bug in migstate.')
  manage('migrate --check')

  heading('Every change can be undone, and redone.')
  migstate('mark unapplied reports 0001 --yes --reason demo')
  migstate('rollback --yes')
  migstate('rollback --yes')
  migstate('rollback --yes')
  migstate('history')
  if (rows(env, shop).some((row, index) => row !== after[index])) throw new Error('The rollback was not exact: this is a bug in migstate.')

  heading(
    postgres
      ? 'That was the demo. Its PostgreSQL is stopped and gone; the project is still there:'
      : 'That was the demo. The shop is still there, try it yourself:',
  )
  say(`  cd ${shop}\n  export VIRTUAL_ENV=${django.home}\n  alias migstate="${process.execPath} ${join(root, 'bin', 'run.js')}"`)
  if (!postgres) say('  migstate status\n  migstate rerun shop 0003 --dry-run\n  migstate mark unapplied shop 0003\n  migstate --help')
}

function postgresEnv({ port }) {
  return {
    SHOP_DB_ENGINE: 'django.db.backends.postgresql',
    SHOP_DB_NAME: 'postgres',
    SHOP_DB_HOST: '127.0.0.1',
    SHOP_DB_PORT: String(port),
    SHOP_DB_USER: 'postgres',
  }
}

/** The history as the database itself prints it, asked through Django, not through migstate. */
function rows(env, shop) {
  const program = `
import django; django.setup()
from django.db import connection
applied = "applied::text" if connection.vendor == "postgresql" else "CAST(applied AS CHAR)"
cursor = connection.cursor(); cursor.execute("SELECT id, app, name, " + applied + " FROM django_migrations ORDER BY id")
for row in cursor.fetchall(): print("  ".join(str(value) for value in row))`
  const result = spawnSync(django.python, ['-c', program], { cwd: shop, env: { ...env, DJANGO_SETTINGS_MODULE: 'project.settings' }, encoding: 'utf8' })
  return result.stdout.trimEnd().split('\n')
}

function heading(text) {
  process.stdout.write(`\n${paint(36, `# ${text}`)}\n`)
}

function paint(colour, text) {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[${colour}m${text}\u001b[0m` : text
}
