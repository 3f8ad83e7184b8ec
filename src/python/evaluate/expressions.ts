import type { SyntaxNode } from '@lezer/common'
import { payLook, payText } from '../budget.js'
import { follow, valueOfEither } from './branches.js'
import { evaluateCall } from './calls.js'
import { collect, comprehension, dictionary } from './collections.js'
import { yields } from './generators.js'
import type { Interpreter } from './interpreter.js'
import { operate } from './alternatives.js'
import { decodeString, parseNumber, unescape } from './literals.js'
import { member } from './members.js'
import { isLogic, logic } from './logic.js'
import { raiseUnbound } from './unbound.js'
import { childrenOf } from '../grammar/parse.js'
import { starIn } from './stars.js'
import { boolean, formatted, NONE, plainText, type Scope, string, truth, type Unknown, type Value } from './value.js'

/** One expression, by its kind of node. */
export function evaluate(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  switch (node.name) {
    case 'String': {
      payText(node.to - node.from)
      const literal = decodeString(py.text(node))
      return literal ? { kind: literal.bytes ? 'bytes' : 'string', value: literal.value } : py.unknown(node, 'it is not a plain string')
    }
    case 'ContinuedString':
      return continuedString(py, node, scope)
    case 'FormatString':
      return formatString(py, node, scope)
    case 'Number': {
      const value = parseNumber(py.text(node))
      if (value === null) return py.unknown(node, 'it is not a plain number')
      return /^[\d_]*\.|^[\d._]+[eE]/.test(py.text(node)) ? { kind: 'number', value, float: true } : { kind: 'number', value }
    }
    case 'Boolean':
      return boolean(py.text(node) === 'True')
    case 'None':
      return NONE
    case 'VariableName':
      return variable(py, node, scope)
    case 'ParenthesizedExpression':
      return py.expression(childrenOf(node)[1] ?? node, scope)
    case 'ArrayExpression':
      return collect(py, 'list', childrenOf(node).slice(1, -1), scope)
    case 'TupleExpression':
      return collect(py, 'tuple', childrenOf(node).slice(1, -1), scope)
    case 'SetExpression':
      return collect(py, 'set', childrenOf(node).slice(1, -1), scope)
    case 'DictionaryExpression':
      return dictionary(py, node, scope)
    case 'ArrayComprehensionExpression':
    case 'SetComprehensionExpression':
    case 'ComprehensionExpression':
    case 'DictionaryComprehensionExpression':
      return comprehension(py, node, scope)
    case 'MemberExpression':
      return member(py, node, scope)
    case 'CallExpression':
      return evaluateCall(py, node, scope)
    case 'ConditionalExpression':
      return conditional(py, node, scope)
    case 'UnaryExpression':
      return isLogic(py, node) ? logic(py, node, scope) : unary(py, node, scope)
    case 'BinaryExpression':
      return isLogic(py, node) ? logic(py, node, scope) : binaryExpression(py, node, scope)
    case 'NamedExpression': {
      const [name, , value] = childrenOf(node)
      const result = value ? py.expression(value, scope) : NONE
      if (name) scope.set(py.text(name), result)
      return result
    }
    case 'YieldExpression':
      return yields(py, node, scope)
    case 'LambdaExpression':
      return { kind: 'function', name: '<lambda>', node, scope, file: py.file, decorators: [] }
    default:
      return py.unknown(node, `${node.name} is not evaluated`)
  }
}

function variable(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const name = py.text(node)
  const value = scope.get(name)
  if (value) return value
  const star = findStar(scope)
  if (star && !NEVER_SHADOWED.has(name)) return { ...star, reason: `${name} may come from there: ${star.reason}` }
  raiseUnbound(py, node, name, scope)
  return { kind: 'reference', name }
}

/** Names of Python that no module gives another meaning to. */
const NEVER_SHADOWED = new Set('bool dict getattr hasattr int isinstance len list range set str tuple'.split(' '))

function findStar(scope: Scope | undefined): Unknown | undefined {
  for (let current = scope; current; current = current.parent) {
    payLook(current.names.size)
    const star = starIn(current)
    if (star) return star
  }
  return undefined
}

