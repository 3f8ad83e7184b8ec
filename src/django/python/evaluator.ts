import type { SyntaxNode } from '@lezer/common'
import { callBuiltin, callMethod, referenceValue } from './builtins.js'
import { decodeString, parseNumber, unescape } from './literals.js'
import { childrenOf, lineAt, type ParsedFile } from './parse.js'
import { Scope } from './scope.js'
import { boolean, type Call, equal, lookUp, NONE, string, truth, type Unknown, type Value } from './value.js'

/** What the outside world answers: the environment and other modules. */
export interface Host {
  env: Readonly<Record<string, string | undefined>>
  /** The names of another module, or null when it is not one of the project's files. */
  importModule(dotted: string, from: string): Scope | null
  /** `from . import x` and friends: the dotted name of a relative import. */
  resolveRelative(level: number, dotted: string, from: string): string | null
  /** `sys.path.insert(0, folder)` */
  addPath?(folder: string): void
  /** `os.environ.setdefault(name, value)` */
  setEnvironment?(name: string, value: string): void
}

/** A hostile or huge file ends with `unknown`, never with a hang. */
const MAX_STEPS = 400_000
const MAX_DEPTH = 60
const MAX_OPTIONS = 8

/** Evaluates the literal subset of Python that settings and migrations are written in. Runs nothing. */
export class Evaluator {
  readonly #file: ParsedFile
  readonly #host: Host
  #steps = 0
  #depth = 0

  constructor(file: ParsedFile, host: Host) {
    this.#file = file
    this.#host = host
  }

