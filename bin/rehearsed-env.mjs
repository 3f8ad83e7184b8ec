// The site of test/conformance/rehearsed: its packages in a virtual environment outside the checkout.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, ensureFolder, root, run } from './bootstrap.mjs'
import { findPythons } from './django-env.mjs'

const PYTHONS = ['3.11', '3.12', '3.10']

/** @returns {Promise<{ home?: string, missing?: string }>} */
export async function ensureRehearsed() {
  const requirements = join(root, 'test', 'conformance', 'rehearsed', 'requirements.txt')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const pythons = findPythons()
  const base = PYTHONS.map((version) => pythons.get(version)).find(Boolean)
  if (base === undefined) return { missing: `it needs one of Python ${PYTHONS.join(', ')}` }
  const home = join(ensureFolder(join(cacheFolder, 'rehearsed')), wanted)
  if (existsSync(join(home, 'migstate-ready'))) return { home }
  rmSync(home, { recursive: true, force: true })
  const made = await run(base, ['-m', 'venv', home], { doing: 'Making a virtual environment for the site' })
  if (made.status !== 0) return { missing: made.output.trim().split('\n').at(-1) }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--prefer-binary', '-r', requirements]
  const installed = await run(join(home, 'bin', 'python'), pip, { doing: 'Installing its packages from PyPI' })
  if (installed.status !== 0) return { missing: installed.output.trim().split('\n').at(-1) }
  writeFileSync(join(home, 'migstate-ready.part'), wanted)
  renameSync(join(home, 'migstate-ready.part'), join(home, 'migstate-ready'))
  return { home }
}
