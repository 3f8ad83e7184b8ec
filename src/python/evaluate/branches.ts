import type { SyntaxNode } from '@lezer/common'
import { payCopy } from '../budget.js'
import { type Ending, type Interpreter, isCaught, Jump, MaybeReturned, Raised, UnknownJump } from './interpreter.js'
import { bodyOf } from './nodes.js'
import { either } from './operators.js'
import { childrenOf } from '../grammar/parse.js'
import { type Changes, type Names, type Scope, truth, type Value } from './value.js'
import { noting, redo, takeBack } from './written.js'

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
  const { body, condition } = first
  if (condition === null) return py.block(bodyOf(body), scope)
  const decided = truth(py.value(condition, scope))
  if (decided === true) return py.block(bodyOf(body), scope)
  if (decided === false) return branches(py, list, scope, from + 1)
  const left = follow(py, () => py.block(bodyOf(body), scope))
  const right = follow(py, () => branches(py, list, scope, from + 1))
  return join(py, { scope, left, right, dependsOn: py.brief(condition), node: condition })
}

/** One of the ways that Python may go: how it ends, and what it writes to the names of whatever scope. */
export interface Way {
  ending: Ending | Raised
  after: Changes
}

/** Follows one way to its end and takes back what it has written, so that the next one begins where this one did. */
export function follow(py: Interpreter, run: () => Ending): Way {
  const before: Changes = new Map()
  const { isDoubtful } = py
  py.isDoubtful = true
  try {
    return { ending: noting(before, () => attempt(run)), after: takeBackAll(py, before) }
  } catch (error) {
    takeBackAll(py, before)
    throw error
  } finally {
    py.isDoubtful = isDoubtful
  }
}

/** … also of what was looked up meanwhile. */
export function takeBackAll(py: Interpreter, before: Changes): Changes {
  if (before.size > 0) py.host.forgetLookUps()
  return takeBack(before)
}

/** Of a way that may not be taken: a `try` around it may wait for just that. */
export function passOut(py: Interpreter, raised: Raised): void {
  if (py.catching.some((clause) => isCaught(raised, clause))) py.undecided.push(raised)
}

export interface Fork {
  scope: Scope
  left: Way
  right: Way
  dependsOn: string
  node: SyntaxNode
}

/**
 * What is so whichever of two ways is taken, and how they end.
 * @throws Raised where both do
 */
export function join(py: Interpreter, fork: Fork): Ending {
  const { scope, left, right, dependsOn, node } = fork
  const [a, b] = [left.ending, right.ending]
  // A way that raises is not the one that a working project takes, unless something waits for it.
  if (a instanceof Raised && b instanceof Raised) {
    merge(py, fork)
    passOut(py, b)
    throw a
  }
  if (a instanceof Raised || b instanceof Raised) {
    passOut(py, (a instanceof Raised ? a : b) as Raised)
    redo(a instanceof Raised ? right.after : left.after)
    return (a instanceof Raised ? b : a) as Ending
  }
  if (a instanceof Jump || b instanceof Jump) throw new UnknownJump(dependsOn)
  const tooMany = py.unknown(node, `depends on ${dependsOn}`)
  // Where only one way returns, what follows runs with the function's own names as the other leaves them.
  const goesOn = isSure(a) === isSure(b) ? undefined : isSure(a) ? right : left
  merge(py, fork, goesOn?.after, scope.names)
  if (isSure(a) && isSure(b)) return either(dependsOn, [a, b], tooMany)
  const values = [a, b].flatMap((ending) => (ending instanceof MaybeReturned ? [ending.value] : ending === undefined ? [] : [ending]))
  if (values.length === 0) return undefined
  return new MaybeReturned(dependsOn, values.length === 1 ? (values[0] as Value) : either(dependsOn, values, tooMany))
}

/** … of two ways to a value. */
export function valueOfEither(py: Interpreter, fork: Fork): Value {
  return join(py, fork) as Value
}

function isSure(ending: Ending): ending is Value {
  return ending !== undefined && !(ending instanceof MaybeReturned) && !(ending instanceof Jump)
}

export function attempt(run: () => Ending): Ending | Raised {
  try {
    return run()
  } catch (error) {
    if (error instanceof Raised) return error
    throw error
  }
}

/** @param goesOn the way whose own names are those of what follows */
function merge(py: Interpreter, { left, right, dependsOn, node }: Fork, goesOn?: Changes, ownNames?: Names): void {
  // Two names of one object are so afterwards too: what is changed by the one shows in the other.
  const joined = new Map<Value, Map<Value, Value>>()
  const joinValues = (a: Value, b: Value) => {
    const known = joined.get(a)?.get(b)
    if (known) return known
    const made = either(dependsOn, [a, b], py.unknown(node, `depends on ${dependsOn}`))
    joined.set(a, (joined.get(a) ?? new Map<Value, Value>()).set(b, made))
    return made
  }
  const one = (a: Value | undefined, b: Value | undefined): Value | undefined => {
    if (a === b) return a
    if (a && b) return joinValues(a, b)
    return either(dependsOn, [(a ?? b) as Value, py.unknown(node, `is set only if ${dependsOn}`)], py.unknown(node, `depends on ${dependsOn}`))
  }
  for (const names of new Set([...left.after.keys(), ...right.after.keys()])) {
    const [yes, no] = [left.after.get(names), right.after.get(names)]
    const own = new Set([...(yes?.keys() ?? []), ...(no?.keys() ?? [])])
    payCopy(8 * own.size)
    for (const name of own) {
      const before = names.get(name)
      const [a, b] = [yes?.has(name) ? yes.get(name) : before, no?.has(name) ? no.get(name) : before]
      if (goesOn && names === ownNames) names.put(name, goesOn === left.after ? a : b)
      else names.put(name, one(a, b))
    }
  }
}
