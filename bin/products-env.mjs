// The products of test/conformance/products/products.json, each with all that it needs in a virtual environment outside the checkout.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, ensureFolder, run } from './bootstrap.mjs'
import { findPythons } from './django-env.mjs'

/** Packages that old products need and do not name. */
const BESIDE = ['setuptools<81', 'pip']

/** @returns {Promise<{ home?: string, missing?: string }>} */
export async function ensureProduct({ product, python }) {
  const home = join(ensureFolder(join(cacheFolder, 'products')), product)
  if (existsSync(join(home, 'ready'))) return { home }
  const base = findPythons().get(python)
  if (base === undefined) return { missing: `it needs Python ${python}` }
  rmSync(home, { recursive: true, force: true })
  const made = await run(base, ['-m', 'venv', home], { doing: `Making a virtual environment for ${product}` })
  if (made.status !== 0) return { missing: made.output.trim().split('\n').at(-1) }
  const installed = await run(join(home, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--prefer-binary', product, ...BESIDE], {
    doing: `Installing ${product} from PyPI`,
  })
  if (installed.status !== 0) return { missing: installed.output.trim().split('\n').at(-1) }
  writeFileSync(join(home, 'ready.part'), '')
  renameSync(join(home, 'ready.part'), join(home, 'ready'))
  return { home }
}
