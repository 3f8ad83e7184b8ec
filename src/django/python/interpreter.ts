import type { SyntaxNode } from '@lezer/common'
import type { Host } from './host.js'
import type { ParsedFile } from './parse.js'
import type { Scope, Unknown, Value } from './value.js'

/** What the parts of the evaluator need of each other. */
export interface Interpreter {
  readonly file: ParsedFile
  readonly host: Host
  /** Names of exceptions that an enclosing `try` of this file catches, innermost last. */
  readonly catching: string[][]

  /** Inside a branch that may not be taken: what it changes outside its own names is not certain. */
  isDoubtful: boolean

  /** Every scope whose names may hold the same object, this one first. */
  liveScopes(scope: Scope): Iterable<Scope>

  /** The value as written: an import stays a reference. */
  expression(node: SyntaxNode, scope: Scope): Value
  /** The value itself: a reference is looked up in its module. */
  value(node: SyntaxNode, scope: Scope): Value
  resolve(value: Value): Value
  block(statements: readonly SyntaxNode[], scope: Scope): Ending
  bind(targets: readonly SyntaxNode[], value: Value, scope: Scope): void
  attribute(object: Value, name: string, node: SyntaxNode): Value
  /** Calls a function that was read, in its own file. */
  callFunction(callee: Value & { kind: 'function' }, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value
  text(node: SyntaxNode): string
  /** The text of a condition on one short line, for people. */
  brief(node: SyntaxNode): string
  line(node: SyntaxNode): number
  unknown(node: SyntaxNode, reason: string): Unknown
}

/** A `return` that was met only if something unknown is so; what follows it may run as well. */
export class MaybeReturned {
  readonly dependsOn: string
  readonly value: Value

  constructor(dependsOn: string, value: Value) {
    this.dependsOn = dependsOn
    this.value = value
  }
}

/** `break` or `continue` on its way to the loop. */
export class Jump {
  readonly kind: 'break' | 'continue'

  constructor(kind: 'break' | 'continue') {
    this.kind = kind
  }
}

/** A jump that depends on something unknown: the loop cannot be followed. */
export class UnknownJump {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** How a block ended: by a `return`, perhaps by one, or at its end. */
export type Ending = Value | MaybeReturned | Jump | undefined

/** A Python exception on its way to a `try` of the file, or out of the module. */
export class Raised {
  readonly exception: string
  readonly message: string
  readonly line: number

  constructor(exception: string, message: string, line: number) {
    this.exception = exception
    this.message = message
    this.line = line
  }
}

/** The classes that an `except` clause of this name catches, of those that are ever raised here. */
const CAUGHT_BY: Record<string, readonly string[]> = {
  ModuleNotFoundError: ['ModuleNotFoundError', 'ImportError', 'Exception', 'BaseException', ''],
  ImportError: ['ImportError', 'Exception', 'BaseException', ''],
  KeyError: ['KeyError', 'LookupError', 'Exception', 'BaseException', ''],
  ImproperlyConfigured: ['ImproperlyConfigured', 'Exception', 'BaseException', ''],
}

export function isCaught(exception: string, clause: readonly string[]): boolean {
  const names = CAUGHT_BY[exception] ?? [exception, 'Exception', 'BaseException', '']
  return clause.some((name) => names.includes(name))
}
