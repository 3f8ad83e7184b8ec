import type { Host } from '../python/host.js'
import type { Value } from '../python/value.js'

/** A call of something that is known by name rather than by its source. */
export interface LibraryCall {
  /** Dotted name; `environ.Env().bool` is a method of an object that `environ.Env` made, which is then the first argument. */
  name: string
  args: readonly Value[]
  keywords: ReadonlyMap<string, Value>
  /** The file that calls. */
  file: string
  host: Host
}

/** @returns undefined when the call is none of the library's, or not with known arguments */
export type Library = (call: LibraryCall) => Value | undefined

export function unknownIn(call: LibraryCall, reason: string): Value {
  return { kind: 'unknown', reason, file: call.file, line: 1 }
}
