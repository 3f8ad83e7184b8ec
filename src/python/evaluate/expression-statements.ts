import type { SyntaxNode } from '@lezer/common'
import { change } from './assignments.js'
import { readArguments } from './calls.js'
import { forget, forgetAll } from './forgetting.js'
import { include } from './inclusion.js'
import type { Interpreter } from './interpreter.js'
import { mutate } from './mutations.js'
import { namesMethod } from './names.js'
import { splitByComma } from './nodes.js'
import { childrenOf } from '../grammar/parse.js'
import { runExec } from './running.js'
import type { Scope } from './value.js'

/** `INSTALLED_APPS.append("x")`, `sys.path.insert(0, x)`, `os.environ.setdefault(…)`, `include("base.py")`. */
export function expressionStatement(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  if (node.name !== 'CallExpression') return otherStatement(py, node, scope)
  const [callee, argumentList] = childrenOf(node)
  if (callee?.name === 'VariableName' && argumentList && /^exec(?:file)?$/.test(py.text(callee))) return execute(py, node, py.text(callee), argumentList, scope)
  const object = callee?.name === 'MemberExpression' ? callee.firstChild : null
  if (callee?.name === 'VariableName') {
    const name = py.text(callee)
    const meant = py.expression(callee, scope)
    if (name === 'setattr') {
      const done = py.expression(node, scope)
      if (done.kind !== 'none') forgetAll(py, node, scope, 'setattr() may change it')
    } else if (meant.kind !== 'reference' || !argumentList || !include(py, { node, name: meant.name, argumentList }, scope)) py.expression(node, scope)
    return
  }
  // What is called is the result of a call: `partial(f, x)()`.
  if (callee?.name !== 'MemberExpression' || !argumentList) return void py.expression(node, scope)
  const property = childrenOf(callee)[2]
  if (!object || property?.name !== 'PropertyName') return
  // What has a call in it is evaluated once: it may do something each time.
  if (!/^[\w.\s]+$/.test(py.text(object))) return void py.expression(node, scope)
  const method = py.text(property)
  const container = py.value(object, scope)
  if (container.kind === 'reference' || container.kind === 'module') {
    if (/^(list|dict|set)$/.test(container.name)) return ofType(py, { node, method, argumentList }, scope)
    if (include(py, { node, name: `${container.name}.${method}`, argumentList }, scope)) return
  }
  py.expression(node, scope)
}

function execute(py: Interpreter, node: SyntaxNode, name: string, argumentList: SyntaxNode, scope: Scope): void {
  const { args } = readArguments(py, argumentList, scope)
  const argument = splitByComma(childrenOf(argumentList).slice(1, -1))[1]?.at(-1)
  const reason = runExec(py, { node, name, args, argument }, scope)
  if (reason !== null) forgetAll(py, node, scope, reason)
}

/** `X.append("b") if DEBUG else None`, `DEBUG and X.append("b")`, `[X.append(a) for a in b]`. */
function otherStatement(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const value = py.expression(node, scope)
  if (/ComprehensionExpression$/.test(node.name) && value.kind === 'unknown') forget(py, node, scope, 'it is changed in a comprehension')
}

/** `list.append(X, "b")` */
function ofType(py: Interpreter, { node, method, argumentList }: { node: SyntaxNode; method: string; argumentList: SyntaxNode }, scope: Scope): void {
  const { args, keywords } = readArguments(py, argumentList, scope)
  const [written, ...rest] = args
  if (!written) return
  const container = py.resolve(written)
  if (container.kind === 'names') return void namesMethod(py, container, { method, args: rest, keywords, node, scope })
  const changed = mutate(container, method, rest, keywords)
  if (changed !== 'nothing') change(py, node, container, changed ?? py.unknown(node, `.${method}() with something that cannot be read`), scope)
}
