import type { SyntaxNode } from '@lezer/common'
import { payCopy } from '../budget.js'
import type { Interpreter } from './interpreter.js'
import { binary, either } from './operators.js'
import type { Value } from './value.js'

/** A binary operator, for each value that an operand may have. */
export function operate(py: Interpreter, left: Value, operator: string, right: Value, node: SyntaxNode): Value {
  if (left.kind === 'either') return mapEither(py, left, (option) => operate(py, option, operator, right, node), node)
  if (right.kind === 'either') return mapEither(py, right, (option) => operate(py, left, operator, option, node), node)
  // `INSTALLED_APPS += discover()`: what is known of the list stays known.
  if (operator === '+' && left.kind === 'list' && (right.kind === 'unknown' || right.kind === 'call' || right.kind === 'reference')) {
    payCopy(left.items.length)
    return {
      kind: 'list',
      items: [
        ...left.items,
        right.kind === 'unknown' ? right : py.unknown(node, `${right.kind === 'call' ? `${right.callee}()` : right.name} is not evaluated`),
      ],
    }
  }
  const known = binary(left, operator, right)
  if (known) return known
  return left.kind === 'unknown' ? left : right.kind === 'unknown' ? right : py.unknown(node, `"${operator}" is not evaluated here`)
}

export function mapEither(py: Interpreter, value: Value & { kind: 'either' }, change: (option: Value) => Value, node: SyntaxNode): Value {
  return either(value.dependsOn, value.options.map(change), py.unknown(node, `depends on ${value.dependsOn}`))
}
