// Django from PyPI in virtual environments outside the checkout, with whichever interpreters this machine has.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheFolder, ensureFolder, run } from './bootstrap.mjs'

/** Django 2.2 and older do not work with psycopg2 2.9 (ticket 31936). */
export function driversFor(version) {
  return [Number(version.split('.')[0]) < 3 ? 'psycopg2-binary<2.9' : 'psycopg2-binary', 'PyMySQL']
}

/** Python 3 from one minor version to another, the newest first. */
const threes = (lowest, highest) => Array.from({ length: highest - lowest + 1 }, (_unused, index) => `3.${highest - index}`)

/** Pythons that each Django supports (docs.djangoproject.com, FAQ: installation), the one to take first. */
export const PYTHONS = {
  1.8: ['2.7', ...threes(4, 5)],
  1.11: [...threes(4, 7), '2.7'],
  2.2: threes(5, 9),
  3.2: threes(6, 10),
  4.2: threes(8, 12),
  5.2: threes(10, 14),
  '6.0': threes(12, 14),
}

/** Its version and path, where it has pip, which is not imported: that takes a second. */
const DESCRIBE = `
import sys
try: from importlib.util import find_spec as find
except ImportError: from pkgutil import find_loader as find
assert find("pip")
print("%d.%d %s" % (sys.version_info[0], sys.version_info[1], sys.executable))
`

/** @returns {Map<string, string>} each Python found, as `3.11`, to its path */
export function findPythons() {
  const found = new Map()
  const pyenv = join(homedir(), '.pyenv', 'versions')
  const candidates = [
    ...Array.from({ length: 11 }, (_unused, index) => `python3.${index + 5}`),
    'python3',
    'python2.7',
    ...(existsSync(pyenv) ? readdirSync(pyenv).map((version) => join(pyenv, version, 'bin', 'python')) : []),
  ]
  for (const candidate of candidates) {
    const asked = spawnSync(candidate, ['-c', DESCRIBE], { encoding: 'utf8' })
    const [version, ...path] = (asked.stdout ?? '').trim().split(' ')
    if (asked.status === 0 && version && !found.has(version)) found.set(version, path.join(' '))
  }
  return found
}

/**
 * @param {{ version: string, packages: string[], pythons: Map<string, string>, variant: string }} wanted
 * @returns {Promise<{ home?: string, python?: string, missing?: string }>} the environment, or what is missing for it
 */
export async function ensureDjango({ version, packages, pythons, variant }) {
  const supported = PYTHONS[version] ?? threes(8, 14)
  const chosen = supported.find((one) => pythons.has(one))
  if (chosen === undefined) return { missing: `Django ${version} needs one of Python ${supported.join(', ')}` }
  const home = join(ensureFolder(join(cacheFolder, 'django')), `${version}-py${chosen}-${variant}`)
  const python = join(home, 'bin', 'python')
  if (existsSync(join(home, 'migstate-ready'))) return { home, python }
  rmSync(home, { recursive: true, force: true })
  const base = pythons.get(chosen)
  const failed = chosen === '2.7' ? await makeFolder(home, base, version, packages) : await makeVenv(home, base, version, packages)
  if (failed) return { missing: failed }
  if (packages.includes('PyMySQL')) teachPyMySql(home)
  writeFileSync(join(home, 'migstate-ready.part'), version)
  renameSync(join(home, 'migstate-ready.part'), join(home, 'migstate-ready'))
  return { home, python }
}

const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']

async function makeVenv(home, base, version, packages) {
  const made = await run(base, ['-m', 'venv', home], { doing: `Making a virtual environment for Django ${version}` })
  if (made.status !== 0) return `python3 could not make a virtual environment: ${lastLine(made)}`
  const installed = await run(join(home, 'bin', 'python'), [...PIP, `Django~=${version}.0`, ...packages], { doing: `Installing Django ${version} from PyPI` })
  return installed.status === 0 ? undefined : `pip could not install Django ${version}: ${lastLine(installed)}`
}

/** Python 2.7 has no `venv`: a folder of the same layout, and a python that looks there. */
async function makeFolder(home, base, version, packages) {
  const target = join(home, 'lib', 'python2.7', 'site-packages')
  mkdirSync(target, { recursive: true })
  mkdirSync(join(home, 'bin'))
  const installed = await run(base, [...PIP, '--target', target, `Django~=${version}.0`, ...packages], { doing: `Installing Django ${version} from PyPI` })
  if (installed.status !== 0) return `pip could not install Django ${version}: ${lastLine(installed)}`
  // `site.addsitedir` as a virtual environment would do it, so that .pth files count.
  writeFileSync(join(target, 'sitecustomize.py'), `import site\nsite.addsitedir(${JSON.stringify(target)})\n`)
  writeFileSync(join(home, 'bin', 'python'), `#!/bin/sh\nPYTHONPATH="${target}\${PYTHONPATH:+:$PYTHONPATH}" exec "${base}" "$@"\n`, { mode: 0o755 })
  writeFileSync(join(home, 'pyvenv.cfg'), `home = ${dirname(base)}\nversion = 2.7\n`)
  return undefined
}

function lastLine({ output }) {
  return output.trim().split('\n').at(-1)
}

/** Django asks for mysqlclient, which needs a compiler; PyMySQL stands in for it under the same name. */
function teachPyMySql(home) {
  const lib = join(home, 'lib')
  const [python] = readdirSync(lib).filter((name) => /^python\d/.test(name))
  writeFileSync(
    join(lib, python, 'site-packages', 'pymysql_as_mysqldb.pth'),
    "import pymysql; pymysql.version_info = (2, 2, 7, 'final', 0); pymysql.install_as_MySQLdb()\n",
  )
}