  /** Runs the module's statements in order. */
  run(scope: Scope): Scope {
    scope.set('__file__', string(this.#file.file))
    this.#block(childrenOf(this.#file.tree.topNode), scope)
    return scope
  }

  // --- statements -----------------------------------------------------------------------------------------------------

  /** @returns the value of a `return`, undefined when the block runs to its end */
  #block(statements: SyntaxNode[], scope: Scope): Value | undefined {
    for (const statement of statements) {
      if (++this.#steps > MAX_STEPS) return this.#unknown(statement, 'the file takes too long to evaluate')
      const returned = this.#statement(statement, scope)
      if (returned) return returned
    }
    return undefined
  }

  #statement(node: SyntaxNode, scope: Scope): Value | undefined {
    switch (node.name) {
      case 'StatementGroup':
        return this.#block(childrenOf(node), scope)
      case 'ImportStatement':
        this.#import(node, scope)
        return undefined
      case 'AssignStatement':
        this.#assign(node, scope)
        return undefined
      case 'UpdateStatement':
        this.#update(node, scope)
        return undefined
      case 'ExpressionStatement':
        if (node.firstChild) this.#expressionStatement(node.firstChild, scope)
        return undefined
      case 'IfStatement':
        return this.#if(node, scope)
      case 'TryStatement':
        return this.#try(node, scope)
      case 'ForStatement':
        this.#for(node, scope)
        return undefined
      case 'WithStatement':
      case 'WhileStatement':
        this.#forget(node, scope, `it is set inside a ${node.name === 'WithStatement' ? 'with' : 'while'} block`)
        return undefined
      case 'DeleteStatement':
        this.#delete(node, scope)
        return undefined
      case 'FunctionDefinition':
      case 'ClassDefinition':
        this.#define(node, scope)
        return undefined
      case 'DecoratedStatement': {
        const inner = childrenOf(node).find((child) => child.name === 'FunctionDefinition' || child.name === 'ClassDefinition')
        if (inner) this.#define(inner, scope)
        return undefined
      }
      case 'ReturnStatement': {
        const value = childrenOf(node)[1]
        return value ? this.expression(value, scope) : NONE
      }
      default:
        return undefined
    }
  }

  #import(node: SyntaxNode, scope: Scope): void {
    const parts = childrenOf(node)
    if (parts[0]?.name !== 'from') {
      for (const clause of splitByComma(parts.slice(1))) {
        const [path, alias] = splitAlias(clause.map((part) => this.#text(part)))
        const dotted = path.join('')
        if (alias) scope.set(alias, { kind: 'reference', name: dotted })
        else scope.set(dotted.split('.')[0] as string, { kind: 'reference', name: dotted.split('.')[0] as string })
      }
      return
    }
    const at = parts.findIndex((part) => part.name === 'import')
    const source = parts.slice(1, at).map((part) => this.#text(part)).join('')
    const level = /^\.*/.exec(source)?.[0].length ?? 0
    const module = level > 0 ? this.#host.resolveRelative(level, source.slice(level), this.#file.file) : source
    const names = parts.slice(at + 1).filter((part) => part.name !== '(' && part.name !== ')')
    if (names[0]?.name === '*') {
      const star = module === null ? null : this.#host.importModule(module, this.#file.file)
      if (star) for (const [name, value] of star.names) if (!name.startsWith('_')) scope.set(name, value)
      if (!star) scope.set(`*${module ?? source}`, this.#unknown(node, `"from ${source} import *" was not found`))
      return
    }
    for (const clause of splitByComma(names)) {
      const [path, alias] = splitAlias(clause.map((part) => this.#text(part)))
      const name = path.join('')
      const imported = module === null ? null : this.#host.importModule(module, this.#file.file)
      scope.set(alias ?? name, imported?.names.get(name) ?? { kind: 'reference', name: `${module ?? source}.${name}` })
    }
  }

  #assign(node: SyntaxNode, scope: Scope): void {
    const parts = childrenOf(node)
    const operators = parts.flatMap((part, index) => (part.name === 'AssignOp' ? [index] : []))
    const lastOperator = operators.at(-1)
    // A bare annotation assigns nothing.
    if (lastOperator === undefined) return
    const value = this.#commaList(parts.slice(lastOperator + 1), scope)
    let from = 0
    for (const operator of operators) {
      this.#bind(
        parts.slice(from, operator).filter((part) => part.name !== 'TypeDef'),
        value,
        scope,
      )
      from = operator + 1
    }
  }

  #bind(targets: SyntaxNode[], value: Value, scope: Scope): void {
    const names = targets.filter((target) => target.name !== ',')
    if (names.length === 1 && targets.length === 1) return this.#bindOne(names[0] as SyntaxNode, value, scope)
    names.forEach((target, index) => {
      const item = 'items' in value && value.items.length === names.length ? value.items[index] : undefined
      this.#bindOne(target, item ?? this.#unknown(target, 'it is unpacked from something that cannot be read'), scope)
    })
  }

  #bindOne(target: SyntaxNode, value: Value, scope: Scope): void {
    if (target.name === 'VariableName') scope.set(this.#text(target), value)
    else if (target.name === 'MemberExpression') this.#setMember(target, value, scope)
    else if (target.name === 'TupleExpression' || target.name === 'ArrayExpression' || target.name === 'ParenthesizedExpression')
      this.#bind(
        childrenOf(target).filter((part) => !'()[]'.includes(part.name)),
        value,
        scope,
      )
  }

  /** `D["x"]["y"] = v`: values are immutable, so the whole chain is rebuilt up to the variable. */
  #setMember(target: SyntaxNode, value: Value, scope: Scope): void {
    const [object, bracket, index] = childrenOf(target)
    if (!object || !bracket || !index || bracket.name !== '[') return
    const container = this.expression(object, scope)
    const key = this.expression(index, scope)
    let changed: Value = this.#unknown(target, 'it is changed in a way that cannot be read')
    if (container.kind === 'dict') {
      const kept = container.entries.filter(([name]) => equal(name, key) !== true)
      changed = { kind: 'dict', entries: [...kept, [key, value]] }
    } else if (container.kind === 'list' && key.kind === 'number')
      changed = { kind: 'list', items: container.items.map((item, at) => (at === key.value ? value : item)) }
    else if (container.kind === 'reference' && container.name === 'os.environ') return
    this.#bindOne(object, changed, scope)
  }

  #update(node: SyntaxNode, scope: Scope): void {
    const [target, operator, ...rest] = childrenOf(node)
    if (!target || !operator) return
    const value = this.#binary(this.expression(target, scope), this.#text(operator).slice(0, -1), this.#commaList(rest, scope), node)
    this.#bindOne(target, value, scope)
  }

