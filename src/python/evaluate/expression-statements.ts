import type { SyntaxNode } from '@lezer/common'
import { change } from './assignments.js'
import { readArguments } from './calls.js'
import { sideEffect } from './effects.js'
import { forget, forgetAll } from './forgetting.js'
import type { Interpreter } from './interpreter.js'
import { mutate } from './mutations.js'
import { splitByComma } from './nodes.js'
import { childrenOf } from '../grammar/parse.js'
import { handNames } from './handing-names.js'
import { namesOf, runExec } from './running.js'
import type { Scope, Value } from './value.js'

const FORGETFUL = ['globals', 'vars', 'locals']

/** `INSTALLED_APPS.append("x")`, `sys.path.insert(0, x)`, `os.environ.setdefault(…)`, `include("base.py")`. */
export function expressionStatement(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  if (node.name !== 'CallExpression') return otherStatement(py, node, scope)
  const [callee, argumentList] = childrenOf(node)
  if (callee?.name === 'VariableName' && argumentList && /^exec(?:file)?$/.test(py.text(callee))) return execute(py, node, py.text(callee), argumentList, scope)
  const object = callee?.name === 'MemberExpression' ? callee.firstChild : null
  if (object && namesOf(py, object, scope)) return void py.expression(node, scope)
  if (callee && argumentList && handNames(py, { node, callee, argumentList }, scope)) return
  if (/\b(globals|locals|vars)\s*\(|\bsys\.modules\b(?!\[\s*__name__\s*\])/.test(py.text(node)))
    return forgetAll(py, node, scope, 'its names are handed to other code')
  if (callee?.name === 'VariableName') {
    const name = py.text(callee)
    const meant = py.expression(callee, scope)
    if (FORGETFUL.includes(name)) forgetAll(py, node, scope, `${name}() may change it`)
    else if (name === 'setattr') {
      const done = py.expression(node, scope)
      if (done.kind !== 'none') forgetAll(py, node, scope, 'setattr() may change it')
    } else if (meant.kind !== 'reference' || !argumentList || !include(py, node, meant.name, readArguments(py, argumentList, scope).args, scope))
      py.expression(node, scope)
    return
  }
  if (callee?.name !== 'MemberExpression' || !argumentList) return
  const property = childrenOf(callee)[2]
  if (!object || property?.name !== 'PropertyName') return
  // What is called on the result of a call is evaluated once.
  if (object.name === 'CallExpression' && !/^(globals|vars|locals)\(/.test(py.text(object))) return void py.expression(node, scope)
  const method = py.text(property)
  const written = py.expression(object, scope)
  const container = py.resolve(written)
  if (container.kind === 'reference' || container.kind === 'module') {
    const { args, keywords } = readArguments(py, argumentList, scope)
    if (/^(list|dict|set)$/.test(container.name) && args[0]) return ofType(py, node, method, args, keywords, scope)
    if (!sideEffect(py, container.name, method, args, keywords).done && !include(py, node, `${container.name}.${method}`, args, scope))
      py.expression(node, scope)
    return
  }
  if (container.kind === 'call' && ['globals', 'vars', 'locals'].includes(container.callee))
    return forgetAll(py, node, scope, `${container.callee}() may change it`)
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

/** split-settings: `include("base.py", optional("local.py"))` runs the files in the names of this one. */
function include(py: Interpreter, node: SyntaxNode, name: string, args: readonly Value[], scope: Scope): boolean {
  const files = py.host.includes(
    name,
    args.map((arg) => py.resolve(arg)),
    py.file.file,
  )
  if (files === null) return false
  if (files === 'unknown') {
    forgetAll(py, node, scope, 'what include() brings cannot be followed')
    return true
  }
  for (const file of files) {
    const reason = py.host.runIn(file, scope)
    if (reason !== null) forgetAll(py, node, scope, `${file}: ${reason}`)
  }
  return true
}

/** `list.append(X, "b")` */
function ofType(py: Interpreter, node: SyntaxNode, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, scope: Scope): void {
  const [written, ...rest] = args
  const container = py.resolve(written as Value)
  const changed = mutate(container, method, rest, keywords)
  if (changed !== 'nothing') change(py, node, container, changed ?? py.unknown(node, `.${method}() with something that cannot be read`), scope)
}
