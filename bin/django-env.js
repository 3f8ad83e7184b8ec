// Django from PyPI in virtual environments outside the checkout, with whichever interpreters this machine has.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder, ensureFolder, run } from './bootstrap.js'

/** Pythons that each Django supports (docs.djangoproject.com, FAQ: installation), as [lowest, highest] minor of Python 3. */
export const PYTHONS = {
  2.2: [5, 9],
  3.2: [6, 10],
  4.2: [8, 12],
  5.2: [10, 14],
  '6.0': [12, 14],
}

/** @returns {Map<number, string>} the minor version of each Python 3 found, to its path */
export function findPythons() {
  const found = new Map()
  const pyenv = join(homedir(), '.pyenv', 'versions')
  const candidates = [
    ...Array.from({ length: 11 }, (_unused, index) => `python3.${index + 5}`),
    'python3',
    ...(existsSync(pyenv) ? readdirSync(pyenv).map((version) => join(pyenv, version, 'bin', 'python')) : []),
  ]
  for (const candidate of candidates) {
    const asked = spawnSync(candidate, ['-c', 'import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1], sys.executable)'], {
      encoding: 'utf8',
    })
    const [major, minor, ...path] = (asked.stdout ?? '').trim().split(' ')
    if (asked.status === 0 && major === '3' && !found.has(Number(minor))) found.set(Number(minor), path.join(' '))
  }
  return found
}

/**
 * @param {{ version: string, packages: string[], pythons: Map<number, string>, variant: string }} wanted
 * @returns {Promise<{ home?: string, python?: string, missing?: string }>} the environment, or what is missing for it
 */
export async function ensureDjango({ version, packages, pythons, variant }) {
  const [lowest, highest] = PYTHONS[version] ?? [8, 14]
  const minors = [...pythons.keys()].filter((minor) => minor >= lowest && minor <= highest).sort((left, right) => right - left)
  const [minor] = minors
  if (minor === undefined) return { missing: `Django ${version} needs Python 3.${lowest} to 3.${highest}` }
  const home = join(ensureFolder(join(cacheFolder, 'django')), `${version}-py3.${minor}-${variant}`)
  const python = join(home, 'bin', 'python')
  if (existsSync(join(home, 'migstate-ready'))) return { home, python }
  rmSync(home, { recursive: true, force: true })
  const made = await run(pythons.get(minor), ['-m', 'venv', home], { doing: `Making a virtual environment for Django ${version}` })
  if (made.status !== 0) return { missing: `python3 could not make a virtual environment: ${made.output.trim().split('\n').at(-1)}` }
  const installed = await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `Django~=${version}.0`, ...packages], {
    doing: `Installing Django ${version} from PyPI`,
  })
  if (installed.status !== 0) return { missing: `pip could not install Django ${version}: ${installed.output.trim().split('\n').at(-1)}` }
  if (packages.includes('PyMySQL')) teachPyMySql(home)
  writeFileSync(join(home, 'migstate-ready.part'), version)
  renameSync(join(home, 'migstate-ready.part'), join(home, 'migstate-ready'))
  return { home, python }
}

/** Django asks for mysqlclient, which needs a compiler; PyMySQL stands in for it under the same name. */
function teachPyMySql(home) {
  const lib = join(home, 'lib')
  const [python] = readdirSync(lib).filter((name) => name.startsWith('python3'))
  writeFileSync(
    join(lib, python, 'site-packages', 'pymysql_as_mysqldb.pth'),
    "import pymysql; pymysql.version_info = (2, 2, 7, 'final', 0); pymysql.install_as_MySQLdb()\n",
  )
}
