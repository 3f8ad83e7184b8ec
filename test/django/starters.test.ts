import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import type { TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'

/** Products that are installed as packages have no manage.py: a module, a console script, or django-admin starts them. */
let database: TestDatabase
let shop: DjangoProject
beforeEach(async () => {
  ;({ database, shop } = await migratedShop(oneDjango as string, 'sqlite'))
})
afterEach(async () => {
  shop.remove()
  await database.drop()
})

/** What manage.py of the example names. */
const SETTINGS = 'project.settings'

const run = (argv: string[], env: Record<string, string | undefined> = {}) => migstate([...argv, '--json'], { cwd: shop.folder, env: { ...shop.env, ...env } })

function moveManagePy(to: string): void {
  mkdirSync(join(shop.folder, to, '..'), { recursive: true })
  renameSync(join(shop.folder, 'manage.py'), join(shop.folder, to))
}

describe.each([
  ['a module of a package', 'shopkit/cli.py', '-m shopkit.cli', () => ({})],
  ['a package by its __main__', 'shopkit/__main__.py', '-m shopkit', () => ({})],
  // What it starts is installed; here it is on the path.
  ['a console script', 'env/bin/shopkit', 'env/bin/shopkit', () => ({ PYTHONPATH: shop.folder })],
  ['django-admin', 'elsewhere/old.py', undefined, () => ({ DJANGO_SETTINGS_MODULE: SETTINGS })],
])('%s', (_name, place, managePy, env) => {
  beforeEach(() => {
    files(shop.folder, { 'shopkit/__init__.py': '' })
    moveManagePy(place)
  })
  const flags = managePy === undefined ? [] : ['--manage-py', managePy]

  it('is read, asked, and reruns one migration', async () => {
    const status = await run(['status', ...flags, '--check'], env())
    expect(status.exitCode, status.stdout + status.stderr).toBe(0)
    const asked = await run(['status', ...flags, '--ask-django'], env())
    expect(asked.json.warnings, asked.stdout).toEqual([])
    const before = await fingerprint(database)
    for (const mode of ['shadow', 'table']) {
      const again = await run(['rerun', 'shop.0003', ...flags, '--mode', mode, '--yes'], env())
      expect(again.json, again.stdout + again.stderr).toMatchObject({ ok: true, result: { operation: { status: 'done' } } })
    }
    const after = await fingerprint(database)
    expect(after.rows).toHaveLength(before.rows.length)
  })
})

describe('a manage.py that configures the settings itself', () => {
  /** Nothing names a settings module any more. */
  const bare = { DJANGO_SETTINGS_MODULE: undefined }
  beforeEach(() => {
    files(shop.folder, {
      'manage.py': `import importlib, sys
from django.conf import settings
from ${SETTINGS} import DATABASES, INSTALLED_APPS

settings.configure(SECRET_KEY="x", INSTALLED_APPS=INSTALLED_APPS, DATABASES=DATABASES, USE_TZ=True)
if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
`,
    })
  })

  it('is read, asked, rehearsed and reruns one migration', async () => {
    const status = await run(['status', '--check'], bare)
    expect(status.json, status.stdout + status.stderr).toMatchObject({ ok: true, result: { django: { settings: 'manage.py' }, notFound: [] }, warnings: [] })
    expect(status.exitCode).toBe(0)
    const asked = await run(['status', '--ask-django'], bare)
    expect(asked.json.warnings, asked.stdout).toEqual([])
    expect(asked.json.result.apps).toEqual(status.json.result.apps)
    expect((await run(['rehearse', 'shop.0003'], bare)).json).toMatchObject({ ok: true })
    const before = await fingerprint(database)
    for (const mode of ['shadow', 'table']) {
      const again = await run(['rerun', 'shop.0003', '--mode', mode, '--yes'], bare)
      expect(again.json, again.stdout + again.stderr).toMatchObject({ ok: true, result: { operation: { status: 'done' } } })
    }
    expect((await fingerprint(database)).rows).toHaveLength(before.rows.length)
  })
})

describe('the refusal', () => {
  const product = (name: string, module: string, text: string) => ({
    [`${name}-1.0.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    [`${name}-1.0.dist-info/entry_points.txt`]: `[console_scripts]\n${name}-ctl = ${module}:main\n`,
    [`${module}.py`]: text,
  })

  it('names the console scripts that start Django, and no others', async () => {
    moveManagePy('elsewhere/old.py')
    const home = join(shop.folder, '.venv')
    execFileSync(join(djangos[oneDjango as string] as string, 'bin', 'python'), ['-m', 'venv', '--without-pip', home])
    const packages = execFileSync(join(home, 'bin', 'python'), ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"])'], { encoding: 'utf8' }).trim()
    const django = execFileSync(join(djangos[oneDjango as string] as string, 'bin', 'python'), ['-c', 'import django; print(django.__path__[0])'], {
      encoding: 'utf8',
    })
    files(packages, {
      'django.pth': `${dirname(django.trim())}\n`,
      ...product('shoply', 'shoply_cli', 'def main():\n    from django.core.management import execute_from_command_line\n    execute_from_command_line()\n'),
      ...product('other', 'other_cli', 'def main():\n    print("other")\n'),
    })
    files(join(home, 'bin'), { 'shoply-ctl': 'from shoply_cli import main\nmain()\n', 'other-ctl': '' })
    const bare = { DJANGO_SETTINGS_MODULE: undefined, MIGSTATE_PYTHON: undefined, VIRTUAL_ENV: undefined }
    for (const argv of [['status'], ['status', '--manage-py', '-m nowhere']]) {
      const { json, stdout, stderr } = await run(argv, bare)
      expect(json.error?.message + json.error?.hint, stdout + stderr).toContain(join(home, 'bin', 'shoply-ctl'))
      expect(json.error.message).not.toContain('other-ctl')
      expect(json.error.hint).toContain('--manage-py')
    }
  })
})