function continuedString(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const parts = childrenOf(node).map((part) => py.expression(part, scope))
  const [first] = parts
  if (parts.every((part) => part.kind === 'string') || parts.every((part) => part.kind === 'bytes'))
    return { kind: first?.kind as 'string' | 'bytes', value: parts.map((part) => (part as { value: string }).value).join('') }
  return parts.find((part) => part.kind !== 'string' && part.kind !== 'bytes') ?? py.unknown(node, 'it joins text and bytes')
}

const MAX_TEXT = 1_000_000

function formatString(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  payText(node.to - node.from)
  const text = py.text(node)
  const opening = /^([a-zA-Z]*)("""|'''|"|')/.exec(text)
  if (!opening) return py.unknown(node, 'it is not a plain string')
  const raw = /r/i.test(opening[1] as string)
  let result = ''
  let at = node.from + opening[0].length
  const end = node.to - (opening[2] as string).length
  const plain = (to: number) => {
    const piece = py.file.source.slice(at, to).replaceAll('{{', '{').replaceAll('}}', '}')
    return raw ? piece : unescape(piece)
  }
  for (const part of childrenOf(node)) {
    if (part.name !== 'FormatReplacement') continue
    result += plain(part.from)
    const inner = childrenOf(part)
    const spec = inner.length === 4 && inner[2]?.name === 'FormatSpec' ? py.text(inner[2]).slice(1) : undefined
    const padded = spec !== undefined && inner[1] ? formatted(py.value(inner[1], scope), spec) : undefined
    if (padded !== undefined) {
      result += padded
      at = part.to
      continue
    }
    const plainly = inner.length === 3 || (inner.length === 4 && inner[2] && py.text(inner[2]) === '!s')
    const value = inner[1] && plainly ? py.value(inner[1], scope) : undefined
    if (result.length > MAX_TEXT) return py.unknown(node, 'it is too long')
    const shown = plainText(value)
    payText(shown?.length ?? 0)
    if (shown !== undefined) result += shown
    else return value?.kind === 'unknown' ? value : py.unknown(node, 'it formats something that cannot be read')
    at = part.to
  }
  return string(result + plain(end))
}

function conditional(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const [yes, , condition, , no] = childrenOf(node)
  if (!yes || !condition || !no) return py.unknown(node, 'it cannot be read')
  const decided = truth(py.value(condition, scope))
  if (decided !== undefined) return py.expression(decided ? yes : no, scope)
  const dependsOn = py.brief(condition)
  const [left, right] = [follow(py, () => py.expression(yes, scope)), follow(py, () => py.expression(no, scope))]
  return valueOfEither(py, { scope, left, right, dependsOn, node })
}

function unary(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const [operator, operand] = childrenOf(node)
  if (!operator || !operand) return py.unknown(node, 'it cannot be read')
  const value = py.value(operand, scope)
  if (value.kind === 'number' && py.text(operator) !== '~') return { kind: 'number', value: py.text(operator) === '-' ? -value.value : value.value }
  return py.unknown(node, 'it is not a plain number')
}

function operatorOf(py: Interpreter, node: SyntaxNode): string {
  return childrenOf(node)
    .slice(1, -1)
    .map((part) => py.text(part))
    .join(' ')
}

const isComparison = (operator: string) => /^([<>]=?|[!=]=|is|is not|in|not in)$/.test(operator)

function binaryExpression(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const parts = childrenOf(node)
  const [leftNode, rightNode] = [parts[0], parts.at(-1)]
  if (!leftNode || !rightNode) return py.unknown(node, 'it cannot be read')
  const operator = operatorOf(py, node)
  // `1 < x < 10` compares twice.
  if (leftNode.name === 'BinaryExpression' && isComparison(operator) && isComparison(operatorOf(py, leftNode))) {
    const first = truth(py.value(leftNode, scope))
    const middle = childrenOf(leftNode).at(-1)
    if (first === false) return boolean(false)
    if (first === undefined || !middle) return py.unknown(node, 'this comparison is not evaluated')
    return operate(py, py.value(middle, scope), operator, py.value(rightNode, scope), node)
  }
  const left = py.value(leftNode, scope)
  if (operator === 'in' || operator === 'not in') {
    const right = py.value(rightNode, scope)
    if (right.kind === 'reference' && right.name === 'os.environ' && left.kind === 'string') {
      const doubt = py.host.variableDoubt(left.value)
      return doubt === null ? boolean((py.host.env.get(left.value) !== undefined) === (operator === 'in')) : py.unknown(node, doubt)
    }
  }
  return operate(py, left, operator, py.value(rightNode, scope), node)
}
