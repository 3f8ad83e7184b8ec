import type { SyntaxNode } from '@lezer/common'
import { callFunction } from './functions.js'
import { payLook, payScan, payStep } from '../budget.js'
import { bindTargets, change } from './assignments.js'
import { referenceValue } from './module-attributes.js'
import { evaluate } from './expressions.js'
import { attribute } from './members.js'
import type { Host } from './host.js'
import { type Ending, type Interpreter, isCaught, Jump, MaybeReturned, Raised, UnknownJump } from './interpreter.js'
import { isGoneThrough } from './generators.js'
import { loseSight } from './handing-over.js'
import { either } from './operators.js'
import { childrenOf, type ParsedFile, parsePython } from '../grammar/parse.js'
import { runStatement } from './statements.js'
import { type Scope, string, type Unknown, type Value } from './value.js'

/** Deeper expressions are unknown by themselves: the file goes on. */
const MAX_DEPTH = 80

/** Texts that run texts. */
const MAX_EXECUTING = 8

/** Shared by all files that are evaluated for one question, since they call each other. */
export interface Course {
  depth: number
  /** A branch that may not be taken is being followed. */
  doubtful: boolean
  /** Behind a `return` that may have been met. */
  ended: boolean
  losses: number
  /** Names of the functions that are being called. */
  frames: Scope[]
  catching: string[][]
  generators: Value[][]
  /** How many texts are being run in each other. */
  executing: number
}

export function newCourse(): Course {
  return { depth: 0, doubtful: false, ended: false, losses: 0, frames: [], catching: [], generators: [], executing: 0 }
}

/** Evaluates the subset of Python that settings and migrations are written in, to three-valued values. Runs nothing. */
export class Evaluator implements Interpreter {
  readonly file: ParsedFile
  readonly host: Host

  /** Shared by all files: a function of another one raises into the `try` that calls it. */
  get catching(): string[][] {
    return this.#course.catching
  }

  get generators(): Value[][] {
    return this.#course.generators
  }

  readonly undecided: Raised[] = []
  readonly handling: Raised[] = []
  readonly #course: Course

  constructor(file: ParsedFile, host: Host, course: Course = newCourse()) {
    this.file = file
    this.host = host
    this.#course = course
  }

  /**
   * Runs the module's statements in order.
   * @param keepsFile it runs in the names of another file (split-settings), whose `__file__` stays
   * @returns the exception that ends the module, if one surely does
   */
  run(scope: Scope, keepsFile = false): Raised | null {
    if (!keepsFile) scope.set('__file__', string(this.file.file))
    this.#course.frames.push(scope)
    try {
      this.block(childrenOf(this.file.tree.topNode), scope)
      return null
    } catch (error) {
      if (error instanceof Raised) return error
      // A jump outside of any loop that is followed.
      if (error instanceof UnknownJump) return null
      throw error
    } finally {
      this.#course.frames.pop()
    }
  }

