import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error plain JavaScript
import { buildWheel } from '../../bin/wheel.mjs'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { root } from '../support/root.js'
import { installed, nodePackage, type VirtualEnvironment } from '../support/wheel.js'

/** action.yml, packaging/ci/gitlab.yml and .pre-commit-hooks.yaml: the scripts that they have, run as they stand there. */
const text = (path: string) => readFileSync(join(root, path), 'utf8')
const { version } = JSON.parse(text('package.json'))

/** The lines of a block scalar of YAML, without their indentation. */
function block(yaml: string, key: string): string {
  const [, indent, body] = new RegExp(`^( *)${key}: \\|\\n((?:\\1  .*\\n|\\n)+)`, 'm').exec(yaml) as RegExpExecArray
  return (body as string).replaceAll(new RegExp(`^${indent}  `, 'gm'), '')
}

let folder: string
let tool: VirtualEnvironment
let path: string
let shop: DjangoProject
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-ci-')))
  const { wheel } = buildWheel(join(folder, 'archives'))
  tool = installed(join(folder, 'tool'), wheel, { version: oneDjango as string, django: false, withNode: nodePackage !== undefined })
  // uvx would fetch the package of this version; here it is installed already. The words are looked at.
  path = join(folder, 'bin')
  mkdirSync(path)
  const uvx = `#!/bin/sh\n[ "$*" = "\${*#--quiet --from migstate==${version} migstate-ci}" ] && exit 90\nshift 3\nexec "$@"\n`
  writeFileSync(join(path, 'uvx'), uvx, { mode: 0o755 })
  for (const name of ['migstate', 'migstate-ci']) symlinkSync(join(tool.home, 'bin', name), join(path, name))
  symlinkSync('/bin/true', join(path, 'pip'))
  ;({ shop } = await migratedShop(oneDjango as string, 'sqlite'))
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const CONFLICT =
  'from django.db import migrations\nclass Migration(migrations.Migration):\n    dependencies = [("shop", "0003_fill_slugs")]\n    operations = []\n'
const LOST = CONFLICT.replace('0003_fill_slugs', '0099_gone')

function shell(script: string, env: Record<string, string>) {
  const own = { HOME: folder, PATH: `${path}:/usr/bin:/bin`, ...shop.env, ...env }
  return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd: shop.folder, env: own, encoding: 'utf8' })
}

