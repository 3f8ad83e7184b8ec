// The packages of test/conformance/packages/django-VERSION, each site in one virtual environment outside the checkout.
// requirements.txt pins them and all that they import; their own requirements contradict each other, so pip does not look at them.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, ensureFolder, root, run } from './bootstrap.mjs'
import { findPythons } from './django-env.mjs'

/** Django's version to the Python that its packages are pinned for. */
export const SITES = { 4.2: '3.11', 5.2: '3.12' }

export function siteFolder(version) {
  return join(root, 'test', 'conformance', 'packages', `django-${version}`)
}

/** @returns {Promise<{ home?: string, missing?: string }>} */
export async function ensurePackages(version = '5.2') {
  const folder = siteFolder(version)
  const python = SITES[version]
  const requirements = join(folder, 'requirements.txt')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const base = findPythons().get(python)
  if (base === undefined) return { missing: `the packages need Python ${python}` }
  const home = join(ensureFolder(join(cacheFolder, 'packages')), wanted)
  if (existsSync(join(home, 'migstate-ready'))) return { home }
  rmSync(home, { recursive: true, force: true })
  const made = await run(base, ['-m', 'venv', home], { doing: `Making a virtual environment for the packages on Django ${version}` })
  if (made.status !== 0) return { missing: made.output.trim().split('\n').at(-1) }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--prefer-binary', '--no-deps']
  const installed = await run(join(home, 'bin', 'python'), [...pip, '-r', requirements], {
    doing: 'Installing the packages from PyPI (several minutes)',
  })
  if (installed.status !== 0) return { missing: installed.output.trim().split('\n').at(-1) }
  writeFileSync(join(home, 'migstate-ready.part'), wanted)
  renameSync(join(home, 'migstate-ready.part'), join(home, 'migstate-ready'))
  return { home }
}
