import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import type { TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'

/** --ask-django: what no file says by itself is asked of Django, kept, and asked again when a file has changed. */
describe('--ask-django', () => {
  let database: TestDatabase
  let shop: DjangoProject
  /** What only running code can know, with a trace of each time that it ran. */
  const settings = (more: string) => `import os
from project.settings import *
with open(os.environ["TRACE"], "a") as file:
    file.write("x")
INSTALLED_APPS = [str(app) for app in sorted(INSTALLED_APPS) if len(eval(repr(app))) > 0]
INSTALLED_APPS += eval(${JSON.stringify(more)})
USE_TZ = eval("False")
TIME_ZONE = eval("'Asia/Tokyo'")
`
  const app = (label: string) => ({
    [`${label}/__init__.py`]: '',
    [`${label}/migrations/__init__.py`]: '',
    [`${label}/migrations/0001_initial.py`]: 'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    operations = []\n',
  })
  // Outside the project, whose folders are looked at.
  const outside = (name: string) => join(dirname(database.file as string), name)
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, 'sqlite'))
    shop.write({ 'dynamic.py': settings('["extra"]'), ...app('extra'), ...app('more') })
  })

  const run = async (...argv: string[]) =>
    (
      await migstate([...argv, '--json', '--settings', 'dynamic', '--url', database.url], {
        cwd: shop.folder,
        env: { ...shop.env, XDG_CACHE_HOME: outside('cache'), TRACE: outside('trace') },
      })
    ).json
  const asked = () => (existsSync(outside('trace')) ? readFileSync(outside('trace'), 'utf8').length : 0)
  const labels = async (...argv: string[]) => (await run('status', ...argv)).result.apps.map((one: { label: string }) => one.label)

  it('tells the apps that code computes; without it they are unknown, and nothing is started', async () => {
    const [told, quiet] = [await labels('--ask-django'), await run('status')]
    expect(told).toContain('extra')
    expect(asked()).toBe(1)
    expect(quiet.result.apps.map((one: { label: string }) => one.label)).not.toContain('extra')
    expect(quiet.result.summary.unreadable).toBeGreaterThan(0)
    expect(asked()).toBe(1)
  })

  it('is asked once while nothing changes, and again when a file has changed', async () => {
    expect(await labels('--ask-django')).not.toContain('more')
    expect(await labels('--ask-django')).toContain('extra')
    expect(asked()).toBe(1)
    shop.write({ 'dynamic.py': settings('["extra", "more"]') })
    expect(await labels('--ask-django')).toContain('more')
    expect(asked()).toBe(2)
    rmSync(join(shop.folder, 'more'), { recursive: true })
    shop.write({ 'dynamic.py': settings('["extra"]') })
    expect(await labels('--ask-django')).not.toContain('more')
    expect(asked()).toBe(3)
  })

  it('tells the zone for the time of a new row', async () => {
    await run('mark', 'unapplied', 'reports', '0001', '--yes', '--ask-django')
    const began = Date.now()
    const marked = await run('mark', 'applied', 'reports', '0001', '--yes', '--ask-django')
    expect(marked.warnings.map((one: { code: string }) => one.code)).not.toContain('time-zone-unknown')
    const at = Date.parse(`${marked.result.changes.added[0].applied.replace(' ', 'T')}Z`) - 9 * 3_600_000
    expect(Math.abs(at - began)).toBeLessThan(60_000)
  })

  it('a Python that does not answer is said once, with its last lines, and what is read from the files stays, with its doubts', async () => {
    shop.write({ 'dynamic.py': `${settings('["extra"]')}raise RuntimeError("boom")\n` })
    const [told, read] = [await run('status', '--ask-django'), await run('status')]
    const said = told.warnings.filter(({ code }: { code: string }) => code === 'django-does-not-start')
    expect(said).toEqual([
      { code: 'django-does-not-start', message: expect.stringMatching(/boom[^]*File[^]*dynamic\.py[^]*what follows is read from the files$/) },
    ])
    expect(said[0].message.match(/^ *RuntimeError: boom$/gm)).toHaveLength(1)
    expect(told.result).toEqual(read.result)
  })
})
