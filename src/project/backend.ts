import { type Family, familyByName, familyInText, ownFamily } from '../django/backends.js'
import type { Modules } from '../python/modules/modules.js'

/** So many files of a backend are looked at. */
const MOST_FILES = 12

/**
 * What a database backend talks to: by its name where it is Django's, else by the backend of Django that its module `base` builds on
 * (django/db/utils.py, `load_backend`), and by its name again where that is not there.
 */
export function familyOf(engine: string, modules: Modules): Family | null {
  return ownFamily(engine) ?? familyInFiles(engine, modules) ?? familyByName(engine) ?? null
}

/** `ENGINE.base` and the modules of the same package that it imports, the nearest first. */
function familyInFiles(engine: string, modules: Modules): Family | undefined {
  const [top] = engine.split('.') as [string]
  const queue = [`${engine}.base`, engine]
  const seen = new Set<string>()
  for (let module = queue.shift(); module !== undefined && seen.size < MOST_FILES; module = queue.shift()) {
    const file = modules.findFile(module)
    if (file === null || seen.has(file)) continue
    seen.add(file)
    const text = modules.files.read(file) ?? ''
    const family = familyInText(text)
    if (family) return family
    for (const [, dots, rest, names] of text.matchAll(/^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+([\w, \t]+)/gm)) {
      const base = dots ? modules.resolveRelative(dots.length, rest as string, file) : (rest as string)
      if (base === null || base.split('.')[0] !== top) continue
      queue.push(base, ...(names as string).split(',').map((name) => `${base}.${name.trim().split(/\s/)[0]}`))
    }
  }
  return undefined
}
