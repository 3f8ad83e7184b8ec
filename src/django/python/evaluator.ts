import type { SyntaxNode } from '@lezer/common'
import { Expressions, MAX_STEPS } from './expressions.js'
import { mutate } from './mutations.js'
import { bodyOf, splitAlias, splitByComma } from './nodes.js'
import { either } from './operators.js'
import { childrenOf } from './parse.js'
import { equal, NONE, Scope, string, truth, type Value } from './value.js'

/** Evaluates the literal subset of Python that settings and migrations are written in. Runs nothing. */
export class Evaluator extends Expressions {
  /** Runs the module's statements in order. */
  run(scope: Scope): Scope {
    scope.set('__file__', string(this.file.file))
    this.block(childrenOf(this.file.tree.topNode), scope)
    return scope
  }

  // --- statements -----------------------------------------------------------------------------------------------------

  /** @returns the value of a `return`, undefined when the block runs to its end */
  protected override block(statements: SyntaxNode[], scope: Scope): Value | undefined {
    for (const statement of statements) {
      if (++this.steps > MAX_STEPS) return this.unknown(statement, 'the file takes too long to evaluate')
      const returned = this.#statement(statement, scope)
      if (returned) return returned
    }
    return undefined
  }

  #statement(node: SyntaxNode, scope: Scope): Value | undefined {
    switch (node.name) {
      case 'StatementGroup':
        return this.block(childrenOf(node), scope)
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
        const [path, alias] = splitAlias(clause.map((part) => this.text(part)))
        const dotted = path.join('')
        if (alias) scope.set(alias, { kind: 'reference', name: dotted })
        else scope.set(dotted.split('.')[0] as string, { kind: 'reference', name: dotted.split('.')[0] as string })
      }
      return
    }
    const at = parts.findIndex((part) => part.name === 'import')
    const source = parts
      .slice(1, at)
      .map((part) => this.text(part))
      .join('')
    const level = /^\.*/.exec(source)?.[0].length ?? 0
    const module = level > 0 ? this.host.resolveRelative(level, source.slice(level), this.file.file) : source
    const names = parts.slice(at + 1).filter((part) => part.name !== '(' && part.name !== ')')
    if (names[0]?.name === '*') {
      const star = module === null ? null : this.host.importModule(module, this.file.file)
      if (star) for (const [name, value] of star.names) if (!name.startsWith('_')) scope.set(name, value)
      if (!star) scope.set(`*${module ?? source}`, this.unknown(node, `"from ${source} import *" was not found`))
      return
    }
    for (const clause of splitByComma(names)) {
      const [path, alias] = splitAlias(clause.map((part) => this.text(part)))
      const name = path.join('')
      const imported = module === null ? null : this.host.importModule(module, this.file.file)
      scope.set(alias ?? name, imported?.names.get(name) ?? { kind: 'reference', name: `${module ?? source}.${name}` })
    }
  }

  #assign(node: SyntaxNode, scope: Scope): void {
    const parts = childrenOf(node)
    const operators = parts.flatMap((part, index) => (part.name === 'AssignOp' ? [index] : []))
    const lastOperator = operators.at(-1)
    // A bare annotation assigns nothing.
    if (lastOperator === undefined) return
    const value = this.commaList(parts.slice(lastOperator + 1), scope)
    let from = 0
    for (const operator of operators) {
      this.bind(
        parts.slice(from, operator).filter((part) => part.name !== 'TypeDef'),
        value,
        scope,
      )
      from = operator + 1
    }
  }

  protected override bind(targets: SyntaxNode[], value: Value, scope: Scope): void {
    const names = targets.filter((target) => target.name !== ',')
    if (names.length === 1 && targets.length === 1) return this.#bindOne(names[0] as SyntaxNode, value, scope)
    names.forEach((target, index) => {
      const item = 'items' in value && value.items.length === names.length ? value.items[index] : undefined
      this.#bindOne(target, item ?? this.unknown(target, 'it is unpacked from something that cannot be read'), scope)
    })
  }

  #bindOne(target: SyntaxNode, value: Value, scope: Scope): void {
    if (target.name === 'VariableName') scope.set(this.text(target), value)
    else if (target.name === 'MemberExpression') this.#setMember(target, value, scope)
    else if (target.name === 'TupleExpression' || target.name === 'ArrayExpression' || target.name === 'ParenthesizedExpression')
      this.bind(
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
    let changed: Value = this.unknown(target, 'it is changed in a way that cannot be read')
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
    const value = this.binary(this.expression(target, scope), this.text(operator).slice(0, -1), this.commaList(rest, scope), node)
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
    const method = this.text(property)
    const { args } = this.arguments(argumentList, scope)
    const container = this.expression(object, scope)
    if (container.kind === 'reference') return this.#sideEffect(container.name, method, args)
    const changed = mutate(container, method, args)
    if (changed === 'nothing') return
    this.#bindOne(object, changed ?? this.unknown(node, `.${method}() with something that cannot be read`), scope)
  }

  #sideEffect(name: string, method: string, args: Value[]): void {
    const folder = args.at(-1)
    if (name === 'sys.path' && (method === 'insert' || method === 'append') && (folder?.kind === 'string' || folder?.kind === 'path'))
      this.host.addPath?.(folder.value)
    const [variable, value] = args
    if (name === 'os.environ' && method === 'setdefault' && variable?.kind === 'string' && value?.kind === 'string')
      this.host.setEnvironment?.(variable.value, value.value)
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
    if (first.condition === null) return this.block(bodyOf(first.body), scope)
    const decided = truth(this.expression(first.condition, scope))
    if (decided === true) return this.block(bodyOf(first.body), scope)
    if (decided === false) return this.#branches(rest, scope)
    const [yes, no] = [scope.copy(), scope.copy()]
    const returnedYes = this.block(bodyOf(first.body), yes)
    const returnedNo = this.#branches(rest, no)
    const dependsOn = this.text(first.condition)
    this.#merge(scope, yes, no, dependsOn, first.condition)
    if (returnedYes || returnedNo) return either(dependsOn, [returnedYes ?? NONE, returnedNo ?? NONE], this.unknown(first.condition, `depends on ${dependsOn}`))
    return undefined
  }

  #merge(scope: Scope, left: Scope, right: Scope, dependsOn: string, node: SyntaxNode): void {
    for (const name of new Set([...left.names.keys(), ...right.names.keys()])) {
      const [a, b] = [left.names.get(name), right.names.get(name)]
      if (a === b && a) scope.set(name, a)
      else if (a && b) scope.set(name, either(dependsOn, [a, b], this.unknown(node, `depends on ${dependsOn}`)))
      else
        scope.set(
          name,
          either(dependsOn, [(a ?? b) as Value, this.unknown(node, `is set only if ${dependsOn}`)], this.unknown(node, `depends on ${dependsOn}`)),
        )
    }
  }

  #try(node: SyntaxNode, scope: Scope): Value | undefined {
    const parts = childrenOf(node)
    const body = parts.find((part) => part.name === 'Body')
    if (!body) return undefined
    const before = scope.copy()
    const returned = this.block(bodyOf(body), scope)
    // An import that is not there is what `try: from .local import *` is written for: the handler runs instead.
    const missing = [...scope.names.keys()].filter((name) => name.startsWith('*') && !before.names.has(name))
    if (missing.length === 0) return returned
    scope.replaceWith(before)
    const handler = parts.findIndex((part) => part.name === 'except')
    const handlerBody = parts.slice(handler).find((part) => part.name === 'Body')
    return handler >= 0 && handlerBody ? this.block(bodyOf(handlerBody), scope) : returned
  }

  #for(node: SyntaxNode, scope: Scope): void {
    const parts = childrenOf(node)
    const inAt = parts.findIndex((part) => part.name === 'in')
    const body = parts.find((part) => part.name === 'Body')
    const iterable = parts[inAt + 1] ? this.expression(parts[inAt + 1] as SyntaxNode, scope) : undefined
    if (!body || !iterable || !('items' in iterable) || iterable.items.length > 500)
      return this.#forget(node, scope, 'it is set inside a loop that cannot be followed')
    for (const item of iterable.items) {
      this.bind(parts.slice(1, inAt), item, scope)
      this.block(bodyOf(body), scope)
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
        const name = this.file.source.slice(node.from + target.from, node.from + target.to)
        if (inner.name !== 'ExpressionStatement' || scope.names.has(name)) scope.set(name, this.unknown(node, reason))
      },
    })
  }

  #delete(node: SyntaxNode, scope: Scope): void {
    for (const target of childrenOf(node).slice(1)) {
      if (target.name === 'VariableName') scope.names.delete(this.text(target))
      if (target.name !== 'MemberExpression') continue
      const [object, bracket, index] = childrenOf(target)
      if (!object || !index || bracket?.name !== '[') continue
      const container = this.expression(object, scope)
      const key = this.expression(index, scope)
      if (container.kind === 'list' && key.kind === 'number') {
        const at = key.value < 0 ? container.items.length + key.value : key.value
        this.#bindOne(object, { kind: 'list', items: container.items.filter((_item, position) => position !== at) }, scope)
      } else if (container.kind === 'dict')
        this.#bindOne(object, { kind: 'dict', entries: container.entries.filter(([name]) => equal(name, key) !== true) }, scope)
      else this.#bindOne(object, this.unknown(target, 'a part of it is deleted'), scope)
    }
  }

  #define(node: SyntaxNode, scope: Scope): void {
    const parts = childrenOf(node)
    const name = parts.find((part) => part.name === 'VariableName')
    if (!name) return
    if (node.name === 'FunctionDefinition') {
      scope.set(this.text(name), { kind: 'function', name: this.text(name), node, scope, source: this.file.source })
      return
    }
    const bases = parts.find((part) => part.name === 'ArgList')
    const body = parts.find((part) => part.name === 'Body')
    // A class body sees the module, and functions inside it do not see the class; close enough for attributes.
    const inner = new Scope(scope)
    if (body) this.block(bodyOf(body), inner)
    scope.set(this.text(name), {
      kind: 'class',
      name: this.text(name),
      bases: bases ? this.arguments(bases, scope).args : [],
      scope: inner,
      line: this.line(node),
    })
  }
}
