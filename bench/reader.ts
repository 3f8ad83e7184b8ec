// How fast big projects are read: status cold and warm against showmigrations cold and warm and bare node, in turn, each round all of them.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { root } from '../bin/bootstrap.mjs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { driversFor, ensureDjango, findPythons } from '../bin/django-env.mjs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { ensurePackages, siteFolder } from '../bin/packages-env.mjs'

const ROUNDS = Number(process.argv[2] ?? 7)
const VERSION = '5.2'
const folder = mkdtempSync(join(tmpdir(), 'migstate-reader-'))
const cache = join(folder, 'cache')

interface Site {
  name: string
  cwd: string
  home: string
}

const median = (times: number[]) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number

/** Only the history's own table: the sites are read, not migrated. */
const TABLE = `
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings" if os.path.isdir("project") else "settings")
import sys
sys.path.insert(0, os.getcwd())
import django
django.setup()
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
MigrationRecorder(connection).ensure_schema()
`

const MANAGE = `import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
`

const WAGTAIL_URLS = `from django.contrib import admin
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

urlpatterns = [
    path("django-admin/", admin.site.urls),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("", include(wagtail_urls)),
]
`

const step = (index: number) => `${String(index).padStart(4, '0')}_step`

try {
  const django = await ensureDjango({ version: VERSION, packages: driversFor(VERSION), pythons: findPythons(), variant: 'test' })
  if (django.missing) throw new Error(django.missing)
  const packages = (await ensurePackages('4.2')) as { home?: string; missing?: string }
  const sites: Site[] = [
    { name: 'small (examples/shop)', cwd: small(), home: django.home },
    { name: '2,000 migrations in 40 apps', cwd: generated(40, 50), home: django.home },
  ]
  if (packages.home) sites.push({ name: 'wagtail', cwd: wagtail(), home: packages.home }, { name: 'all packages', cwd: many(), home: packages.home })
  else console.log(`Sites of packages are left out: ${packages.missing}`)
  console.log(`${ROUNDS} rounds, Node ${process.version}, Django ${VERSION}; median milliseconds`)
  const only = process.argv[3]
  for (const site of sites.filter((one) => only === undefined || one.name.includes(only))) {
    try {
      measure(site)
    } catch (error) {
      console.log(`${site.name}: left out, ${(error as Error).message.split('\n').at(-1)}`)
    }
  }
  if (only === undefined) growth(django.home)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function run(command: string, args: string[], site: Site): number {
  const env = {
    ...process.env,
    VIRTUAL_ENV: site.home,
    XDG_CACHE_HOME: cache,
    DATABASE_URL: `sqlite:///${site.cwd}/db.sqlite3`,
    DJANGO_SETTINGS_MODULE: undefined,
  }
  const began = performance.now()
  const result = spawnSync(command, args, { cwd: site.cwd, env, encoding: 'utf8', maxBuffer: 100_000_000 })
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} in ${site.name}: ${(result.stderr || result.stdout).trim().split('\n').at(-1)}`)
  return performance.now() - began
}

function migstate(site: Site, ...args: string[]): number {
  return run(process.execPath, [join(root, 'bin', 'run.js'), 'status', ...args], site)
}

/** The checks of all packages together need more settings than reading does, so that Django is measured without them there. */
function showmigrations(site: Site): number {
  return run(
    join(site.home, 'bin', 'python'),
    ['-W', 'ignore', 'manage.py', 'showmigrations', ...(site.name === 'all packages' ? ['--skip-checks'] : [])],
    site,
  )
}

/** Byte code of the site's own files; that of packages stays, as pip has made it. */
function forgetByteCode(place: string): void {
  for (const entry of readdirSync(place, { recursive: true, withFileTypes: true }))
    if (entry.name === '__pycache__') rmSync(join(entry.parentPath, entry.name), { recursive: true, force: true })
}

function measure(site: Site): void {
  run(join(site.home, 'bin', 'python'), ['-W', 'ignore', '-c', TABLE], site)
  const times: Record<string, number[]> = { node: [], cold: [], warm: [], 'Django cold': [], 'Django warm': [] }
  for (let round = -1; round < ROUNDS; round++) {
    const once = {
      node: run(process.execPath, ['-e', '0'], site),
      cold: migstate(site, '--no-cache'),
      warm: migstate(site),
      'Django cold': (forgetByteCode(site.cwd), showmigrations(site)),
      'Django warm': showmigrations(site),
    }
    if (round >= 0) for (const [name, time] of Object.entries(once)) times[name]?.push(time)
  }
  const of = (name: string) => median(times[name] as number[])
  const factor = (of('Django warm') / of('warm')).toFixed(1)
  console.log(
    `${site.name}: ${Object.keys(times)
      .map((name) => `${name} ${of(name).toFixed(0)}`)
      .join(', ')}; warm ${factor} times as fast as Django, bare node + ${(of('warm') - of('node')).toFixed(0)}; memory ${memory(site)} MB`,
  )
}

function memory(site: Site): number {
  const program = "process.on('exit', () => process.stderr.write('\\n' + process.resourceUsage().maxRSS))"
  const result = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(program)}`, join(root, 'bin', 'run.js'), 'status', '--no-cache'],
    {
      cwd: site.cwd,
      env: { ...process.env, VIRTUAL_ENV: site.home, DATABASE_URL: `sqlite:///${site.cwd}/db.sqlite3` },
      encoding: 'utf8',
      maxBuffer: 100_000_000,
    },
  )
  return Math.round(Number(result.stderr.trim().split('\n').at(-1)) / 1024)
}

