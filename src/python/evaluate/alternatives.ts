import type { SyntaxNode } from '@lezer/common'
import { payCopy } from '../budget.js'
import { anyNumber } from './floors.js'
import type { Interpreter } from './interpreter.js'
import { lookedAt } from './names.js'
import { binary, either } from './operators.js'
import type { Value } from './value.js'

/** A binary operator, for each value that an operand may have. */
export function operate(py: Interpreter, left: Value, operator: string, right: Value, node: SyntaxNode): Value {
  if (left.kind === 'names' || right.kind === 'names') return operate(py, lookedAt(left), operator, lookedAt(right), node)
  if (left.kind === 'either') return mapEither(py, left, (option) => operate(py, option, operator, right, node), node)
  if (right.kind === 'either') return mapEither(py, right, (option) => operate(py, left, operator, option, node), node)
  // `INSTALLED_APPS += discover()`: what is known of the list stays known.
  if (operator === '+' && (left.kind === 'list' || left.kind === 'tuple') && isOpen(right)) {
    payCopy(left.items.length)
    return {
      kind: left.kind,
      items: [...left.items, anyOf(py, right, node)],
    }
  }
  // … on whichever side: whatever is added to a list is one.
  if (operator === '+' && (right.kind === 'list' || right.kind === 'tuple') && isOpen(left)) {
    payCopy(right.items.length)
    return { kind: right.kind, items: [anyOf(py, left, node), ...right.items] }
  }
  const known = binary(left, operator, right)
  if (known) return known
  return left.kind === 'unknown' ? left : right.kind === 'unknown' ? right : py.unknown(node, `"${operator}" is not evaluated here`)
}

type Open = Value & { kind: 'unknown' | 'call' | 'reference' }

function isOpen(value: Value): value is Open {
  return value.kind === 'unknown' || value.kind === 'call' || value.kind === 'reference'
}

/** Values that are not known stand in a list as any number of them. */
export function anyOf(py: Interpreter, value: Open, node: SyntaxNode): Value {
  if (value.kind === 'unknown') return anyNumber(value)
  return anyNumber(py.unknown(node, `${value.kind === 'call' ? `${value.callee}()` : value.name} is not evaluated`))
}

export function mapEither(py: Interpreter, value: Value & { kind: 'either' }, change: (option: Value) => Value, node: SyntaxNode): Value {
  return either(value.dependsOn, value.options.map(change), py.unknown(node, `depends on ${value.dependsOn}`))
}
