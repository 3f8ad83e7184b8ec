import type { SyntaxNode } from '@lezer/common'
import type { Host } from './host.js'
import type { ParsedFile } from '../grammar/parse.js'
import type { Scope, Unknown, Value } from './value.js'

/** What the parts of the evaluator need of each other. */
export interface Interpreter {
  readonly file: ParsedFile
  readonly host: Host
  /** Names of exceptions that an enclosing `try` of this file catches, innermost last. */
  readonly catching: string[][]

  /** What is done may not be done: what it changes outside of any names (the environment, the search path) is not certain. */
  isDoubtful: boolean

  /** … since the function has perhaps returned before: nor is what it changes outside its own names. */
  mayHaveEnded: boolean
  /** How often something was met that is not known, or that is not followed. */
  losses: number
  /** Exceptions that a branch which may not be taken raises, for the `try` around it. */
  readonly undecided: Raised[]
  /** Exceptions that are being handled, innermost last. */
  readonly handling: Raised[]

  /** What the generators that are running have given so far, innermost last. */
  readonly generators: Value[][]

  /** Puts a changed container wherever the old one is held. */
  change(target: SyntaxNode, container: Value, changed: Value, scope: Scope): void
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
  /**
   * Runs a text of Python in these names, `exec`.
   * @param file whose text it is
   * @returns why it was not run, or not whole
   * @throws Raised what ends it
   */
  execute(file: string, text: string, scope: Scope): string | null
  /** The same evaluation in another file. */
  in(file: ParsedFile): Interpreter
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
  /** Classes that it is one of, where it is a class of the project. */
  readonly ancestors: readonly string[] | undefined

  constructor(exception: string, message: string, line: number, ancestors?: readonly string[]) {
    this.exception = exception
    this.message = message
    this.line = line
    this.ancestors = ancestors
  }
}

/** Python's own exceptions and their bases (library reference, exception hierarchy), and Django's ImproperlyConfigured. */
const BASES = new Map(
  Object.entries({
    ModuleNotFoundError: 'ImportError',
    KeyError: 'LookupError',
    IndexError: 'LookupError',
    FileNotFoundError: 'OSError',
    FileExistsError: 'OSError',
    PermissionError: 'OSError',
    IsADirectoryError: 'OSError',
    NotADirectoryError: 'OSError',
    TimeoutError: 'OSError',
    ConnectionError: 'OSError',
    ConnectionRefusedError: 'ConnectionError',
    ConnectionResetError: 'ConnectionError',
    BrokenPipeError: 'ConnectionError',
    NotImplementedError: 'RuntimeError',
    RecursionError: 'RuntimeError',
    OverflowError: 'ArithmeticError',
    ZeroDivisionError: 'ArithmeticError',
    FloatingPointError: 'ArithmeticError',
    UnicodeError: 'ValueError',
    UnicodeDecodeError: 'UnicodeError',
    UnicodeEncodeError: 'UnicodeError',
    JSONDecodeError: 'ValueError',
    UnboundLocalError: 'NameError',
    IndentationError: 'SyntaxError',
    TabError: 'IndentationError',
    SystemExit: 'BaseException',
    KeyboardInterrupt: 'BaseException',
    GeneratorExit: 'BaseException',
    Exception: 'BaseException',
  }),
)

/** Old names of one class (library reference, OSError). */
const SAME = new Map(Object.entries({ IOError: 'OSError', EnvironmentError: 'OSError', WindowsError: 'OSError' }))

function ancestorsOf(exception: string): string[] {
  const found: string[] = []
  for (let current: string | undefined = SAME.get(exception) ?? exception; current !== undefined && found.length < 20; ) {
    found.push(current)
    current = current === 'BaseException' ? undefined : (BASES.get(current) ?? 'Exception')
  }
  return found
}

/** Whether an `except` clause of these names catches it; the empty name is a bare `except`. */
export function isCaught(raised: { exception: string; ancestors?: readonly string[] | undefined }, clause: readonly string[]): boolean {
  const names = new Set([raised.exception, ...(raised.ancestors ?? [])].flatMap(ancestorsOf))
  return clause.some((name) => name === '' || names.has(SAME.get(name) ?? name))
}
