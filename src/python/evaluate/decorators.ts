import type { SyntaxNode } from '@lezer/common'
import { readArguments } from './calls.js'
import type { Interpreter } from './interpreter.js'
import { childrenOf } from '../grammar/parse.js'
import type { Scope, Value } from './value.js'

/** Decorators that are functions of the project are called, the innermost first, as Python does; at the first other one it ends. */
export function decorate(py: Interpreter, node: SyntaxNode, scope: Scope, decorators: readonly SyntaxNode[]): void {
  const nameNode = childrenOf(node).find((part) => part.name === 'VariableName')
  if (!nameNode) return
  const name = py.text(nameNode)
  const left = decorators.map((decorator) => decoratorName(py.text(decorator)))
  for (const decorator of [...decorators].reverse()) {
    const plain = scope.get(name)
    const [, ...parts] = childrenOf(decorator)
    const isName = parts.every((part) => part.name === 'VariableName' || part.name === '.' || part.name === 'PropertyName')
    const [first] = parts
    if (!plain || !first || (plain.kind !== 'function' && plain.kind !== 'class')) return
    const function_ = decoratorValue(py, parts, isName, scope)
    if (function_?.kind !== 'function') return
    left.pop()
    const bare: Value = plain.kind === 'function' ? { ...plain, decorators: [] } : { ...plain, decorated: false }
    const result = py.resolve(py.callFunction(function_, [bare], new Map(), node))
    scope.set(name, result === bare && result.kind === 'function' ? ({ ...bare, decorators: [...left] } as Value) : result)
  }
}

/** `@name`, `@module.name`, `@name(arguments)`; lezer keeps the parts of a decorator flat. */
function decoratorValue(py: Interpreter, parts: readonly SyntaxNode[], isName: boolean, scope: Scope): Value | undefined {
  const at = parts.findIndex((part) => part.name === 'ArgList')
  const names = (at < 0 ? parts : parts.slice(0, at)).filter((part) => part.name !== '.')
  const [first, ...rest] = names
  if (!first || !names.every((part) => part.name === 'VariableName' || part.name === 'PropertyName')) return undefined
  let value: Value = py.value(first, scope)
  for (const part of rest) value = py.resolve(py.attribute(value, py.text(part), part))
  if (isName || at < 0) return value
  if (value.kind !== 'function') return undefined
  const { args, keywords } = readArguments(py, parts[at] as SyntaxNode, scope)
  return py.resolve(py.callFunction(value, args, keywords, first))
}

/** `@functools.lru_cache(None)` is `functools.lru_cache`. */
export function decoratorName(text: string): string {
  return /^@\s*([\w.]+)/.exec(text)?.[1] ?? text
}
