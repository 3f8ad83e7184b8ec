import type { SyntaxNode } from '@lezer/common'
import { payCopy } from '../budget.js'
import { type Ending, type Interpreter, isCaught, Jump, MaybeReturned, Raised, UnknownJump } from './interpreter.js'
import { bodyOf } from './nodes.js'
import { either } from './operators.js'
import { childrenOf } from '../grammar/parse.js'
import { type Scope, truth, type Value } from './value.js'

/** `if`, `elif`, `else`: one way where it is decided, else both, and what they have in common stays certain. */
interface Branch {
  condition: SyntaxNode | null
  body: SyntaxNode | undefined
}

export function branchesOf(node: SyntaxNode): Branch[] {
  const parts = childrenOf(node)
  return parts.flatMap((part, index): Branch[] => {
    if (part.name === 'if' || part.name === 'elif') return [{ condition: parts[index + 1] as SyntaxNode, body: parts[index + 2] }]
    return part.name === 'else' ? [{ condition: null, body: parts[index + 1] }] : []
  })
}

export function branches(py: Interpreter, list: readonly Branch[], scope: Scope, from = 0): Ending {
  const first = list[from]
  if (!first?.body) return undefined
  const { body } = first
  if (first.condition === null) return py.block(bodyOf(body), scope)
  const decided = truth(py.value(first.condition, scope))
  if (decided === true) return py.block(bodyOf(body), scope)
  if (decided === false) return branches(py, list, scope, from + 1)
  const [yes, no] = [scope.copy(), scope.copy()]
  payCopy(8 * scope.names.size)
  const origin = new Map(scope.names)
  const before = py.isDoubtful
  py.isDoubtful = true
  const left = attempt(() => py.block(bodyOf(body), yes))
  const right = attempt(() => branches(py, list, no, from + 1))
  py.isDoubtful = before
  // A branch that raises is not the one that a working project takes, unless something waits for it.
  if (left instanceof Raised && right instanceof Raised) throw left
  if (left instanceof Raised || right instanceof Raised) {
    const raised = (left instanceof Raised ? left : right) as Raised
    passOut(py, raised)
    takeOver(py, scope, left instanceof Raised ? no : yes, origin, first.condition)
    return left instanceof Raised ? (right as Ending) : left
  }
  const dependsOn = py.brief(first.condition)
  return joinEndings(py, { scope, yes, no, left, right, dependsOn, node: first.condition, origin })
}

/** Of a way that may not be taken: a `try` around it may wait for just that. */
export function passOut(py: Interpreter, raised: Raised): void {
  if (py.catching.some((clause) => isCaught(raised, clause))) py.undecided.push(raised)
}

/**
 * The names of a branch in place of those before it; what a function that was called in it has changed behind its back is not known.
 * @param origin the names when the branch began
 */
export function takeOver(py: Interpreter, scope: Scope, branch: Scope, origin: ReadonlyMap<string, Value>, node: SyntaxNode): void {
  const touched = [...scope.names].filter(([name, value]) => origin.get(name) !== value && !isOwn(value, origin.get(name), branch.names.get(name)))
  scope.replaceWith(branch)
  for (const [name, value] of touched)
    scope.names.set(name, branch.names.get(name) === origin.get(name) ? value : py.unknown(node, 'it is changed in a branch that may not be taken'))
}

interface Fork {
  scope: Scope
  yes: Scope
  no: Scope
  left: Ending
  right: Ending
  dependsOn: string
  node: SyntaxNode
  /** The names before the fork, where both ways are copies. */
  origin?: ReadonlyMap<string, Value>
}

/** Where only one way returns, what follows runs with the names of the other. */
export function joinEndings(py: Interpreter, fork: Fork): Ending {
  const { scope, yes, no, left, right, dependsOn, node, origin = new Map(scope.names) } = fork
  const tooMany = py.unknown(node, `depends on ${dependsOn}`)
  if (left instanceof Jump || right instanceof Jump) throw new UnknownJump(dependsOn)
  const isSure = (ending: Ending): ending is Value => ending !== undefined && !(ending instanceof MaybeReturned) && !(ending instanceof Jump)
  if (isSure(left) && isSure(right)) return either(dependsOn, [left, right], tooMany)
  if (isSure(left)) takeOver(py, scope, no, origin, node)
  else if (isSure(right)) takeOver(py, scope, yes, origin, node)
  else merge(py, { scope, yes, no, dependsOn, node, origin })
  const values = [left, right].flatMap((ending) => (ending instanceof MaybeReturned ? [ending.value] : ending === undefined ? [] : [ending]))
  if (values.length === 0) return undefined
  return new MaybeReturned(dependsOn, values.length === 1 ? (values[0] as Value) : either(dependsOn, values, tooMany))
}

export function attempt(run: () => Ending): Ending | Raised {
  try {
    return run()
  } catch (error) {
    if (error instanceof Raised) return error
    throw error
  }
}

function merge(py: Interpreter, { scope, yes, no, dependsOn, node, origin = new Map() }: Omit<Fork, 'left' | 'right'>): void {
  payCopy(8 * (yes.names.size + no.names.size))
  // Two names of one object are so afterwards too: what is changed by the one shows in the other.
  const joined = new Map<Value, Map<Value, Value>>()
  const join = (a: Value, b: Value) => {
    const known = joined.get(a)?.get(b)
    if (known) return known
    const made = either(dependsOn, [a, b], py.unknown(node, `depends on ${dependsOn}`))
    joined.set(a, (joined.get(a) ?? new Map<Value, Value>()).set(b, made))
    return made
  }
  for (const name of new Set([...yes.names.keys(), ...no.names.keys()])) {
    const [a, b] = [yes.names.get(name), no.names.get(name)]
    const before = origin.get(name)
    // A function that was called in a branch has changed it behind the branch's back.
    const touched = scope.names.get(name)
    if (before && touched && touched !== before && !isOwn(touched, before, a, b)) {
      if (a !== before || b !== before) scope.set(name, py.unknown(node, `depends on ${dependsOn}`))
      continue
    }
    if (a === b && a) scope.set(name, a)
    else if (a && b) scope.set(name, join(a, b))
    else scope.set(name, either(dependsOn, [(a ?? b) as Value, py.unknown(node, `is set only if ${dependsOn}`)], py.unknown(node, `depends on ${dependsOn}`)))
  }
}

/** What a branch has changed in place shows in the names around it as one of two: that is the branch itself. */
function isOwn(touched: Value, before: Value | undefined, ...branches: (Value | undefined)[]): boolean {
  return touched.kind === 'either' && branches.some((value) => value !== undefined && value !== before && touched.options.includes(value))
}
