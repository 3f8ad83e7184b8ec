import { basename, dirname, join } from 'node:path'
import type { Files } from '../files.js'
import { joinPython } from '../evaluate/os-path.js'
import { type Call, textOf, type Value } from '../evaluate/value.js'
import { matchesWildcard } from '../evaluate/wildcard.js'

/**
 * split-settings: `include("base.py", "components/*.py", optional("local.py"))`, relative to the file that calls it.
 * @returns null when it is no such call; in it null where a file cannot be told
 */
export function includedFiles(name: string, args: readonly Value[], file: string, files: Files): (string | null)[] | null {
  if (name !== 'split_settings.tools.include') return null
  const found = args.flatMap((arg): (string | null)[] => {
    const pattern = textOf(isOptional(arg) ? arg.args[0] : arg)
    return pattern === undefined || !isFollowed(pattern) ? [null] : matching(joinPython([dirname(file), pattern]), files)
  })
  // A file that was included already is not included again.
  return [...new Set(found)]
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
  if (!/[*?]/.test(path)) return files.isFile(path) ? [path] : []
  return files
    .list(dirname(path))
    .filter((name) => matchesWildcard(basename(path), name) && !name.startsWith('.'))
    .map((name) => join(dirname(path), name))
}
