import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { migstate } from '../support/cli.js'
import type { TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'

/** A project as people lay it out: `.venv` at the root of the repository, manage.py in a folder below, another tool's environment active. */
let database: TestDatabase
let shop: DjangoProject
let disk: string
let hook: string
beforeEach(async () => {
  ;({ database, shop } = await migratedShop(oneDjango as string, 'sqlite'))
  disk = mkdtempSync(join(tmpdir(), 'migstate-layout-'))
  hook = join(disk, 'pre-commit')
  execFileSync(join(djangos[oneDjango as string] as string, 'bin', 'python'), ['-m', 'venv', '--without-pip', hook])
})
afterEach(async () => {
  shop.remove()
  rmSync(disk, { recursive: true, force: true })
  await database.drop()
})

const run = (argv: string[], env: Record<string, string | undefined> = {}) =>
  migstate([...argv, '--json'], { cwd: shop.folder, env: { ...shop.env, VIRTUAL_ENV: undefined, HOME: disk, ...env } })
const useOwn = () => symlinkSync(djangos[oneDjango as string] as string, join(shop.folder, '.venv'))

describe('a VIRTUAL_ENV without Django', () => {
  it('changes nothing', async () => {
    useOwn()
    const plain = await run(['status'])
    expect(plain.json.result.django.version).toMatch(/^5\.2/)
    const active = await run(['status'], { VIRTUAL_ENV: hook })
    // What was passed over is told, and nothing else is different.
    const [told, wanted] = [active.json, plain.json]
    wanted.result.django.environment += `; ${hook} (VIRTUAL_ENV) has no Django`
    expect(told).toEqual(wanted)
    expect(plain.json.warnings).toEqual([])
    const checked = await run(['status', '--check'], { VIRTUAL_ENV: hook })
    expect(checked.exitCode, checked.stdout).toBe(0)
  })

  it('alone makes nothing unreadable: what is not found is unknown', async () => {
    const { json } = await run(['status'], { VIRTUAL_ENV: hook })
    expect(json.result.summary.unreadable).toBe(0)
    expect(JSON.stringify(json)).not.toContain('No module named')
    expect(json.warnings.map(({ code }: { code: string }) => code)).toContain('unknown-app')
  })

  it('a rerun starts the Python whose packages were read', async () => {
    useOwn()
    const result = await run(['rerun', 'shop', '0003', '--yes'], { VIRTUAL_ENV: hook })
    expect(result.json, result.stderr).toMatchObject({ ok: true, result: { rerun: { target: ['shop', '0003_fill_slugs'] } } })
  })
})

it('an environment that comes, goes or is another one is noticed by what is kept between runs', () => {
  const folder = join(disk, 'project')
  mkdirSync(join(folder, '.git'), { recursive: true })
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': 'INSTALLED_APPS = ["blog"]\n',
  })
  const venv = (name: string, version: string) =>
    files(join(folder, name), {
      'pyvenv.cfg': 'home = /usr/bin\nversion = 3.12.4\n',
      'lib/python3.12/site-packages/django/__init__.py': `VERSION = (${version.replaceAll('.', ', ')}, "final", 0)\n`,
      'lib/python3.12/site-packages/blog/__init__.py': '',
    })
  const open = () => {
    const project = openProject({
      folder,
      managePy: undefined,
      settings: undefined,
      python: undefined,
      path: [],
      env: { HOME: disk },
      cacheFolder: join(disk, 'cache'),
    })
    return [project.djangoVersion, project.files().apps.map(({ path }) => path), project.files().notFound]
  }
  for (let twice = 0; twice < 2; twice++) expect(open()).toEqual([null, [], ['blog']])
  venv('env', '4.2.1')
  for (let twice = 0; twice < 2; twice++) expect(open()).toEqual(['4.2.1', [join(folder, 'env/lib/python3.12/site-packages/blog')], []])
  venv('.venv', '5.2.1')
  for (let twice = 0; twice < 2; twice++) expect(open()).toEqual(['5.2.1', [join(folder, '.venv/lib/python3.12/site-packages/blog')], []])
  rmSync(join(folder, '.venv/lib/python3.12/site-packages/django'), { recursive: true })
  expect(open()).toEqual(['4.2.1', [join(folder, 'env/lib/python3.12/site-packages/blog')], []])
  rmSync(join(folder, 'env'), { recursive: true })
  expect(open()).toEqual([null, [], ['blog']])
})