describe.skipIf(nodePackage === undefined)('the action of GitHub', () => {
  const step = (inputs: Record<string, string>) => {
    const files = { GITHUB_STEP_SUMMARY: join(folder, 'summary.md'), GITHUB_OUTPUT: join(folder, 'output') }
    for (const file of Object.values(files)) writeFileSync(file, '')
    const env = {
      CHECK: 'files',
      FAIL_ON: 'warning',
      VERSION: version,
      MIGSTATE_PROJECT: '.',
      MIGSTATE_URL: '',
      MIGSTATE_SETTINGS: '',
      PYTHON: '',
      GITHUB_ACTIONS: 'true',
    }
    const ended = shell(block(text('action.yml'), 'run'), { ...env, ...files, ...inputs })
    return { ...ended, summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'), output: readFileSync(files.GITHUB_OUTPUT, 'utf8') }
  }

  it('files: a sound checkout is sound, without a database', () => {
    // What the settings name is not there.
    const sound = step({ SHOP_DB_NAME: '/nowhere/db.sqlite3' })
    expect(sound, sound.stdout + sound.stderr).toMatchObject({ status: 0, output: 'findings=0\n' })
    expect(sound.stdout).not.toContain('::error')
    expect(sound.summary).toBe('### migstate: the migration files\n\nNothing is wrong.\n\n')
  })

  it('files: conflicts and missing parents are annotations at their files, and the step fails', () => {
    shop.write({ 'shop/migrations/0004_other.py': CONFLICT })
    const conflict = step({ SHOP_DB_NAME: '/nowhere/db.sqlite3' })
    expect(conflict, conflict.stderr).toMatchObject({ status: 3, output: 'findings=1\n' })
    expect(conflict.stdout).toMatch(/^::error file=shop\/migrations\/0004_o\w+\.py,line=1,title=migstate%3A conflict::Conflicting migrations detected/m)
    expect(conflict.summary).toMatch(/\| error \| conflict shop\.0004\\_o\w+ \| Conflicting migrations/)
    shop.write({ 'shop/migrations/0004_other.py': LOST })
    const lost = step({})
    expect(lost.status).toBe(3)
    expect(lost.stdout).toMatch(/^::error file=shop\/migrations\/0004_other\.py,line=1,title=migstate%3A missing-parent::[^\n]*0099_gone/m)
    rmSync(join(shop.folder, 'shop/migrations/0004_other.py'))
  })

  it('doctor: what is wrong with the history; fail-on decides; what cannot be asked fails', async () => {
    const { database, shop: own } = await migratedShop(oneDjango as string, 'sqlite')
    await database.query("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0002_product_slug'")
    const env = { CHECK: 'doctor', MIGSTATE_URL: database.url }
    const hole = step(env)
    expect(hole.status, hole.stdout + hole.stderr).toBe(3)
    expect(hole.stdout).toMatch(/^::error file=shop\/migrations\/0002_product_slug\.py,line=1,title=migstate%3A (hole|recorded-missing|present-unrecorded)::/m)
    expect(hole.summary).toContain('migstate mark applied shop')
    const gone = step({ ...env, MIGSTATE_URL: 'sqlite:////nowhere/db.sqlite3' })
    expect(gone.status).toBe(1)
    expect(gone.stdout).toContain('::error title=migstate%3A database-missing::There is no file /nowhere/db.sqlite3')
    own.remove()
  })

  it('what a caller or a checkout says is no part of the script, and no command of the runner', () => {
    expect(block(text('action.yml'), 'run')).not.toContain('${{')
    shop.write({ 'shop/migrations/0004_x.py': `raise ValueError("a\\n::add-mask::b | <script> %0A::warning::c")\n` })
    const { stdout, summary } = step({})
    expect(stdout).not.toMatch(/^::(add-mask|warning)/m)
    expect(summary).not.toContain('<script>')
    rmSync(join(shop.folder, 'shop/migrations/0004_x.py'))
    const asked = step({ CHECK: '$(touch pwned)' })
    expect(asked.status).toBe(2)
    expect(existsSync(join(shop.folder, 'pwned'))).toBe(false)
  })
})

describe.skipIf(nodePackage === undefined)('the template of GitLab', () => {
  it('its script leaves a report of code quality', () => {
    shop.write({ 'shop/migrations/0004_other.py': CONFLICT })
    const lines = [...text('packaging/ci/gitlab.yml').matchAll(/^ {4}- (.*)$/gm)].map(([, line]) => line as string)
    expect(lines).toHaveLength(3)
    const ended = shell(lines.join('\n'), { GITLAB_CI: 'true', MIGSTATE_VERSION: version, MIGSTATE_CHECK: 'files', MIGSTATE_FAIL_ON: 'warning' })
    expect(ended.status, ended.stdout + ended.stderr).toBe(3)
    const report = JSON.parse(readFileSync(join(shop.folder, 'gl-code-quality-report.json'), 'utf8'))
    const [issue] = report.filter((one: { check_name: string }) => one.check_name === 'conflict')
    expect(issue).toMatchObject({ severity: 'major', location: { path: expect.stringMatching(/^shop\/migrations\/0004_o/), lines: { begin: 1 } } })
    expect(issue.fingerprint).toMatch(/^[0-9a-f]{64}$/)
    rmSync(join(shop.folder, 'shop/migrations/0004_other.py'))
  })
})

describe.skipIf(nodePackage === undefined)('the hook of pre-commit', () => {
  const [, entry] = /^ {2}entry: (.*)$/m.exec(text('.pre-commit-hooks.yaml')) as RegExpExecArray
  const [, pattern] = /^ {2}files: (.*)$/m.exec(text('.pre-commit-hooks.yaml')) as RegExpExecArray

  it('says nothing of sound files but which, asks no database, and stops a conflict', () => {
    const env = { SHOP_DB_ENGINE: 'django.db.backends.postgresql', SHOP_DB_HOST: '127.0.0.1', SHOP_DB_PORT: '1' }
    expect(shell(entry as string, env).status).toBe(0)
    shop.write({ 'shop/migrations/0004_other.py': CONFLICT })
    const conflict = shell(entry as string, env)
    expect(conflict.status).toBe(3)
    expect(conflict.stdout).toContain('conflict')
    rmSync(join(shop.folder, 'shop/migrations/0004_other.py'))
  })

  it('runs when migrations or settings change', () => {
    const files = new RegExp(pattern as string)
    for (const path of ['shop/migrations/0001_initial.py', 'migrations/0001.py', 'project/settings.py', 'project/settings/base.py', 'project/settings_test.py'])
      expect(path, path).toMatch(files)
    for (const path of ['shop/models.py', 'shop/migrations/notes.txt', 'shop/settingstools/x.py']) expect(path, path).not.toMatch(files)
  })
})

it('all of them take the version of package.json', () => {
  const [, action] = /version:\n {4}description: [^\n]+\n {4}default: (\S+)/.exec(text('action.yml')) as RegExpExecArray
  const [, gitlab] = /MIGSTATE_VERSION: (\S+)/.exec(text('packaging/ci/gitlab.yml')) as RegExpExecArray
  const [, hook] = /"migstate==([^"]+)"/.exec(text('pyproject.toml')) as RegExpExecArray
  expect([action, gitlab, hook]).toEqual([version, version, version])
})
