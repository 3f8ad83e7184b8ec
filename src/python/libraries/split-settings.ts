import { basename, dirname, join, resolve } from 'node:path'
import type { Files } from '../files.js'
import type { Included } from '../evaluate/host.js'
import { joinPython } from '../evaluate/os-path.js'
import { type Call, textOf, type Value } from '../evaluate/value.js'
import { matchesWildcard } from '../evaluate/wildcard.js'

/**
 * split-settings: `include("base.py", "components/*.py", optional("local.py"))`, relative to the file that calls it.
 * @returns null when it is no such call
 */
export function includedFiles(name: string, args: readonly Value[], file: string, files: Files): Included[] | null {
  if (name !== 'split_settings.tools.include') return null
  return args.flatMap((arg): Included[] => {
    const wanted = isOptional(arg) ? arg.args[0] : arg
    const pattern = textOf(wanted)
    // `optional("")` and `optional(None)` name nothing.
    if (isOptional(arg) && (pattern === '' || wanted?.kind === 'none')) return []
    if (pattern === undefined || !isFollowed(pattern)) return [null]
    const path = joinPython([dirname(file), pattern])
    const found = matching(path, files)
    return found.length > 0 || isOptional(arg) ? found : [{ missing: path }]
  })
}

function isOptional(arg: Value): arg is Call {
  return arg.kind === 'call' && arg.callee === 'split_settings.tools.optional'
}

/** A text whose only wildcards are `*` and `?` in its last part. */
function isFollowed(pattern: string): boolean {
  return !pattern.includes('[') && !/[*?].*\//.test(pattern)
}

/** `*` and `?` in the last part of the path, as Python's glob. */
function matching(path: string, files: Files): string[] {
  if (!/[*?]/.test(path)) return files.isFile(path) ? [resolve(path)] : []
  return files
    .listAsFound(dirname(path))
    .filter((name) => matchesWildcard(basename(path), name) && !name.startsWith('.'))
    .map((name) => join(dirname(path), name))
}
