import { dirname, join } from 'node:path'
import type { MigrationContext } from './migration-file.js'
import type { Located } from '../python/modules/search-path.js'

export interface FoundFile {
  name: string
  /** The source; a `.pyc` or an extension module where there is none. */
  file: string
}

/** The migrations that Django would import out of a package, by name (loader.py, `load_disk`). */
export function findMigrationFiles(located: Located, { modules, rules }: Omit<MigrationContext, 'app'>): FoundFile[] {
  const found = new Map<string, FoundFile>()
  if (!rules.findsModulesByPkgutil) {
    const folder = located.file === null ? (located.folders[0] as string) : dirname(located.file)
    for (const entry of modules.files.list(folder).filter((one) => one.endsWith('.py') && !/^[_~.]/.test(one)))
      found.set(entry.slice(0, -3), { name: entry.slice(0, -3), file: join(folder, entry) })
    return sorted(found)
  }
  // What pkgutil has given once, as a package or a module, it does not give again.
  const given = new Set<string>()
  for (const folder of located.folders)
    for (const entry of modules.files.list(folder)) {
      const name = moduleName(entry)
      if (name === '__init__' || (name !== undefined && given.has(name))) continue
      if (name === undefined) {
        const path = join(folder, entry)
        const isPackage =
          !entry.includes('.') && !given.has(entry) && modules.files.isFolder(path) && modules.files.list(path).some((one) => moduleName(one) === '__init__')
        if (isPackage) given.add(entry)
        continue
      }
      if (name.includes('.')) continue
      given.add(name)
      const source = join(folder, `${name}.py`)
      if (!/^[_~]/.test(name)) found.set(name, { name, file: modules.files.isFile(source) ? source : join(folder, entry) })
    }
  return sorted(found)
}

/** `inspect.getmodulename`: the name without a suffix that Python imports. */
function moduleName(entry: string): string | undefined {
  return /^(.*?)(?:\.cpython-[\w-]+|\.abi3)?\.(?:so|pyd)$/s.exec(entry)?.[1] ?? /^(.*)\.pyc?$/s.exec(entry)?.[1]
}

function sorted(found: ReadonlyMap<string, FoundFile>): FoundFile[] {
  return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
}