  /** `INSTALLED_APPS.append("x")`, `sys.path.insert(0, x)`, `os.environ.setdefault(…)`. */
  #expressionStatement(node: SyntaxNode, scope: Scope): void {
    if (node.name !== 'CallExpression') {
      if (node.name === 'AwaitExpression' || node.name === 'NamedExpression') this.expression(node, scope)
      return
    }
    const [callee, argumentList] = childrenOf(node)
    if (callee?.name !== 'MemberExpression' || !argumentList) return
    const [object, , property] = childrenOf(callee)
    if (!object || property?.name !== 'PropertyName') return
    const method = this.#text(property)
    const { args } = this.#arguments(argumentList, scope)
    const container = this.expression(object, scope)
    if (container.kind === 'reference') return this.#sideEffect(container.name, method, args)
    const changed = mutate(container, method, args)
    if (changed === 'nothing') return
    this.#bindOne(object, changed ?? this.#unknown(node, `.${method}() with something that cannot be read`), scope)
  }

  #sideEffect(name: string, method: string, args: Value[]): void {
    const folder = args.at(-1)
    if (name === 'sys.path' && (method === 'insert' || method === 'append') && (folder?.kind === 'string' || folder?.kind === 'path'))
      this.#host.addPath?.(folder.value)
    const [variable, value] = args
    if (name === 'os.environ' && method === 'setdefault' && variable?.kind === 'string' && value?.kind === 'string')
      this.#host.setEnvironment?.(variable.value, value.value)
  }

  #if(node: SyntaxNode, scope: Scope): Value | undefined {
    const parts = childrenOf(node)
    const branches: { condition: SyntaxNode | null; body: SyntaxNode }[] = []
    for (let index = 0; index < parts.length; index++) {
      const word = parts[index]?.name
      if (word === 'if' || word === 'elif') branches.push({ condition: parts[index + 1] as SyntaxNode, body: parts[index + 2] as SyntaxNode })
      else if (word === 'else') branches.push({ condition: null, body: parts[index + 1] as SyntaxNode })
    }
    return this.#branches(branches, scope)
  }

  #branches(branches: { condition: SyntaxNode | null; body: SyntaxNode }[], scope: Scope): Value | undefined {
    const [first, ...rest] = branches
    if (!first?.body) return undefined
    if (first.condition === null) return this.#block(bodyOf(first.body), scope)
    const decided = truth(this.expression(first.condition, scope))
    if (decided === true) return this.#block(bodyOf(first.body), scope)
    if (decided === false) return this.#branches(rest, scope)
    const [yes, no] = [scope.copy(), scope.copy()]
    const returnedYes = this.#block(bodyOf(first.body), yes)
    const returnedNo = this.#branches(rest, no)
    const dependsOn = this.#text(first.condition)
    this.#merge(scope, yes, no, dependsOn, first.condition)
    if (returnedYes || returnedNo) return either(dependsOn, [returnedYes ?? NONE, returnedNo ?? NONE], this.#unknown(first.condition, `depends on ${dependsOn}`))
    return undefined
  }

  #merge(scope: Scope, left: Scope, right: Scope, dependsOn: string, node: SyntaxNode): void {
    for (const name of new Set([...left.names.keys(), ...right.names.keys()])) {
      const [a, b] = [left.names.get(name), right.names.get(name)]
      if (a === b && a) scope.set(name, a)
      else if (a && b) scope.set(name, either(dependsOn, [a, b], this.#unknown(node, `depends on ${dependsOn}`)))
      else scope.set(name, either(dependsOn, [(a ?? b) as Value, this.#unknown(node, `is set only if ${dependsOn}`)], this.#unknown(node, `depends on ${dependsOn}`)))
    }
  }

  #try(node: SyntaxNode, scope: Scope): Value | undefined {
    const parts = childrenOf(node)
    const body = parts.find((part) => part.name === 'Body')
    if (!body) return undefined
    const before = scope.copy()
    const returned = this.#block(bodyOf(body), scope)
    // An import that is not there is what `try: from .local import *` is written for: the handler runs instead.
    const missing = [...scope.names.keys()].filter((name) => name.startsWith('*') && !before.names.has(name))
    if (missing.length === 0) return returned
    scope.replaceWith(before)
    const handler = parts.findIndex((part) => part.name === 'except')
    const handlerBody = parts.slice(handler).find((part) => part.name === 'Body')
    return handler >= 0 && handlerBody ? this.#block(bodyOf(handlerBody), scope) : returned
  }

  #for(node: SyntaxNode, scope: Scope): void {
    const parts = childrenOf(node)
    const inAt = parts.findIndex((part) => part.name === 'in')
    const body = parts.find((part) => part.name === 'Body')
    const iterable = parts[inAt + 1] ? this.expression(parts[inAt + 1] as SyntaxNode, scope) : undefined
    if (!body || !iterable || !('items' in iterable) || iterable.items.length > 500) return this.#forget(node, scope, 'it is set inside a loop that cannot be followed')
    for (const item of iterable.items) {
      this.#bind(parts.slice(1, inAt), item, scope)
      this.#block(bodyOf(body), scope)
    }
  }

  /** Whatever a block that cannot be followed may assign is unknown afterwards. */
  #forget(node: SyntaxNode, scope: Scope, reason: string): void {
    node.toTree().iterate({
      enter: (inner) => {
        if (inner.name !== 'AssignStatement' && inner.name !== 'UpdateStatement' && inner.name !== 'ExpressionStatement') return
        let target = inner.node.firstChild
        while (target && target.name !== 'VariableName') target = target.firstChild
        if (!target) return
        const name = this.#file.source.slice(node.from + target.from, node.from + target.to)
        if (inner.name !== 'ExpressionStatement' || scope.names.has(name)) scope.set(name, this.#unknown(node, reason))
      },
    })
  }

  #delete(node: SyntaxNode, scope: Scope): void {
    for (const target of childrenOf(node).slice(1)) {
      if (target.name === 'VariableName') scope.names.delete(this.#text(target))
      if (target.name !== 'MemberExpression') continue
      const [object, bracket, index] = childrenOf(target)
      if (!object || !index || bracket?.name !== '[') continue
      const container = this.expression(object, scope)
      const key = this.expression(index, scope)
      if (container.kind === 'list' && key.kind === 'number') {
        const at = key.value < 0 ? container.items.length + key.value : key.value
        this.#bindOne(object, { kind: 'list', items: container.items.filter((_item, position) => position !== at) }, scope)
      } else if (container.kind === 'dict') this.#bindOne(object, { kind: 'dict', entries: container.entries.filter(([name]) => equal(name, key) !== true) }, scope)
      else this.#bindOne(object, this.#unknown(target, 'a part of it is deleted'), scope)
    }
  }

  #define(node: SyntaxNode, scope: Scope): void {
    const parts = childrenOf(node)
    const name = parts.find((part) => part.name === 'VariableName')
    if (!name) return
    if (node.name === 'FunctionDefinition') {
      scope.set(this.#text(name), { kind: 'function', name: this.#text(name), node, scope, source: this.#file.source })
      return
    }
    const bases = parts.find((part) => part.name === 'ArgList')
    const body = parts.find((part) => part.name === 'Body')
    // A class body sees the module, and functions inside it do not see the class; close enough for attributes.
    const inner = new Scope(scope)
    if (body) this.#block(bodyOf(body), inner)
    scope.set(this.#text(name), {
      kind: 'class',
      name: this.#text(name),
      bases: bases ? this.#arguments(bases, scope).args : [],
      scope: inner,
      line: this.#line(node),
    })
  }

  // --- expressions ----------------------------------------------------------------------------------------------------

  expression(node: SyntaxNode, scope: Scope): Value {
    if (++this.#steps > MAX_STEPS || this.#depth > MAX_DEPTH) return this.#unknown(node, 'it is nested too deeply')
    this.#depth++
    try {
      return this.#expression(node, scope)
    } finally {
      this.#depth--
    }
  }

  #expression(node: SyntaxNode, scope: Scope): Value {
    switch (node.name) {
      case 'String': {
        const literal = decodeString(this.#text(node))
        return literal ? { kind: literal.bytes ? 'bytes' : 'string', value: literal.value } : this.#unknown(node, 'it is not a plain string')
      }
      case 'ContinuedString': {
        const parts = childrenOf(node).map((part) => this.expression(part, scope))
        const [first] = parts
        if (parts.every((part) => part.kind === 'string') || parts.every((part) => part.kind === 'bytes'))
          return { kind: first?.kind as 'string' | 'bytes', value: parts.map((part) => (part as { value: string }).value).join('') }
        return parts.find((part) => part.kind !== 'string' && part.kind !== 'bytes') ?? this.#unknown(node, 'it joins text and bytes')
      }
      case 'FormatString':
        return this.#formatString(node, scope)
      case 'Number': {
        const value = parseNumber(this.#text(node))
        return value === null ? this.#unknown(node, 'it is not a plain number') : { kind: 'number', value }
      }
      case 'Boolean':
        return boolean(this.#text(node) === 'True')
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
        if (name) scope.set(this.#text(name), result)
        return result
      }
      case 'LambdaExpression':
        return { kind: 'function', name: '<lambda>', node, scope, source: this.#file.source }
      case 'ArrayComprehensionExpression':
        return this.#comprehension(node, scope)
      default:
        return this.#unknown(node, `${node.name} is not evaluated`)
    }
  }

  #variable(node: SyntaxNode, scope: Scope): Value {
    const name = this.#text(node)
    const value = scope.get(name)
    if (value) return value
    const star = findStar(scope)
    if (star) return { ...star, line: this.#line(node), reason: `${name} may come from a module that was not found` }
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
      else return this.#unknown(part, 'it spreads something that cannot be read')
    }
    return { kind, items }
  }

  /** `1, 2` without parentheses is a tuple. */
  #commaList(parts: SyntaxNode[], scope: Scope): Value {
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
        if (spread.kind !== 'dict') return this.#unknown(part, 'it spreads something that cannot be read')
        entries.push(...spread.entries)
        continue
      }
      const value = parts[index + 2]
      if (parts[index + 1]?.name !== ':' || !value) return this.#unknown(node, 'it is not a plain dict')
      entries.push([this.expression(part, scope), this.expression(value, scope)])
      index += 2
    }
    return { kind: 'dict', entries }
  }

  #member(node: SyntaxNode, scope: Scope): Value {
    const [objectNode, mark, ...rest] = childrenOf(node)
    if (!objectNode || !mark) return this.#unknown(node, 'it cannot be read')
    const object = this.expression(objectNode, scope)
    if (mark.name === '.') return this.#attribute(object, this.#text(rest[0] as SyntaxNode), node)
    const inside = rest.slice(0, -1)
    if (inside.some((part) => part.name === ':')) return this.#slice(object, inside, scope, node)
    return this.#subscript(object, this.#commaList(inside, scope), node)
  }

  #attribute(object: Value, name: string, node: SyntaxNode): Value {
    if (object.kind === 'reference') return referenceValue(`${object.name}.${name}`, this.#host) ?? { kind: 'reference', name: `${object.name}.${name}` }
    if (object.kind === 'path') {
      const known = callMethod(object, `.${name}`, [], new Map())
      if (known) return known
    }
    if (object.kind === 'class') return object.scope.names.get(name) ?? this.#unknown(node, `${object.name}.${name} is inherited or not set`)
    if (object.kind === 'either') return this.#mapEither(object, (option) => this.#attribute(option, name, node), node)
    if (object.kind === 'unknown') return object
    return this.#unknown(node, `.${name} is not evaluated`)
  }

  #subscript(object: Value, key: Value, node: SyntaxNode): Value {
    if (object.kind === 'either') return this.#mapEither(object, (option) => this.#subscript(option, key, node), node)
    if (object.kind === 'dict' && key.kind === 'string') return lookUp(object, key.value) ?? this.#unknown(node, `there is no key "${key.value}"`)
    if ('items' in object && key.kind === 'number') return object.items.at(key.value) ?? this.#unknown(node, 'the index is out of range')
    if (object.kind === 'string' && key.kind === 'number') return string(object.value.at(key.value) ?? '')
    if (object.kind === 'path') {
      const parents = callMethod(object, '.parents', [], new Map())
      if (parents && key.kind === 'number') return parents
    }
    if (object.kind === 'reference' && object.name === 'os.environ' && key.kind === 'string') {
      const value = this.#host.env[key.value]
      return value === undefined ? this.#unknown(node, `the environment has no ${key.value}`) : string(value)
    }
    if (object.kind === 'unknown') return object
    return this.#unknown(node, 'this subscript is not evaluated')
  }

  #slice(object: Value, parts: SyntaxNode[], scope: Scope, node: SyntaxNode): Value {
    const bounds: (Value | undefined)[] = [undefined]
    for (const part of parts) {
      if (part.name === ':') bounds.push(undefined)
      else bounds[bounds.length - 1] = this.expression(part, scope)
    }
    const numbers = bounds.slice(0, 2).map((bound) => (bound?.kind === 'number' ? bound.value : bound === undefined ? undefined : null))
    if (numbers.includes(null) || bounds.length > 2) return this.#unknown(node, 'this slice is not evaluated')
    const [from, to] = numbers as (number | undefined)[]
    if ('items' in object) return { ...object, items: object.items.slice(from ?? 0, to) }
    if (object.kind === 'string') return string(object.value.slice(from ?? 0, to))
    return this.#unknown(node, 'this slice is not evaluated')
  }

  #conditional(node: SyntaxNode, scope: Scope): Value {
    const [yes, , condition, , no] = childrenOf(node)
    if (!yes || !condition || !no) return this.#unknown(node, 'it cannot be read')
    const decided = truth(this.expression(condition, scope))
    if (decided !== undefined) return this.expression(decided ? yes : no, scope)
    const dependsOn = this.#text(condition)
    return either(dependsOn, [this.expression(yes, scope), this.expression(no, scope)], this.#unknown(node, `depends on ${dependsOn}`))
  }

  #unary(node: SyntaxNode, scope: Scope): Value {
    const [operator, operand] = childrenOf(node)
    if (!operator || !operand) return this.#unknown(node, 'it cannot be read')
    const value = this.expression(operand, scope)
    if (operator.name === 'not') {
      const decided = truth(value)
      return decided === undefined ? this.#unknown(node, `depends on ${this.#text(operand)}`) : boolean(!decided)
    }
    if (value.kind === 'number') return { kind: 'number', value: this.#text(operator) === '-' ? -value.value : value.value }
    return this.#unknown(node, 'it is not a plain number')
  }

  #binaryNode(node: SyntaxNode, scope: Scope): Value {
    const parts = childrenOf(node)
    const [leftNode, rightNode] = [parts[0], parts.at(-1)]
    if (!leftNode || !rightNode) return this.#unknown(node, 'it cannot be read')
    const operator = parts.slice(1, -1).map((part) => this.#text(part)).join(' ')
    const left = this.expression(leftNode, scope)
    if (operator === 'and' || operator === 'or') {
      const decided = truth(left)
      if (decided === undefined) return either(this.#text(leftNode), [left, this.expression(rightNode, scope)], this.#unknown(node, `depends on ${this.#text(leftNode)}`))
      return decided === (operator === 'or') ? left : this.expression(rightNode, scope)
    }
    return this.#binary(left, operator, this.expression(rightNode, scope), node)
  }

  #binary(left: Value, operator: string, right: Value, node: SyntaxNode): Value {
    if (left.kind === 'either') return this.#mapEither(left, (option) => this.#binary(option, operator, right, node), node)
    if (right.kind === 'either') return this.#mapEither(right, (option) => this.#binary(left, operator, option, node), node)
    const known = binary(left, operator, right)
    if (known) return known
    return left.kind === 'unknown' ? left : right.kind === 'unknown' ? right : this.#unknown(node, `"${operator}" is not evaluated here`)
  }

  #comprehension(node: SyntaxNode, scope: Scope): Value {
    const parts = childrenOf(node).slice(1, -1)
    const at = (word: string) => parts.findIndex((part) => part.name === word)
    const [forAt, inAt, ifAt] = [at('for'), at('in'), at('if')]
    const iterable = parts[inAt + 1] ? this.expression(parts[inAt + 1] as SyntaxNode, scope) : undefined
    if (forAt !== 1 || !iterable || !('items' in iterable) || parts.filter((part) => part.name === 'for').length > 1) return this.#unknown(node, 'this comprehension is not evaluated')
    const items: Value[] = []
    for (const item of iterable.items) {
      const inner = new Scope(scope)
      this.#bind(parts.slice(forAt + 1, inAt), item, inner)
      const keep = ifAt < 0 ? true : truth(this.expression(parts[ifAt + 1] as SyntaxNode, inner))
      if (keep === undefined) return this.#unknown(node, 'this comprehension depends on something unknown')
      if (keep) items.push(this.expression(parts[0] as SyntaxNode, inner))
    }
    return { kind: 'list', items }
  }

  #formatString(node: SyntaxNode, scope: Scope): Value {
    const text = this.#text(node)
    const opening = /^([a-zA-Z]*)("""|'''|"|')/.exec(text)
    if (!opening) return this.#unknown(node, 'it is not a plain string')
    let result = ''
    let at = node.from + opening[0].length
    const end = node.to - (opening[2] as string).length
    const plain = (to: number) => unescape(this.#file.source.slice(at, to).replaceAll('{{', '{').replaceAll('}}', '}'))
    for (const part of childrenOf(node)) {
      if (part.name !== 'FormatReplacement') continue
      result += plain(part.from)
      const inner = childrenOf(part)
      const value = inner[1] && inner.length === 3 ? this.expression(inner[1], scope) : undefined
      if (value?.kind === 'string' || value?.kind === 'path' || value?.kind === 'number') result += String(value.value)
      else return value?.kind === 'unknown' ? value : this.#unknown(node, 'it formats something that cannot be read')
      at = part.to
    }
    return string(result + plain(end))
  }

  #call(node: SyntaxNode, scope: Scope): Value {
    const [calleeNode, argumentList] = childrenOf(node)
    if (!calleeNode || !argumentList) return this.#unknown(node, 'it cannot be read')
    const { args, keywords } = this.#arguments(argumentList, scope)
    if (calleeNode.name === 'MemberExpression') {
      const [objectNode, mark, property] = childrenOf(calleeNode)
      if (objectNode && mark?.name === '.' && property) {
        const object = this.expression(objectNode, scope)
        const result = callMethod(object, this.#text(property), args, keywords)
        if (result) return result
        if (object.kind === 'unknown') return object
      }
    }
    const callee = this.expression(calleeNode, scope)
    if (callee.kind === 'function') return this.#callFunction(callee, args, keywords, node)
    if (callee.kind === 'reference') {
      const result = callBuiltin(callee.name, args, keywords, this.#host)
      if (result) return result
    }
    const name = callee.kind === 'reference' ? callee.name : callee.kind === 'class' ? callee.name : this.#text(calleeNode)
    const call: Call = { kind: 'call', callee: name, args, keywords, line: this.#line(node) }
    return call
  }

  /** A local helper whose arguments are known: its body is evaluated like everything else. */
  #callFunction(callee: Value & { kind: 'function' }, args: Value[], keywords: Map<string, Value>, node: SyntaxNode): Value {
    if (this.#depth > 20) return this.#unknown(node, 'it calls itself too deeply')
    if (callee.source !== this.#file.source || callee.node.name === 'LambdaExpression') return this.#unknown(node, `the function ${callee.name} is not evaluated`)
    const parts = childrenOf(callee.node)
    const parameters = parts.find((part) => part.name === 'ParamList')
    const body = parts.find((part) => part.name === 'Body')
    if (!parameters || !body || parts[0]?.name !== 'def') return this.#unknown(node, `the function ${callee.name} is not evaluated`)
    const inner = new Scope(callee.scope)
    splitByComma(childrenOf(parameters).slice(1, -1)).forEach((parameter, index) => {
      const plain = parameter.filter((part) => part.name !== 'TypeDef')
      const name = this.#text(plain[0] as SyntaxNode)
      const fallback = plain[1]?.name === 'AssignOp' && plain[2] ? this.expression(plain[2], callee.scope) : this.#unknown(node, `${name} was not given`)
      inner.set(name, args[index] ?? keywords.get(name) ?? fallback)
    })
    return this.#block(bodyOf(body), inner) ?? NONE
  }

  #arguments(node: SyntaxNode, scope: Scope): { args: Value[]; keywords: Map<string, Value> } {
    const args: Value[] = []
    const keywords = new Map<string, Value>()
    for (const argument of splitByComma(childrenOf(node).slice(1, -1))) {
      const [first, second, third] = argument
      if (!first) continue
      if (first.name === '*' && second) {
        const spread = this.expression(second, scope)
        if ('items' in spread) args.push(...spread.items)
        else args.push(this.#unknown(first, 'it spreads something that cannot be read'))
      } else if (first.name === '**' && second) {
        const spread = this.expression(second, scope)
        if (spread.kind === 'dict') for (const [name, value] of spread.entries) if (name.kind === 'string') keywords.set(name.value, value)
      } else if (second?.name === 'AssignOp' && third) keywords.set(this.#text(first), this.expression(third, scope))
      else args.push(this.expression(first, scope))
    }
    return { args, keywords }
  }

  #mapEither(value: Value & { kind: 'either' }, change: (option: Value) => Value, node: SyntaxNode): Value {
    return either(value.dependsOn, value.options.map(change), this.#unknown(node, `depends on ${value.dependsOn}`))
  }

  #text(node: SyntaxNode): string {
    return this.#file.source.slice(node.from, node.to)
  }

  #line(node: SyntaxNode): number {
    return lineAt(this.#file.source, node.from)
  }

  #unknown(node: SyntaxNode, reason: string): Unknown {
    return { kind: 'unknown', reason, file: this.#file.file, line: this.#line(node) }
  }
}

function either(dependsOn: string, options: Value[], tooMany: Unknown): Value {
  const flat = options.flatMap((option) => (option.kind === 'either' ? option.options : [option]))
  if (flat.length > MAX_OPTIONS) return tooMany
  return { kind: 'either', dependsOn, options: flat }
}

function binary(left: Value, operator: string, right: Value): Value | undefined {
  if (operator === '==' || operator === '!=' || operator === 'is' || operator === 'is not') {
    const same = equal(left, right)
    return same === undefined ? undefined : boolean(same === (operator === '==' || operator === 'is'))
  }
  if (operator === 'in' || operator === 'not in') {
    const found = contains(right, left)
    return found === undefined ? undefined : boolean(found === (operator === 'in'))
  }
  if (left.kind === 'number' && right.kind === 'number') {
    const result = arithmetic(left.value, operator, right.value)
    if (result !== undefined) return result
  }
  if (operator === '+' && 'items' in left && 'items' in right && left.kind === right.kind) return { kind: left.kind, items: [...left.items, ...right.items] }
  // `INSTALLED_APPS += ("x",)` works on a list with any iterable; `list + tuple` does not, but nobody ships settings that raise.
  if (operator === '+' && 'items' in left && 'items' in right) return { kind: left.kind, items: [...left.items, ...right.items] }
  if (operator === '+' && left.kind === 'string' && right.kind === 'string') return string(left.value + right.value)
  if (operator === '*' && 'items' in left && right.kind === 'number' && right.value < 1000) return { kind: left.kind, items: Array(Math.max(0, right.value)).fill(left.items).flat() }
  if (operator === '/' && left.kind === 'path' && (right.kind === 'string' || right.kind === 'path')) return callMethod(left, 'joinpath', [right], new Map())
  if (operator === '|' && left.kind === 'dict' && right.kind === 'dict') return { kind: 'dict', entries: [...left.entries, ...right.entries] }
  if (operator === '%' && left.kind === 'string') return percent(left.value, right)
  return undefined
}

function arithmetic(left: number, operator: string, right: number): Value | undefined {
  switch (operator) {
    case '+':
      return { kind: 'number', value: left + right }
    case '-':
      return { kind: 'number', value: left - right }
    case '*':
      return { kind: 'number', value: left * right }
    case '<':
      return boolean(left < right)
    case '<=':
      return boolean(left <= right)
    case '>':
      return boolean(left > right)
    case '>=':
      return boolean(left >= right)
    default:
      return undefined
  }
}

function contains(container: Value, item: Value): boolean | undefined {
  if (container.kind === 'string' && item.kind === 'string') return container.value.includes(item.value)
  const members = 'items' in container ? container.items : container.kind === 'dict' ? container.entries.map(([name]) => name) : undefined
  if (!members) return undefined
  const parts = members.map((member) => equal(member, item))
  return parts.includes(true) ? true : parts.includes(undefined) ? undefined : false
}

function percent(format: string, value: Value): Value | undefined {
  const items = value.kind === 'tuple' ? [...value.items] : [value]
  let complete = true
  const text = format.replace(/%([sd%])/g, (_all, kind: string) => {
    if (kind === '%') return '%'
    const item = items.shift()
    if (item?.kind === 'string' || item?.kind === 'number' || item?.kind === 'path') return String(item.value)
    complete = false
    return ''
  })
  return complete ? string(text) : undefined
}

/** @returns the changed container, `nothing` when the call changes nothing, undefined when it cannot be followed */
function mutate(container: Value, method: string, args: Value[]): Value | 'nothing' | undefined {
  const [first, second] = args
  if (container.kind === 'list') {
    if (method === 'append' && first) return { kind: 'list', items: [...container.items, first] }
    if (method === 'extend' && first && 'items' in first) return { kind: 'list', items: [...container.items, ...first.items] }
    if (method === 'insert' && first?.kind === 'number' && second) return { kind: 'list', items: container.items.toSpliced(first.value, 0, second) }
    if (method === 'remove' && first) {
      const at = container.items.findIndex((item) => equal(item, first))
      return { kind: 'list', items: container.items.filter((_item, index) => index !== at) }
    }
  }
  if (container.kind === 'dict') {
    if (method === 'update' && first?.kind === 'dict') return { kind: 'dict', entries: [...container.entries, ...first.entries] }
    if (method === 'setdefault' && first?.kind === 'string') return lookUp(container, first.value) ? 'nothing' : { kind: 'dict', entries: [...container.entries, [first, second ?? NONE]] }
    if (method === 'pop' && first) return { kind: 'dict', entries: container.entries.filter(([name]) => equal(name, first) !== true) }
  }
  if (container.kind === 'either') return undefined
  return ['append', 'extend', 'insert', 'remove', 'update', 'setdefault', 'pop', 'clear', 'add'].includes(method) ? undefined : 'nothing'
}

function findStar(scope: Scope | undefined): Unknown | undefined {
  for (let current = scope; current; current = current.parent)
    for (const [name, value] of current.names) if (name.startsWith('*') && value.kind === 'unknown') return value
  return undefined
}

function bodyOf(node: SyntaxNode): SyntaxNode[] {
  return childrenOf(node).filter((child) => child.name !== ':')
}

function splitByComma(nodes: SyntaxNode[]): SyntaxNode[][] {
  const groups: SyntaxNode[][] = [[]]
  for (const node of nodes) {
    if (node.name === ',') groups.push([])
    else groups.at(-1)?.push(node)
  }
  return groups.filter((group) => group.length > 0)
}

/** ["a", ".", "b", "as", "c"] to [["a", ".", "b"], "c"]. */
function splitAlias(words: string[]): [path: string[], alias: string | undefined] {
  const at = words.indexOf('as')
  return at < 0 ? [words, undefined] : [words.slice(0, at), words[at + 1]]
}