/** Cold reading grows as the files do. */
function growth(home: string): void {
  const points = [200, 2000, 20_000].map((count) => {
    const site: Site = { name: `${count} files`, cwd: generated(count / 50, 50), home }
    run(join(home, 'bin', 'python'), ['-c', TABLE], site)
    const times = [1, 2, 3].map(() => migstate(site, '--no-cache'))
    migstate(site)
    const warm = [1, 2, 3].map(() => migstate(site))
    return `${count} files: cold ${median(times).toFixed(0)}, warm ${median(warm).toFixed(0)}, memory ${memory(site)} MB`
  })
  console.log(`growth: ${points.join('; ')}`)
}

function write(place: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  return place
}

function small(): string {
  const place = join(folder, 'small')
  cpSync(join(root, 'examples', 'shop'), place, { recursive: true })
  return place
}

function settings(place: string, apps: string[], more = ''): string {
  return `SECRET_KEY = "x"\nUSE_TZ = True\nDEFAULT_AUTO_FIELD = "django.db.models.AutoField"\nINSTALLED_APPS = ${JSON.stringify(apps)}\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "${place}/db.sqlite3"}}\n${more}`
}

function generated(apps: number, each: number): string {
  const place = join(folder, `generated-${apps * each}`)
  if (existsSync(place)) return place
  const names = Array.from({ length: apps }, (_unused, index) => `app${String(index).padStart(3, '0')}`)
  const files: Record<string, string> = { 'manage.py': MANAGE, 'settings.py': settings(place, names) }
  names.forEach((name, at) => {
    files[`${name}/__init__.py`] = ''
    files[`${name}/migrations/__init__.py`] = ''
    for (let index = 1; index <= each; index++)
      files[`${name}/migrations/${step(index)}.py`] = migration(name, index, at > 0 && index % 10 === 1 ? (names[at - 1] as string) : undefined)
  })
  return write(place, files)
}

/** About as long as real ones are (859 bytes in the median, 2.5 kB on average). */
function migration(app: string, index: number, other?: string): string {
  const dependencies = [...(index > 1 ? [`("${app}", "${step(index - 1)}")`] : []), ...(other ? [`("${other}", "${step(index)}")`] : [])]
  const fields = Array.from(
    { length: 3 },
    (_unused, field) =>
      `        migrations.AddField(\n            model_name="thing",\n            name="f${index}_${field}",\n            field=models.CharField(max_length=${50 + field}, default="", verbose_name="field ${field}", help_text="A longer text to make the file about as large as real ones are"),\n        ),\n`,
  )
  const operations =
    index === 1
      ? '        migrations.CreateModel(\n            name="Thing",\n            fields=[("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=100))],\n        ),\n'
      : fields.join('')
  const data = index % 9 === 5 ? '        migrations.RunPython(forward, migrations.RunPython.noop),\n' : ''
  return `from django.db import migrations, models\n\n\ndef forward(apps, schema_editor):\n    Thing = apps.get_model("${app}", "Thing")\n    for thing in Thing.objects.all():\n        thing.name = thing.name.strip()\n        thing.save(update_fields=["name"])\n\n\nclass Migration(migrations.Migration):\n    dependencies = [${dependencies.join(', ')}]\n\n    operations = [\n${operations}${data}    ]\n`
}

function wagtail(): string {
  const place = join(folder, 'wagtail')
  const apps = ['contrib.forms', 'contrib.redirects', 'embeds', 'sites', 'users', 'snippets', 'documents', 'images', 'search', 'admin'].map(
    (name) => `wagtail.${name}`,
  )
  const django = ['admin', 'auth', 'contenttypes', 'sessions', 'messages', 'staticfiles'].map((name) => `django.contrib.${name}`)
  const context =
    '"django.template.context_processors.request", "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"'
  const more = `STATIC_URL = "/static/"\nROOT_URLCONF = "urls"\nWAGTAIL_SITE_NAME = "x"\nWAGTAILADMIN_BASE_URL = "http://localhost"\nTEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [${context}]}}]\nMIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware"]\n`
  return write(place, {
    'manage.py': MANAGE,
    // As in the project that `wagtail start` makes: the checks of showmigrations import what the URLs name.
    'urls.py': WAGTAIL_URLS,
    'settings.py': settings(place, [...apps, 'wagtail', 'taggit', ...django], more),
  })
}

function many(): string {
  const place = join(folder, 'many')
  cpSync(siteFolder('4.2'), place, { recursive: true })
  const own = 'from site_settings import *\n'
  cpSync(join(place, 'settings.py'), join(place, 'site_settings.py'))
  return write(place, {
    'settings.py': `${own}DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "${place}/db.sqlite3"}}\nSILENCED_SYSTEM_CHECKS = []\n`,
  })
}
