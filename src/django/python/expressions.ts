import type { SyntaxNode } from '@lezer/common'
import { callBuiltin, callMethod, referenceValue } from './builtins.js'
import type { Host } from './host.js'
import { decodeString, parseNumber, unescape } from './literals.js'
import { bodyOf, splitByComma } from './nodes.js'
import { binary, either } from './operators.js'
import { childrenOf, lineAt, type ParsedFile } from './parse.js'
import { boolean, type Call, lookUp, NONE, Scope, string, truth, type Unknown, type Value } from './value.js'

/** A hostile or huge file ends with `unknown`, never with a hang. */
export const MAX_STEPS = 400_000
const MAX_DEPTH = 60

/** Evaluates expressions to three-valued values; statements are the subclass's. */
export abstract class Expressions {
  protected readonly file: ParsedFile
  protected readonly host: Host
  protected steps = 0
  protected depth = 0

  constructor(file: ParsedFile, host: Host) {
    this.file = file
    this.host = host
  }

  /** @returns the value of a `return`, undefined when the block runs to its end */
  protected abstract block(statements: SyntaxNode[], scope: Scope): Value | undefined
  protected abstract bind(targets: SyntaxNode[], value: Value, scope: Scope): void

  expression(node: SyntaxNode, scope: Scope): Value {
    if (++this.steps > MAX_STEPS || this.depth > MAX_DEPTH) return this.unknown(node, 'it is nested too deeply')
    this.depth++
    try {
      return this.#expression(node, scope)
    } finally {
      this.depth--
    }
  }

