import type { SyntaxNode } from '@lezer/common'
import { payCopy } from '../budget.js'
import { bindOne, change } from './assignments.js'
import type { Interpreter } from './interpreter.js'
import { sliceBounds } from './members.js'
import { missingKey } from './missing-key.js'
import { deleteName } from './names.js'
import { childrenOf } from '../grammar/parse.js'
import { equal } from './equality.js'
import type { Scope, Value } from './value.js'

/** `del X`, `del D["x"]`, `del X[1:]`. */
export function deleteTargets(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  for (const target of childrenOf(node).slice(1)) {
    if (target.name === 'VariableName') scope.names.delete(py.text(target))
    if (target.name !== 'MemberExpression') continue
    const [object, bracket, ...inside] = childrenOf(target)
    const [index] = inside
    if (!object || !index || bracket?.name !== '[') continue
    const container = py.value(object, scope)
    payCopy('items' in container ? container.items.length : container.kind === 'dict' ? container.entries.length : 0)
    if (inside.some((part) => part.name === ':')) {
      const bounds = sliceBounds(py, inside.slice(0, -1), scope)
      const rest = container.kind === 'list' && bounds ? withoutSlice(container.items, bounds) : undefined
      change(py, object, container, rest ? { kind: 'list', items: rest } : py.unknown(target, 'a slice of it is deleted'), scope)
      continue
    }
    const key = py.value(index, scope)
    if (container.kind === 'names') {
      deleteName(py, container, key, target, scope)
      continue
    }
    if (container.kind === 'reference' && container.name === 'os.environ') {
      if (key.kind === 'string' && py.host.variableDoubt(key.value) === null && py.host.env.get(key.value) === undefined)
        missingKey(py, target, `the environment has no ${key.value}`, key.value)
      if (key.kind === 'string') py.host.setEnvironment(key.value, py.isDoubtful ? null : undefined, true)
      continue
    }
    if (container.kind === 'list' && key.kind === 'number') {
      const at = key.value < 0 ? container.items.length + key.value : key.value
      change(py, object, container, { kind: 'list', items: container.items.filter((_item, position) => position !== at) }, scope)
    } else if (container.kind === 'dict' && container.entries.some(([name]) => equal(name, key) === undefined)) {
      change(py, object, container, py.unknown(target, 'a key that is not known is deleted'), scope)
    } else if (container.kind === 'dict') {
      if (key.kind === 'string' && container.entries.every(([name]) => equal(name, key) === false))
        missingKey(py, target, `there is no key "${key.value}"`, key.value)
      change(py, object, container, { kind: 'dict', entries: container.entries.filter(([name]) => equal(name, key) !== true) }, scope)
    } else bindOne(py, object, py.unknown(target, 'a part of it is deleted'), scope)
  }
}

function withoutSlice(items: readonly Value[], [from, to]: [number | undefined, number | undefined]): Value[] {
  const at = (bound: number | undefined, fallback: number) => (bound === undefined ? fallback : bound < 0 ? Math.max(0, items.length + bound) : bound)
  const start = at(from, 0)
  return [...items.slice(0, start), ...items.slice(Math.max(start, at(to, items.length)))]
}