  *liveScopes(scope: Scope): Iterable<Scope> {
    for (let current: Scope | undefined = scope; current; current = current.parent) yield current
    payLook(this.#course.frames.length)
    for (const frame of this.#course.frames) for (let current: Scope | undefined = frame; current; current = current.parent) yield current
    yield* this.host.moduleScopes()
  }

  get losses(): number {
    return this.#course.losses
  }

  set losses(losses: number) {
    this.#course.losses = losses
  }

  get isDoubtful(): boolean {
    return this.#course.doubtful
  }

  set isDoubtful(doubtful: boolean) {
    this.#course.doubtful = doubtful
  }

  get mayHaveEnded(): boolean {
    return this.#course.ended
  }

  set mayHaveEnded(ended: boolean) {
    this.#course.ended = ended
  }

  change(target: SyntaxNode, container: Value, changed: Value, scope: Scope): void {
    change(this, target, container, changed, scope)
  }

  expression(node: SyntaxNode, scope: Scope): Value {
    payStep()
    if (this.#course.depth > MAX_DEPTH) return this.unknown(node, 'it is nested too deeply')
    this.#course.depth++
    try {
      return evaluate(this, node, scope)
    } finally {
      this.#course.depth--
    }
  }

  value(node: SyntaxNode, scope: Scope): Value {
    return this.resolve(this.expression(node, scope))
  }

  resolve(value: Value): Value {
    return value.kind === 'reference' ? (this.host.lookUp(value.name) ?? referenceValue(value.name, this.host) ?? value) : value
  }

  block(statements: readonly SyntaxNode[], scope: Scope): Ending {
    const { isDoubtful, mayHaveEnded } = this
    try {
      return this.#run(statements, scope)
    } finally {
      this.isDoubtful = isDoubtful
      this.mayHaveEnded = mayHaveEnded
    }
  }

  #run(statements: readonly SyntaxNode[], scope: Scope): Ending {
    let maybe: MaybeReturned | undefined
    for (const statement of statements) {
      payStep()
      const ending = runStatement(this, statement, scope)
      if (ending instanceof Jump) {
        if (maybe) throw new UnknownJump(maybe.dependsOn)
        return ending
      }
      // Whatever follows may not run: what it changes outside of this function is not certain.
      if (ending instanceof MaybeReturned) this.isDoubtful = this.mayHaveEnded = true
      if (ending instanceof MaybeReturned) maybe = maybe ? new MaybeReturned(maybe.dependsOn, this.#oneOf(maybe, ending.value, statement)) : ending
      else if (ending) return maybe ? this.#oneOf(maybe, ending, statement) : ending
    }
    return maybe
  }

  #oneOf(maybe: MaybeReturned, other: Value, node: SyntaxNode): Value {
    return either(maybe.dependsOn, [maybe.value, other], this.unknown(node, `depends on ${maybe.dependsOn}`))
  }

  attribute(object: Value, name: string, node: SyntaxNode): Value {
    return attribute(this, object, name, node)
  }

  bind(targets: readonly SyntaxNode[], value: Value, scope: Scope): void {
    bindTargets(this, targets, value, scope)
  }

  callFunction(callee: Value & { kind: 'function' }, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value {
    if (this.#course.depth > MAX_DEPTH - 20) {
      for (const one of [...args, ...keywords.values()]) loseSight(this, one, { callee: callee.name, node, scope: callee.scope })
      return this.unknown(node, 'it calls itself too deeply')
    }
    const home = this.in(callee.file)
    this.#course.depth += 3
    try {
      return callFunction(home, callee, { args, keywords, isSpent: () => isGoneThrough(this, node) }, this.#course.frames)
    } catch (error) {
      // What is not known of the arguments may be why it raises; only a `try` that waits for it takes it for a fact.
      if (!(error instanceof Raised) || this.catching.some((clause) => isCaught(error, clause))) throw error
      for (const one of [...args, ...keywords.values()]) loseSight(this, one, { callee: callee.name, node: callee.node, scope: callee.scope })
      const reason = `${callee.name}() raises ${error.exception}${error.message ? `: ${error.message}` : ''} here`
      return { kind: 'unknown', reason, file: callee.file.file, line: error.line || this.line(node) }
    } finally {
      this.#course.depth -= 3
    }
  }

  execute(file: string, text: string, scope: Scope): string | null {
    if (this.#course.executing >= MAX_EXECUTING) return 'too many files run each other'
    const parsed = parsePython(file, text, this.host.python)
    if (parsed.syntaxError !== null) throw new Raised('SyntaxError', `invalid syntax (${file}, line ${parsed.syntaxError})`, parsed.syntaxError)
    this.#course.executing++
    try {
      this.in(parsed).block(childrenOf(parsed.tree.topNode), scope)
      return null
    } finally {
      this.#course.executing--
    }
  }

  in(file: ParsedFile): Evaluator {
    return file === this.file ? this : new Evaluator(file, this.host, this.#course)
  }

  text(node: SyntaxNode): string {
    payScan(node.to - node.from)
    return this.file.source.slice(node.from, node.to)
  }

  brief(node: SyntaxNode): string {
    const text = this.file.source.slice(node.from, Math.min(node.to, node.from + 400)).replace(/\s+/g, ' ')
    return text.length > 80 ? `${text.slice(0, 79)}…` : text
  }

  line(node: SyntaxNode): number {
    return this.file.lineAt(node.from)
  }

  unknown(node: SyntaxNode, reason: string): Unknown {
    this.losses++
    return { kind: 'unknown', reason, file: this.file.file, line: this.line(node) }
  }
}
