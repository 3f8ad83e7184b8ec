import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { cacheFolder, ensureFolder } from '../../bin/bootstrap.mjs'
import { openProject, type ProjectFiles } from '../../src/project/index.js'
import { root } from '../support/root.js'
import { compareProject, type DjangoProject, type ProjectFigures } from './compare-project.js'

/** The `tests` folder of Django's source distribution, taken from PyPI once. */
export function djangoTests(version: string, home: string): string {
  const target = join(ensureFolder(join(cacheFolder, 'django-source')), version)
  if (existsSync(join(target, 'ready'))) return join(target, 'tests')
  rmSync(target, { recursive: true, force: true })
  const part = mkdtempSync(join(tmpdir(), 'migstate-sdist-'))
  const python = join(home, 'bin', 'python')
  execFileSync(
    python,
    ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-binary', ':all:', '--dest', part, `Django~=${version}.0`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const [archive] = readdirSync(part).filter((name) => name.endsWith('.tar.gz'))
  if (archive === undefined) throw new Error(`There is no source distribution of Django ${version}.`)
  mkdirSync(join(part, 'out'))
  execFileSync('tar', ['xzf', join(part, archive), '-C', join(part, 'out')])
  const [unpacked] = readdirSync(join(part, 'out'))
  mkdirSync(target, { recursive: true })
  renameSync(join(part, 'out', unpacked as string, 'tests'), join(target, 'tests'))
  rmSync(part, { recursive: true, force: true })
  writeFileSync(join(target, 'ready'), version)
  return join(target, 'tests')
}

/** Every folder below `tests` with files that define a migration, as a dotted package. */
export function migrationPackages(tests: string): string[] {
  const found = new Set<string>()
  for (const entry of readdirSync(tests, { recursive: true, withFileTypes: true })) {
    const folder = relative(tests, entry.parentPath)
    if (entry.isFile() && entry.name.endsWith('.py') && /(^|\/)[\w]*migrations[\w]*(\/|$)/.test(folder) && !folder.includes('__pycache__')) found.add(folder)
  }
  return [...found].sort().map((folder) => folder.split('/').join('.'))
}

export interface PackageFigures extends ProjectFigures {
  name: string
}

/** One package of Django's own tests as the migrations of an app, read by Django's loader and by ours. */
export function comparePackage(tests: string, name: string, home: string): PackageFigures | { name: string; django: string } {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-django-test-'))
  try {
    const [app] = name.split('.') as [string]
    const apps = [...new Set(['django.contrib.contenttypes', 'django.contrib.auth', 'django.contrib.sites', ownApp(tests, name) ?? app])]
    const label = (ownApp(tests, name) ?? app).split('.').at(-1) as string
    const modules = name.endsWith('.migrations') ? '{}' : `{${JSON.stringify(label)}: ${JSON.stringify(name)}}`
    writeFileSync(
      join(folder, 'settings.py'),
      `import sys\nsys.path.insert(0, ${JSON.stringify(tests)})\nSECRET_KEY = "x"\nUSE_TZ = False\nDEFAULT_AUTO_FIELD = "django.db.models.AutoField"\nINSTALLED_APPS = ${JSON.stringify(apps)}\nMIGRATION_MODULES = ${modules}\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\n`,
    )
    writeFileSync(join(folder, 'manage.py'), 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n')
    const django = askLoader(folder, home)
    const ours = openProject({ folder, managePy: undefined, settings: undefined, python: join(home, 'bin', 'python'), path: [], env: {} }).files()
    if ('failed' in django) return refusalOf(name, django.failed, ours)
    return { name, ...compareProject(ours, django) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What Django refuses for the sake of a file we have to refuse too; what it cannot even start with is no question to us. */
function refusalOf(name: string, failed: string, ours: ProjectFiles): PackageFigures | { name: string; django: string } {
  if (!failed.includes('BadMigrationError')) return { name, django: failed }
  const broken = ours.apps.flatMap((app) => app.migrations.flatMap((file) => (file.broken ? [file.broken.message] : [])))
  const same = broken.some((message) => failed.includes(message))
  const disagreements = same ? [] : [`Django refuses (${failed}), we do not`]
  return { name, apps: 1, nodes: 0, edges: 0, operations: 0, disagreements, unknowns: [] }
}

/** The nearest package above that is an app of its own (`migrations.migrations_test_apps.x`). */
function ownApp(tests: string, name: string): string | undefined {
  if (!name.endsWith('.migrations')) return undefined
  const parent = name.slice(0, -'.migrations'.length)
  return existsSync(join(tests, ...parent.split('.'), '__init__.py')) ? parent : undefined
}

/** What Django's loader says, or why it cannot load the package itself. */
export function askLoader(folder: string, home: string, env: NodeJS.ProcessEnv = {}): DjangoProject | { failed: string } {
  try {
    const answer = execFileSync(join(home, 'bin', 'python'), ['-B', '-W', 'ignore', join(root, 'test', 'conformance', 'packages.py')], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', DJANGO_SETTINGS_MODULE: 'settings', ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 200_000_000,
    })
    return JSON.parse(answer.trim().split('\n').at(-1) as string) as DjangoProject
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n')
    return { failed: lines.at(-1) ?? '' }
  }
}
