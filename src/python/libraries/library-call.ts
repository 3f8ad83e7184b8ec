import type { Caller, Environment, Host } from '../evaluate/host.js'
import type { Value } from '../evaluate/value.js'

/** A call of something that is known by name rather than by its source. */
export interface LibraryCall extends Caller {
  /** Dotted name; `environ.Env().bool` is a method of an object that `environ.Env` made, which is then the first argument. */
  name: string
  args: readonly Value[]
  keywords: ReadonlyMap<string, Value>
  host: Host
  /** Reading a variable that is not known throws UnknownVariable. */
  env: Environment
}

/** A variable that the program sets to something that is not known. */
export class UnknownVariable {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** The environment for libraries. Reading what is not known throws UnknownVariable. */
export function knownEnvironment(host: Host): Environment {
  return {
    get: (name) => {
      const doubt = host.variableDoubt(name)
      if (doubt !== null) throw new UnknownVariable(doubt)
      return host.env.get(name)
    },
  }
}

/** @returns undefined when the call is none of the library's, or not with known arguments */
export type Library = (call: LibraryCall) => Value | undefined

export function unknownIn(call: LibraryCall, reason: string): Value {
  return { kind: 'unknown', reason, file: call.file, line: call.line }
}
