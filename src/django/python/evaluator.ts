import type { SyntaxNode } from '@lezer/common'
import { Expressions, MAX_STEPS } from './expressions.js'
import { mutate, replaceEverywhere } from './mutations.js'
import { assignedIn, bodyOf, splitAlias, splitByComma } from './nodes.js'
import { either } from './operators.js'
import { childrenOf } from './parse.js'
import { equal, NONE, Scope, string, truth, type Value } from './value.js'

/** Evaluates the literal subset of Python that settings and migrations are written in. Runs nothing. */
export class Evaluator extends Expressions {
  /** Set by an import that would fail; `try` asks for it. */
  private missingImport = false

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
      case 'MatchStatement':
        this.#forget(node, scope, 'it is set inside a block that cannot be followed')
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
        if (inner) this.#define(inner, scope, true)
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
        const top = dotted.split('.')[0] as string
        if (!this.host.mayImport(dotted)) this.missingImport = true
        if (alias) scope.set(alias, this.#module(dotted) ?? { kind: 'reference', name: dotted })
        else scope.set(top, { kind: 'reference', name: top })
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
    if (module !== null && !this.host.mayImport(module)) this.missingImport = true
    const names = parts.slice(at + 1).filter((part) => part.name !== '(' && part.name !== ')')
    const imported = module === null ? null : this.host.importModule(module, this.file.file)
    if (names[0]?.name === '*') {
      if (imported) for (const [name, value] of imported.names) if (!name.startsWith('_')) scope.set(name, value)
      if (!imported && !this.missingImport) this.#forgetAll(node, scope, `"from ${source} import *" was not found`)
      if (!imported) scope.set(`*${module ?? source}`, this.unknown(node, `"from ${source} import *" was not found`))
      return
    }
    for (const clause of splitByComma(names)) {
      const [path, alias] = splitAlias(clause.map((part) => this.text(part)))
      const name = path.join('')
      const dotted = [module ?? source, name].filter(Boolean).join('.')
      scope.set(alias ?? name, imported?.names.get(name) ?? this.#module(dotted) ?? { kind: 'reference', name: dotted })
    }
  }

  #module(dotted: string): Value | null {
    const scope = this.host.importModule(dotted, this.file.file)
    return scope && { kind: 'module', name: dotted, scope }
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

  /** `D["x"]["y"] = v`: values are immutable, so whatever holds the old container gets the changed one. */
  #setMember(target: SyntaxNode, value: Value, scope: Scope): void {
    const [object, mark, index] = childrenOf(target)
    if (!object || !mark || !index) return
    const container = this.expression(object, scope)
    if (mark.name === '.') {
      if (container.kind === 'class' || container.kind === 'module') container.scope.set(this.text(index), value)
      return
    }
    const key = this.expression(index, scope)
    if (container.kind === 'reference' && container.name === 'os.environ') {
      if (key.kind === 'string' && value.kind === 'string') this.host.setEnvironment?.(key.value, value.value)
      return
    }
    if (container.kind === 'call') return this.#forgetAll(target, scope, `${container.callee}() may change it`)
    let changed: Value = this.unknown(target, 'it is changed in a way that cannot be read')
    if (container.kind === 'dict') {
      const kept = container.entries.filter(([name]) => equal(name, key) !== true)
      changed = { kind: 'dict', entries: [...kept, [key, value]] }
    } else if (container.kind === 'list' && key.kind === 'number')
      changed = { kind: 'list', items: container.items.map((item, at) => (at === key.value ? value : item)) }
    this.#change(object, container, changed, scope)
  }

