// pytest and pytest-django from PyPI, in a folder outside the checkout, for the tests of the fixtures.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, ensureFolder, run } from './bootstrap.mjs'

/** Of these series; they run on every Python that Django 4.2 to 6.0 runs on. */
const PACKAGES = ['pytest>=8,<10', 'pytest-django>=4.9,<5']

/**
 * @param {string} python any Python 3 with pip: both packages are the same for all
 * @returns {Promise<{ folder?: string, missing?: string }>} what goes into a site-packages
 */
export async function ensurePytest(python) {
  const folder = join(ensureFolder(join(cacheFolder, 'pytest')), '9-4')
  if (existsSync(folder)) return { folder }
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', part, ...PACKAGES]
  const installed = await run(python, pip, { doing: 'Installing pytest and pytest-django from PyPI' })
  if (installed.status !== 0) return { missing: `pip could not install pytest: ${installed.output.trim().split('\n').at(-1)}` }
  renameSync(part, folder)
  return { folder }
}
