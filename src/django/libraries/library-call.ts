import type { Host } from '../python/host.js'
import type { Value } from '../python/value.js'

/** A call of something that is known by name rather than by its source. */
export interface LibraryCall {
  /** Dotted name; `environ.Env().bool` is a method of an object that `environ.Env` made, which is then the first argument. */
  name: string
  args: readonly Value[]
  keywords: ReadonlyMap<string, Value>
  /** The file that calls, and where. */
  file: string
  line: number
  host: Host
  /** Reading a variable that is not known throws UnknownVariable. */
  env: Host['env']
}

/** A variable that the program sets to something that is not known. */
export class UnknownVariable {
  readonly variable: string

  constructor(variable: string) {
    this.variable = variable
  }
}

/** The environment for libraries. Reading what is not known throws UnknownVariable. */
export function knownEnvironment(host: Host): Host['env'] {
  return new Proxy(host.env, {
    get: (env, name) => {
      if (host.isEnvironmentUnknown(String(name))) throw new UnknownVariable(String(name))
      return env[String(name)]
    },
  })
}

/** @returns undefined when the call is none of the library's, or not with known arguments */
export type Library = (call: LibraryCall) => Value | undefined

export function unknownIn(call: LibraryCall, reason: string): Value {
  return { kind: 'unknown', reason, file: call.file, line: call.line }
}
