import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The version that is built for this Node (12 needs Node 20, 13 Node 22). */
const WANTED = 'better-sqlite3@12'

/** The command that brings the driver to where this program looks for it: built anew where it lies, else installed. */
export function driverHint(from = fileURLToPath(import.meta.url)): string {
  const root = packageRoot(from)
  if (root === null) return `Run: npm install ${WANTED}`
  const verb = isThere(root) ? 'rebuild better-sqlite3' : `install ${WANTED}`
  if (basename(dirname(root)) !== 'node_modules') return `Run: npm --prefix ${root} ${verb}`
  const prefix = dirname(dirname(root))
  // Packages that are installed globally lie in {prefix}/lib/node_modules (npm's folders(5)).
  return basename(prefix) === 'lib' && !existsSync(join(prefix, 'package.json')) ? `Run: npm ${verb} --global` : `Run: npm --prefix ${prefix} ${verb}`
}

/** The folder of migstate's own package.json. */
function packageRoot(from: string): string | null {
  for (let folder = dirname(from); dirname(folder) !== folder; folder = dirname(folder)) {
    try {
      if ((JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }).name === 'migstate') return folder
    } catch {
      // Not here.
    }
  }
  return null
}

function isThere(root: string): boolean {
  try {
    createRequire(join(root, 'package.json')).resolve('better-sqlite3/package.json')
    return true
  } catch {
    return false
  }
}