  /** Other names may hold the same object: in Python they would see the change. */
  #change(target: SyntaxNode, container: Value, changed: Value, scope: Scope): void {
    if (!replaceEverywhere(scope, container, changed)) this.#bindOne(target, changed, scope)
  }

  /** After `exec`, `globals()` and the like any name may have any value. */
  #forgetAll(node: SyntaxNode, scope: Scope, reason: string): void {
    for (let current: Scope | undefined = scope; current; current = current.parent)
      for (const [name, value] of current.names) if (/^[A-Z]/.test(name) && value.kind !== 'class') current.names.set(name, this.unknown(node, reason))
    scope.set('*exec', this.unknown(node, reason))
  }

  #update(node: SyntaxNode, scope: Scope): void {
    const [target, operator, ...rest] = childrenOf(node)
    if (!target || !operator) return
    const before = this.expression(target, scope)
    const value = this.binary(before, this.text(operator).slice(0, -1), this.commaList(rest, scope), node)
    // += changes a list in place, for every name that holds it.
    if (before.kind === 'list') this.#change(target, before, value, scope)
    else this.#bindOne(target, value, scope)
  }

  /** `INSTALLED_APPS.append("x")`, `sys.path.insert(0, x)`, `os.environ.setdefault(…)`. */
  #expressionStatement(node: SyntaxNode, scope: Scope): void {
    if (node.name !== 'CallExpression') {
      if (node.name === 'AwaitExpression' || node.name === 'NamedExpression') this.expression(node, scope)
      return
    }
    const [callee, argumentList] = childrenOf(node)
    if (callee?.name === 'VariableName') {
      const name = this.text(callee)
      if (['exec', 'execfile', 'setattr', 'globals', 'vars', 'locals'].includes(name)) this.#forgetAll(node, scope, `${name}() may change it`)
      else this.expression(node, scope)
      return
    }
    if (callee?.name !== 'MemberExpression' || !argumentList) return
    const [object, , property] = childrenOf(callee)
    if (!object || property?.name !== 'PropertyName') return
    const method = this.text(property)
    const { args, keywords } = this.arguments(argumentList, scope)
    const container = this.expression(object, scope)
    if (container.kind === 'reference') return this.#sideEffect(container.name, method, args)
    if (container.kind === 'call' && ['globals', 'vars', 'locals'].includes(container.callee))
      return this.#forgetAll(node, scope, `${container.callee}() may change it`)
    const changed = mutate(container, method, args, keywords)
    if (changed === 'nothing') return
    this.#change(object, container, changed ?? this.unknown(node, `.${method}() with something that cannot be read`), scope)
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
    const outer = this.missingImport
    this.missingImport = false
    const returned = this.block(bodyOf(body), scope)
    // An import that is not there is what `try: from .local import *` is written for: the handler runs instead.
    const missing = this.missingImport
    this.missingImport = outer
    const branch = parts.findIndex((part) => part.name === (missing ? 'except' : 'else'))
    const branchBody = branch < 0 ? undefined : parts.slice(branch).find((part) => part.name === 'Body')
    if (!missing) return returned ?? (branchBody ? this.block(bodyOf(branchBody), scope) : undefined)
    scope.replaceWith(before)
    return branchBody ? this.block(bodyOf(branchBody), scope) : undefined
  }

  #for(node: SyntaxNode, scope: Scope): void {
    const parts = childrenOf(node)
    const inAt = parts.findIndex((part) => part.name === 'in')
    const body = parts.find((part) => part.name === 'Body')
    const given = parts[inAt + 1] ? this.expression(parts[inAt + 1] as SyntaxNode, scope) : undefined
    const iterable: Value | undefined = given?.kind === 'dict' ? { kind: 'list', items: given.entries.map(([key]) => key) } : given
    if (!body || !iterable || !('items' in iterable) || iterable.items.length > 500)
      return this.#forget(node, scope, 'it is set inside a loop that cannot be followed')
    for (const item of iterable.items) {
      this.bind(parts.slice(1, inAt), item, scope)
      this.block(bodyOf(body), scope)
    }
  }

  /** Whatever a block that cannot be followed may assign is unknown afterwards. */
  #forget(node: SyntaxNode, scope: Scope, reason: string): void {
    const { names, imports } = assignedIn(node, this.file.source)
    for (const name of names.filter((one) => !one.onlyChanged || scope.names.has(one.name))) scope.set(name.name, this.unknown(node, reason))
    for (const name of imports) {
      if (name === '*') this.#forgetAll(node, scope, reason)
      else scope.set(name, this.unknown(node, reason))
    }
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

  #define(node: SyntaxNode, scope: Scope, decorated = false): void {
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
      decorated,
    })
  }
}