  #expression(node: SyntaxNode, scope: Scope): Value {
    switch (node.name) {
      case 'String': {
        const literal = decodeString(this.text(node))
        return literal ? { kind: literal.bytes ? 'bytes' : 'string', value: literal.value } : this.unknown(node, 'it is not a plain string')
      }
      case 'ContinuedString': {
        const parts = childrenOf(node).map((part) => this.expression(part, scope))
        const [first] = parts
        if (parts.every((part) => part.kind === 'string') || parts.every((part) => part.kind === 'bytes'))
          return { kind: first?.kind as 'string' | 'bytes', value: parts.map((part) => (part as { value: string }).value).join('') }
        return parts.find((part) => part.kind !== 'string' && part.kind !== 'bytes') ?? this.unknown(node, 'it joins text and bytes')
      }
      case 'FormatString':
        return this.#formatString(node, scope)
      case 'Number': {
        const value = parseNumber(this.text(node))
        return value === null ? this.unknown(node, 'it is not a plain number') : { kind: 'number', value }
      }
      case 'Boolean':
        return boolean(this.text(node) === 'True')
      case 'None':
        return NONE
      case 'VariableName':
        return this.#variable(node, scope)
      case 'ParenthesizedExpression':
        return this.expression(childrenOf(node)[1] ?? node, scope)
      case 'ArrayExpression':
        return this.#items('list', node, scope)
      case 'TupleExpression':
        return this.#items('tuple', node, scope)
      case 'SetExpression':
        return this.#items('set', node, scope)
      case 'DictionaryExpression':
        return this.#dictionary(node, scope)
      case 'MemberExpression':
        return this.#member(node, scope)
      case 'CallExpression':
        return this.#call(node, scope)
      case 'ConditionalExpression':
        return this.#conditional(node, scope)
      case 'UnaryExpression':
        return this.#unary(node, scope)
      case 'BinaryExpression':
        return this.#binaryNode(node, scope)
      case 'NamedExpression': {
        const [name, , value] = childrenOf(node)
        const result = value ? this.expression(value, scope) : NONE
        if (name) scope.set(this.text(name), result)
        return result
      }
      case 'LambdaExpression':
        return { kind: 'function', name: '<lambda>', node, scope, source: this.file.source }
      case 'ArrayComprehensionExpression':
        return this.#comprehension(node, scope)
      default:
        return this.unknown(node, `${node.name} is not evaluated`)
    }
  }

  #variable(node: SyntaxNode, scope: Scope): Value {
    const name = this.text(node)
    const value = scope.get(name)
    if (value) return value
    const star = findStar(scope)
    if (star) return { ...star, line: this.line(node), reason: `${name} may come from a module that was not found` }
    return { kind: 'reference', name }
  }

  #items(kind: 'list' | 'tuple' | 'set', node: SyntaxNode, scope: Scope): Value {
    const inner = childrenOf(node).slice(1, -1)
    return this.#collect(kind, inner, scope)
  }

  #collect(kind: 'list' | 'tuple' | 'set', parts: SyntaxNode[], scope: Scope): Value {
    const items: Value[] = []
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as SyntaxNode
      if (part.name === ',') continue
      if (part.name !== '*') {
        items.push(this.expression(part, scope))
        continue
      }
      const spread = this.expression(parts[++index] as SyntaxNode, scope)
      if ('items' in spread) items.push(...spread.items)
      else if (spread.kind === 'either') items.push({ ...spread })
      else return this.unknown(part, 'it spreads something that cannot be read')
    }
    return { kind, items }
  }

  /** `1, 2` without parentheses is a tuple. */
  protected commaList(parts: SyntaxNode[], scope: Scope): Value {
    if (parts.length === 1) return this.expression(parts[0] as SyntaxNode, scope)
    if (parts.length === 0) return NONE
    return this.#collect('tuple', parts, scope)
  }

  #dictionary(node: SyntaxNode, scope: Scope): Value {
    const entries: [Value, Value][] = []
    const parts = childrenOf(node).slice(1, -1)
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as SyntaxNode
      if (part.name === ',') continue
      if (part.name === '**') {
        const spread = this.expression(parts[++index] as SyntaxNode, scope)
        if (spread.kind !== 'dict') return this.unknown(part, 'it spreads something that cannot be read')
        entries.push(...spread.entries)
        continue
      }
      const value = parts[index + 2]
      if (parts[index + 1]?.name !== ':' || !value) return this.unknown(node, 'it is not a plain dict')
      entries.push([this.expression(part, scope), this.expression(value, scope)])
      index += 2
    }
    return { kind: 'dict', entries }
  }

  #member(node: SyntaxNode, scope: Scope): Value {
    const [objectNode, mark, ...rest] = childrenOf(node)
    if (!objectNode || !mark) return this.unknown(node, 'it cannot be read')
    const object = this.expression(objectNode, scope)
    if (mark.name === '.') return this.#attribute(object, this.text(rest[0] as SyntaxNode), node)
    const inside = rest.slice(0, -1)
    if (inside.some((part) => part.name === ':')) return this.#slice(object, inside, scope, node)
    return this.#subscript(object, this.commaList(inside, scope), node)
  }

  #attribute(object: Value, name: string, node: SyntaxNode): Value {
    if (object.kind === 'reference') return referenceValue(`${object.name}.${name}`, this.host) ?? { kind: 'reference', name: `${object.name}.${name}` }
    if (object.kind === 'path') {
      const known = callMethod(object, `.${name}`, [], new Map())
      if (known) return known
    }
    if (object.kind === 'module') return object.scope.names.get(name) ?? this.unknown(node, `${object.name} has no ${name}`)
    if (object.kind === 'class') return object.scope.names.get(name) ?? this.unknown(node, `${object.name}.${name} is inherited or not set`)
    if (object.kind === 'either') return this.mapEither(object, (option) => this.#attribute(option, name, node), node)
    if (object.kind === 'unknown') return object
    return this.unknown(node, `.${name} is not evaluated`)
  }

  #subscript(object: Value, key: Value, node: SyntaxNode): Value {
    if (object.kind === 'either') return this.mapEither(object, (option) => this.#subscript(option, key, node), node)
    if (object.kind === 'dict' && key.kind === 'string') return lookUp(object, key.value) ?? this.unknown(node, `there is no key "${key.value}"`)
    if ('items' in object && key.kind === 'number') return object.items.at(key.value) ?? this.unknown(node, 'the index is out of range')
    if (object.kind === 'string' && key.kind === 'number') return string(object.value.at(key.value) ?? '')
    if (object.kind === 'path') {
      const parents = callMethod(object, '.parents', [], new Map())
      if (parents && key.kind === 'number') return parents
    }
    if (object.kind === 'reference' && object.name === 'os.environ' && key.kind === 'string') {
      const value = this.host.env[key.value]
      return value === undefined ? this.unknown(node, `the environment has no ${key.value}`) : string(value)
    }
    if (object.kind === 'unknown') return object
    return this.unknown(node, 'this subscript is not evaluated')
  }

  #slice(object: Value, parts: SyntaxNode[], scope: Scope, node: SyntaxNode): Value {
    const bounds: (Value | undefined)[] = [undefined]
    for (const part of parts) {
      if (part.name === ':') bounds.push(undefined)
      else bounds[bounds.length - 1] = this.expression(part, scope)
    }
    const numbers = bounds.slice(0, 2).map((bound) => (bound?.kind === 'number' ? bound.value : bound === undefined ? undefined : null))
    if (numbers.includes(null) || bounds.length > 2) return this.unknown(node, 'this slice is not evaluated')
    const [from, to] = numbers as (number | undefined)[]
    if ('items' in object) return { ...object, items: object.items.slice(from ?? 0, to) }
    if (object.kind === 'string') return string(object.value.slice(from ?? 0, to))
    return this.unknown(node, 'this slice is not evaluated')
  }

  #conditional(node: SyntaxNode, scope: Scope): Value {
    const [yes, , condition, , no] = childrenOf(node)
    if (!yes || !condition || !no) return this.unknown(node, 'it cannot be read')
    const decided = truth(this.expression(condition, scope))
    if (decided !== undefined) return this.expression(decided ? yes : no, scope)
    const dependsOn = this.text(condition)
    return either(dependsOn, [this.expression(yes, scope), this.expression(no, scope)], this.unknown(node, `depends on ${dependsOn}`))
  }

  #unary(node: SyntaxNode, scope: Scope): Value {
    const [operator, operand] = childrenOf(node)
    if (!operator || !operand) return this.unknown(node, 'it cannot be read')
    const value = this.expression(operand, scope)
    if (operator.name === 'not') {
      const decided = truth(value)
      return decided === undefined ? this.unknown(node, `depends on ${this.text(operand)}`) : boolean(!decided)
    }
    if (value.kind === 'number') return { kind: 'number', value: this.text(operator) === '-' ? -value.value : value.value }
    return this.unknown(node, 'it is not a plain number')
  }

  #binaryNode(node: SyntaxNode, scope: Scope): Value {
    const parts = childrenOf(node)
    const [leftNode, rightNode] = [parts[0], parts.at(-1)]
    if (!leftNode || !rightNode) return this.unknown(node, 'it cannot be read')
    const operator = parts
      .slice(1, -1)
      .map((part) => this.text(part))
      .join(' ')
    const left = this.expression(leftNode, scope)
    if (operator === 'and' || operator === 'or') {
      const decided = truth(left)
      if (decided === undefined)
        return either(this.text(leftNode), [left, this.expression(rightNode, scope)], this.unknown(node, `depends on ${this.text(leftNode)}`))
      return decided === (operator === 'or') ? left : this.expression(rightNode, scope)
    }
    return this.binary(left, operator, this.expression(rightNode, scope), node)
  }

  protected binary(left: Value, operator: string, right: Value, node: SyntaxNode): Value {
    if (left.kind === 'either') return this.mapEither(left, (option) => this.binary(option, operator, right, node), node)
    if (right.kind === 'either') return this.mapEither(right, (option) => this.binary(left, operator, option, node), node)
    const known = binary(left, operator, right)
    if (known) return known
    return left.kind === 'unknown' ? left : right.kind === 'unknown' ? right : this.unknown(node, `"${operator}" is not evaluated here`)
  }

  #comprehension(node: SyntaxNode, scope: Scope): Value {
    const parts = childrenOf(node).slice(1, -1)
    const at = (word: string) => parts.findIndex((part) => part.name === word)
    const [forAt, inAt, ifAt] = [at('for'), at('in'), at('if')]
    const iterable = parts[inAt + 1] ? this.expression(parts[inAt + 1] as SyntaxNode, scope) : undefined
    if (forAt !== 1 || !iterable || !('items' in iterable) || parts.filter((part) => part.name === 'for').length > 1)
      return this.unknown(node, 'this comprehension is not evaluated')
    const items: Value[] = []
    for (const item of iterable.items) {
      const inner = new Scope(scope)
      this.bind(parts.slice(forAt + 1, inAt), item, inner)
      const keep = ifAt < 0 ? true : truth(this.expression(parts[ifAt + 1] as SyntaxNode, inner))
      if (keep === undefined) return this.unknown(node, 'this comprehension depends on something unknown')
      if (keep) items.push(this.expression(parts[0] as SyntaxNode, inner))
    }
    return { kind: 'list', items }
  }

  #formatString(node: SyntaxNode, scope: Scope): Value {
    const text = this.text(node)
    const opening = /^([a-zA-Z]*)("""|'''|"|')/.exec(text)
    if (!opening) return this.unknown(node, 'it is not a plain string')
    let result = ''
    let at = node.from + opening[0].length
    const end = node.to - (opening[2] as string).length
    const plain = (to: number) => unescape(this.file.source.slice(at, to).replaceAll('{{', '{').replaceAll('}}', '}'))
    for (const part of childrenOf(node)) {
      if (part.name !== 'FormatReplacement') continue
      result += plain(part.from)
      const inner = childrenOf(part)
      const value = inner[1] && (inner.length === 3 || inner[2]?.name === 'FormatConversion') ? this.expression(inner[1], scope) : undefined
      if (value?.kind === 'string' || value?.kind === 'path' || value?.kind === 'number') result += String(value.value)
      else return value?.kind === 'unknown' ? value : this.unknown(node, 'it formats something that cannot be read')
      at = part.to
    }
    return string(result + plain(end))
  }

  #call(node: SyntaxNode, scope: Scope): Value {
    const [calleeNode, argumentList] = childrenOf(node)
    if (!calleeNode || !argumentList) return this.unknown(node, 'it cannot be read')
    const { args, keywords } = this.arguments(argumentList, scope)
    if (calleeNode.name === 'MemberExpression') {
      const [objectNode, mark, property] = childrenOf(calleeNode)
      if (objectNode && mark?.name === '.' && property) {
        const object = this.expression(objectNode, scope)
        const result = callMethod(object, this.text(property), args, keywords)
        if (result) return result
        if (object.kind === 'unknown') return object
      }
    }
    const callee = this.expression(calleeNode, scope)
    if (callee.kind === 'function') return this.#callFunction(callee, args, keywords, node)
    if (callee.kind === 'reference') {
      const result = callBuiltin(callee.name, args, keywords, this.host)
      if (result) return result
    }
    const name = callee.kind === 'reference' ? callee.name : callee.kind === 'class' ? callee.name : this.text(calleeNode)
    const call: Call = { kind: 'call', callee: name, args, keywords, line: this.line(node) }
    return call
  }

  /** A local helper whose arguments are known: its body is evaluated like everything else. */
  #callFunction(callee: Value & { kind: 'function' }, args: Value[], keywords: Map<string, Value>, node: SyntaxNode): Value {
    if (this.depth > 20) return this.unknown(node, 'it calls itself too deeply')
    if (callee.source !== this.file.source || callee.node.name === 'LambdaExpression') return this.unknown(node, `the function ${callee.name} is not evaluated`)
    const parts = childrenOf(callee.node)
    const parameters = parts.find((part) => part.name === 'ParamList')
    const body = parts.find((part) => part.name === 'Body')
    if (!parameters || !body || parts[0]?.name !== 'def') return this.unknown(node, `the function ${callee.name} is not evaluated`)
    const inner = new Scope(callee.scope)
    splitByComma(childrenOf(parameters).slice(1, -1)).forEach((parameter, index) => {
      const plain = parameter.filter((part) => part.name !== 'TypeDef')
      const name = this.text(plain[0] as SyntaxNode)
      const fallback = plain[1]?.name === 'AssignOp' && plain[2] ? this.expression(plain[2], callee.scope) : this.unknown(node, `${name} was not given`)
      inner.set(name, args[index] ?? keywords.get(name) ?? fallback)
    })
    return this.block(bodyOf(body), inner) ?? NONE
  }

  protected arguments(node: SyntaxNode, scope: Scope): { args: Value[]; keywords: Map<string, Value> } {
    const args: Value[] = []
    const keywords = new Map<string, Value>()
    for (const argument of splitByComma(childrenOf(node).slice(1, -1))) {
      const [first, second, third] = argument
      if (!first) continue
      if (first.name === '*' && second) {
        const spread = this.expression(second, scope)
        if ('items' in spread) args.push(...spread.items)
        else args.push(this.unknown(first, 'it spreads something that cannot be read'))
      } else if (first.name === '**' && second) {
        const spread = this.expression(second, scope)
        if (spread.kind === 'dict') for (const [name, value] of spread.entries) if (name.kind === 'string') keywords.set(name.value, value)
      } else if (second?.name === 'AssignOp' && third) keywords.set(this.text(first), this.expression(third, scope))
      else args.push(this.expression(first, scope))
    }
    return { args, keywords }
  }

  protected mapEither(value: Value & { kind: 'either' }, change: (option: Value) => Value, node: SyntaxNode): Value {
    return either(value.dependsOn, value.options.map(change), this.unknown(node, `depends on ${value.dependsOn}`))
  }

  protected text(node: SyntaxNode): string {
    return this.file.source.slice(node.from, node.to)
  }

  protected line(node: SyntaxNode): number {
    return lineAt(this.file.source, node.from)
  }

  protected unknown(node: SyntaxNode, reason: string): Unknown {
    return { kind: 'unknown', reason, file: this.file.file, line: this.line(node) }
  }
}

function findStar(scope: Scope | undefined): Unknown | undefined {
  for (let current = scope; current; current = current.parent)
    for (const [name, value] of current.names) if (name.startsWith('*') && value.kind === 'unknown') return value
  return undefined
}
