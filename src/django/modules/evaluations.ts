import type { Files } from '../files.js'
import { Evaluator, newBudget } from '../python/evaluator.js'
import type { Failure, Host } from '../python/host.js'
import { MAX_BYTES, parsePython } from '../python/parse.js'
import { Scope, type Value } from '../python/value.js'
import { moduleName } from './search-path.js'

/** A chain of modules that look each other up ends somewhere. */
const MAX_NESTING = 24
const MAX_MODULES = 3000
const MAX_PROJECT_SCOPES = 60

/** The files that have been evaluated, each once, and how each of them ended. */
export class Evaluations {
  /** Those of the project: what a helper or another module of it changes in place is seen everywhere. */
  readonly projectScopes: Scope[] = []
  readonly #host: Host
  readonly #files: Files
  readonly #isOfProject: (file: string) => boolean
  readonly #scopes = new Map<string, Scope>()
  readonly #raised = new Map<string, Failure>()
  readonly #syntaxErrors = new Map<string, number>()
  #nesting = 0

  constructor(host: Host, files: Files, isOfProject: (file: string) => boolean) {
    this.#host = host
    this.#files = files
    this.#isOfProject = isOfProject
  }

  has(file: string): boolean {
    return this.#scopes.has(file)
  }

  get isTooDeep(): boolean {
    return this.#nesting > MAX_NESTING
  }

  /** The exception that surely ends a file of its own accord. */
  raisedIn(file: string): Failure | null {
    return this.#raised.get(file) ?? null
  }

  reportFailure(file: string, failure: Failure): void {
    if (!this.#raised.has(file)) this.#raised.set(file, failure)
  }

  /** Line of the first place of an evaluated file that this Python cannot compile, or null. */
  syntaxErrorOf(file: string): number | null {
    return this.#syntaxErrors.get(file) ?? null
  }

  /** In the names of another file. */
  runIn(file: string, scope: Scope): void {
    const text = this.#files.size(file) > MAX_BYTES ? null : this.#files.readOnce(file)
    if (text !== null && !this.isTooDeep) new Evaluator(parsePython(file, text, this.#host.python), this.#host).run(scope, true)
  }

  /** Each file once; a cycle of imports sees what is there so far, as in Python. */
  evaluate(file: string, name?: string, scope = new Scope(), doubtful = false): Scope {
    const known = this.#scopes.get(file)
    if (known) return known
    const itself = () => this.#host.resolveRelative(1, moduleName(file), file) ?? moduleName(file)
    if (name !== undefined || !scope.names.has('__name__')) scope.set('__name__', { kind: 'string', value: name ?? itself() })
    this.#scopes.set(file, scope)
    if (this.projectScopes.length < MAX_PROJECT_SCOPES && this.#isOfProject(file)) this.projectScopes.push(scope)
    const lost = (reason: string, line = 1): Value => ({ kind: 'unknown', reason, file, line })
    if (this.isTooDeep || this.#scopes.size > MAX_MODULES || this.#files.size(file) > MAX_BYTES) {
      scope.set('*limit', lost('too many modules are needed for it'))
      return scope
    }
    const text = this.#files.readOnce(file)
    if (text === null) return scope
    this.#nesting++
    try {
      const parsed = parsePython(file, text, this.#host.python)
      if (parsed.syntaxError !== null) {
        this.#syntaxErrors.set(file, parsed.syntaxError)
        // What is there of it may mean anything.
        scope.set('*syntax', lost(`the file is not valid Python near line ${parsed.syntaxError}`, parsed.syntaxError))
      }
      const evaluator = new Evaluator(parsed, this.#host, { ...newBudget(), doubtful })
      const raised = evaluator.run(scope)
      if (raised) this.#raised.set(file, raised)
      if (evaluator.isExhausted) loseAll(scope, lost('the file takes too long to evaluate'))
    } catch (error) {
      // A file that is too deep or too large for the reader itself.
      if (!(error instanceof RangeError)) throw error
      scope.set('*limit', lost('the file is too deep or too large'))
    } finally {
      this.#nesting--
    }
    return scope
  }
}

/** Nothing that the file has set so far is what it would be in the end. */
function loseAll(scope: Scope, lost: Value): void {
  for (const name of [...scope.names.keys()]) if (!name.startsWith('__')) scope.set(name, lost)
  scope.set('*limit', lost)
}
