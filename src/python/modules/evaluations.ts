import { basename, dirname } from 'node:path'
import type { Files } from '../files.js'
import { exhaustion, type Pool, spending } from '../budget.js'
import { Evaluator, newCourse } from '../evaluate/evaluator.js'
import type { Failure, Host } from '../evaluate/host.js'
import { parsePython } from '../grammar/parse.js'
import { list, Scope, string, type Value } from '../evaluate/value.js'
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
  readonly #pool: Pool
  readonly #files: Files
  readonly #isOfProject: (file: string) => boolean
  readonly #scopes = new Map<string, Scope>()
  readonly #raised = new Map<string, Failure>()
  readonly #syntaxErrors = new Map<string, number>()
  #nesting = 0

  constructor(host: Host, files: Files, pool: Pool, isOfProject: (file: string) => boolean) {
    this.#host = host
    this.#pool = pool
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

  /** In the names of another file. @returns why it was not, or not to its end */
  runIn(file: string, scope: Scope): string | null {
    const text = this.#files.readOnce(file)
    if (text === null) return this.#files.refusal(file) ?? 'it cannot be opened'
    if (this.isTooDeep) return TOO_MANY
    this.#nesting++
    try {
      new Evaluator(parsePython(file, text, this.#host.python), this.#host).run(scope, true)
      return null
    } finally {
      this.#nesting--
    }
  }

  /** Each file once; a cycle of imports sees what is there so far, as in Python. */
  evaluate(file: string, name?: string, scope = new Scope(), doubtful = false): Scope {
    const known = this.#scopes.get(file)
    if (known) return known
    const itself = () => this.#host.resolveRelative(1, moduleName(file), file) ?? moduleName(file)
    if (name !== undefined || !scope.names.has('__name__')) scope.set('__name__', { kind: 'string', value: name ?? itself() })
    if (basename(file) === '__init__.py') scope.set('__path__', list([string(dirname(file))]))
    this.#scopes.set(file, scope)
    if (this.projectScopes.length < MAX_PROJECT_SCOPES && this.#isOfProject(file)) this.projectScopes.push(scope)
    const lose = (reason: string) => loseAll(scope, { kind: 'unknown', reason, file, line: 1 })
    if (this.isTooDeep || this.#scopes.size > MAX_MODULES) lose(TOO_MANY)
    else {
      const text = this.#files.readOnce(file)
      if (text === null) lose(this.#files.refusal(file) ?? 'it cannot be opened')
      else this.#run(file, text, scope, doubtful, lose)
    }
    return scope
  }

  #run(file: string, text: string, scope: Scope, doubtful: boolean, lose: (reason: string) => void): void {
    this.#nesting++
    try {
      spending(this.#pool, text.length, () => this.#runPaid(file, text, scope, doubtful))
    } catch (error) {
      const reason = exhaustion(error)
      if (reason === null) throw error
      lose(reason)
    } finally {
      this.#nesting--
    }
  }

  #runPaid(file: string, text: string, scope: Scope, doubtful: boolean): void {
    const parsed = parsePython(file, text, this.#host.python)
    const line = parsed.syntaxError
    if (line !== null) {
      this.#syntaxErrors.set(file, line)
      // What is there of it may mean anything.
      scope.set('*syntax', { kind: 'unknown', reason: `the file is not valid Python near line ${line}`, file, line })
    }
    const raised = new Evaluator(parsed, this.#host, { ...newCourse(), doubtful, ended: doubtful }).run(scope)
    if (raised) this.#raised.set(file, raised)
  }
}

const TOO_MANY = 'too many modules are needed for it'

/** Nothing that the file has set so far is what it would be in the end. */
function loseAll(scope: Scope, lost: Value): void {
  for (const name of [...scope.names.keys()]) if (!name.startsWith('__')) scope.set(name, lost)
  scope.set('*limit', lost)
}
