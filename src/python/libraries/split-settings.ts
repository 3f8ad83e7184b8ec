import { basename, dirname, join } from 'node:path'
import type { Files } from '../files.js'
import type { Value } from '../evaluate/value.js'
import { matchesWildcard } from '../evaluate/wildcard.js'

/** split-settings: `include("base.py", "components/*.py", optional("local.py"))`, relative to the file that calls it. */
/** @returns null when it is no such call, `unknown` when its files cannot be told */
export function includedFiles(name: string, args: readonly Value[], file: string, files: Files): string[] | 'unknown' | null {
  if (name !== 'split_settings.tools.include') return null
  if (args.some((arg) => !isFollowed(arg))) return 'unknown'
  const found = args.flatMap((arg) => {
    const pattern =
      arg.kind === 'string'
        ? arg.value
        : arg.kind === 'call' && arg.callee === 'split_settings.tools.optional' && arg.args[0]?.kind === 'string'
          ? arg.args[0].value
          : undefined
    return pattern === undefined ? [] : matching(join(dirname(file), pattern), files)
  })
  // A file that was included already is not included again.
  return [...new Set(found)]
}

/** A text whose only wildcards are `*` and `?` in its last part. */
function isFollowed(arg: Value): boolean {
  const text = arg.kind === 'call' && arg.callee === 'split_settings.tools.optional' ? arg.args[0] : arg
  return text?.kind === 'string' && !text.value.includes('[') && !/[*?].*\//.test(text.value)
}

/** `*` and `?` in the last part of the path, as Python's glob. */
function matching(path: string, files: Files): string[] {
  if (!/[*?]/.test(path)) return files.isFile(path) ? [path] : []
  return files
    .list(dirname(path))
    .filter((name) => matchesWildcard(basename(path), name) && !name.startsWith('.'))
    .map((name) => join(dirname(path), name))
}
