import type { SyntaxNode } from '@lezer/common'
import { readArguments } from './calls.js'
import { forgetAll } from './forgetting.js'
import type { Interpreter } from './interpreter.js'
import { splitByComma } from './nodes.js'
import { childrenOf } from '../grammar/parse.js'
import { namesOf, setName } from './running.js'
import type { FunctionValue, Scope, Value } from './value.js'

/** Where the dict lies while the function has it; no name of Python. */
const HANDED = '*handed'

/**
 * `set_dynamic_settings(globals())`: a function that was read changes the names of the module through the dict that it is given. What a
 * function that cannot be followed does to them is not known.
 * @returns whether it is such a call
 */
export function handNames(py: Interpreter, call: { node: SyntaxNode; callee: SyntaxNode; argumentList: SyntaxNode }, scope: Scope): boolean {
  const { node, callee, argumentList } = call
  const given = splitByComma(childrenOf(argumentList).slice(1, -1))
  const own = given.map((parts) => (parts.at(-1) ? namesOf(py, parts.at(-1) as SyntaxNode, scope) : undefined)).filter((one) => one !== undefined)
  const [names] = own
  if (own.length !== 1 || names === undefined || !/^(?:VariableName|MemberExpression)$/.test(callee.name)) return false
  const target = py.value(callee, scope)
  if (target.kind !== 'function' || (py.isDoubtful && names !== scope)) return false
  const { args, keywords } = readArguments(py, argumentList, scope)
  const handed = [...args, ...keywords.values()].find((one) => one.kind === 'dict' && one.entries.length >= names.names.size)
  if (handed?.kind !== 'dict') return false
  const reason = goesOn(py, target, [...keywords].find(([, one]) => one === handed)?.[0] ?? args.indexOf(handed))
  if (reason !== null) {
    forgetAll(py, node, scope, reason)
    return true
  }
  const before = new Map(names.names)
  names.names.set(HANDED, handed)
  let result: Value
  try {
    result = py.callFunction(target, args, keywords, node, (inside) => {
      // Two branches, or a function inside, may each have changed a dict of their own.
      if (![...inside.names.values()].includes(names.names.get(HANDED) as Value))
        names.names.set(HANDED, py.unknown(node, 'its names are handed to other code'))
    })
  } finally {
    keep(py, { node, names, before, scope })
  }
  if (result.kind === 'unknown') forgetAll(py, node, scope, result.reason)
  return true
}

/** What the dict says now is what the names are; where it was lost, they are. */
function keep(py: Interpreter, { node, names, before, scope }: { node: SyntaxNode; names: Scope; before: Map<string, Value>; scope: Scope }): void {
  const now = names.names.get(HANDED)
  names.names.delete(HANDED)
  if (now?.kind !== 'dict') return forgetAll(py, node, scope, now?.kind === 'unknown' ? now.reason : 'its names are handed to other code')
  const left = new Set(before.keys())
  for (const [key, value] of now.entries) {
    if (key.kind !== 'string') return forgetAll(py, node, scope, 'its names are handed to other code')
    left.delete(key.value)
    if (before.get(key.value) !== value) setName(py, names, key.value, value, node, scope)
  }
  for (const name of left) if (!name.startsWith('*')) names.names.delete(name)
}

/** What may stand behind the dict: a key, or a method that changes or looks. */
const FOLLOWED = /^(?:\s*\[|\.(?:get|setdefault|update|pop|keys|values|items|copy)\()/

/** In the function the dict may only be used by its keys: under another name, or in the hands of other code, it is lost sight of. */
function goesOn(py: Interpreter, target: FunctionValue, parameter: string | number): string | null {
  const home = py.in(target.file)
  const list = childrenOf(target.node).find((part) => part.name === 'ParamList')
  const names = splitByComma(childrenOf(list ?? target.node).slice(1, -1)).map((parts) => home.text(parts[0] as SyntaxNode))
  const name = typeof parameter === 'string' ? parameter : names[parameter]
  const body = childrenOf(target.node).find((part) => part.name === 'Body')
  const lost = `${target.name}() hands its names on to other code`
  if (!body || name === undefined || !/^\w+$/.test(name) || !names.includes(name)) return lost
  const text = home.text(body)
  let isLost = false
  target.file.tree.iterate({
    from: body.from,
    to: body.to,
    enter: (node) => {
      if (node.name !== 'VariableName' || text.slice(node.from - body.from, node.to - body.from) !== name) return
      const [before, behind] = [
        text.slice(Math.max(0, node.from - body.from - 10), node.from - body.from),
        text.slice(node.to - body.from, node.to - body.from + 20),
      ]
      if (!/\bin\s+$/.test(before) && !FOLLOWED.test(behind)) isLost = true
    },
  })
  return isLost ? lost : null
}
