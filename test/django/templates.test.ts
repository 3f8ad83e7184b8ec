import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
// @ts-expect-error plain JavaScript, shared with the demo
import { ensureDjango, findPythons } from '../../bin/django-env.mjs'
import { openProject, readDatabase } from '../../src/project/index.js'
import { compareProject } from '../conformance/compare-project.js'
import { askLoader } from '../conformance/django-tests.js'
import { djangos } from '../support/django.js'
import { root } from '../support/root.js'

/** The projects that people start from. */
const folders: string[] = []
const START = "from django.core.management import execute_from_command_line as run; run(['django-admin', 'startproject', 'site_of_mine', '.'])"
const temporary = () => {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-template-'))
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

describe.each(Object.entries(djangos))('startproject of Django %s', (_version, home) => {
  it('is read as Django reads it', () => {
    const folder = temporary()
    const python = join(home, 'bin', 'python')
    const made = spawnSync(python, ['-W', 'ignore', '-c', START], { cwd: folder, encoding: 'utf8' })
    expect(made.status, made.stderr).toBe(0)
    const project = openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env: {} })
    expect(readDatabase(project.settings, 'default')).toMatchObject({ engine: 'django.db.backends.sqlite3', name: join(folder, 'db.sqlite3') })
    const django = askLoader(folder, home, { DJANGO_SETTINGS_MODULE: 'site_of_mine.settings' })
    expect(django).not.toHaveProperty('failed')
    const { disagreements, unknowns, nodes } = compareProject(project.files(), django as never)
    expect([disagreements, unknowns]).toEqual([[], []])
    expect(nodes).toBeGreaterThan(4)
  })
})

describe('wagtail start', () => {
  it('is read as Django reads it', { timeout: 300_000 }, async ({ skip }) => {
    const made = await ensureDjango({ version: '5.2', packages: ['wagtail==8.0.1'], pythons: findPythons(), variant: 'wagtail' })
    if (made.missing && process.env.CI !== 'true') skip(made.missing)
    expect(made).not.toHaveProperty('missing')
    const { home } = made as { home: string }
    const folder = temporary()
    const python = join(home, 'bin', 'python')
    const started = spawnSync(join(home, 'bin', 'wagtail'), ['start', 'site_of_mine', '.'], { cwd: folder, encoding: 'utf8' })
    expect(started.status, started.stderr).toBe(0)
    const project = openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env: {} })
    expect(project.settings.module).toBe('site_of_mine.settings.dev')
    expect(readDatabase(project.settings, 'default')).toMatchObject({ engine: 'django.db.backends.sqlite3', name: join(folder, 'db.sqlite3') })
    const django = askLoader(folder, home, { DJANGO_SETTINGS_MODULE: 'site_of_mine.settings.dev' })
    expect(django).not.toHaveProperty('failed')
    const { disagreements, unknowns, nodes } = compareProject(project.files(), django as never)
    expect(disagreements).toEqual([])
    // What its own database can do decides one list of operations (docs/conformance.md).
    expect(unknowns.filter((one) => !/search\.0\d+_customise_indexentry: operations/.test(one))).toEqual([])
    expect(nodes).toBeGreaterThan(100)
  })
})

describe('split settings with django-environ, as cookiecutter-django writes them', () => {
  const open = (env: Record<string, string>) => {
    const folder = temporary()
    cpSync(join(root, 'test', 'fixtures', 'cookiecutter'), folder, { recursive: true })
    return openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env })
  }

  it('local', () => {
    const project = open({ DATABASE_URL: 'postgres://debug:secret@postgres:5432/my_site' })
    expect(project.settings.module).toBe('config.settings.local')
    expect(readDatabase(project.settings, 'default')).toMatchObject({
      engine: 'django.db.backends.postgresql',
      name: 'my_site',
      host: 'postgres',
      user: 'debug',
    })
    const files = project.files()
    expect(files).toMatchObject({ complete: true, useTz: true, timeZone: 'UTC' })
    expect(files.apps.map((app) => app.label)).toEqual(['users', 'blog'])
    expect(files.apps[0]?.migrations[0]).toMatchObject({ name: '0001_initial', problems: [] })
    expect(files.apps[1]?.migrations[0]?.dependencies).toEqual([{ app: 'users', name: '__first__', swappable: 'settings.AUTH_USER_MODEL' }])
    expect(files.apps[1]?.migrations).toHaveLength(1)
    expect(files.notFound).toContain('django_extensions')
  })

  it('production, and contrib.sites whose migrations lie in the project', () => {
    const project = open({ DATABASE_URL: 'postgres://u:p@db/prod', DJANGO_SETTINGS_MODULE: 'config.settings.production', DJANGO_SECRET_KEY: 'x' })
    expect(readDatabase(project.settings, 'default')).toMatchObject({ name: 'prod', host: 'db' })
    expect(project.files().notFound).not.toContain('django_extensions')
  })

  it('without the variable the database is unknown, and the apps are not', () => {
    const project = open({})
    expect(() => readDatabase(project.settings, 'default')).toThrowError(
      expect.objectContaining({ code: 'database-unknown', message: expect.stringContaining('DATABASE_URL') }),
    )
    expect(project.files().apps).toHaveLength(2)
  })
})
