import type { SyntaxNode } from '@lezer/common'
import { payLook, payScan } from '../../python/budget.js'
import { childrenOf } from '../../python/grammar/parse.js'
import { type FunctionValue, textOf, type Value } from '../../python/evaluate/value.js'
import type { ModelUse } from './facts.js'

type Known = { app: string; name: string; instance: boolean; real?: string }

/** Nothing is said of longer dotted names. */
const LONGEST_NAME = 1000

const INSERTS = new Map([
  ['create', false],
  ['bulk_create', false],
  ['acreate', false],
  ['abulk_create', false],
  ['get_or_create', true],
  ['update_or_create', true],
])
const READS = new Set(
  'all filter exclude get first last values values_list iterator count exists order_by only defer distinct annotate aggregate select_related prefetch_related in_bulk latest earliest none using select_for_update'.split(
    ' ',
  ),
)
const MAX_CALLS = 20
const VISITED = new Set(['AssignStatement', 'UpdateStatement', 'ForStatement', 'CallExpression'])

/** What a function of a migration does to models, with the functions of its file that it calls. */
export function modelUsesOf(entry: FunctionValue): { uses: ModelUse[]; realModels: { name: string; line: number }[] } {
  const uses: ModelUse[] = []
  const realModels: { name: string; line: number }[] = []
  const seen = new Set<SyntaxNode>()
  const read = (callee: FunctionValue): void => {
    if (seen.has(callee.node) || seen.size > MAX_CALLS) return
    seen.add(callee.node)
    new Reader(callee, uses, realModels, read).run()
  }
  read(entry)
  return { uses, realModels }
}

class Reader {
  readonly #function: FunctionValue
  readonly #uses: ModelUse[]
  readonly #real: { name: string; line: number }[]
  readonly #follow: (callee: FunctionValue) => void
  readonly #names = new Map<string, Known>()

  constructor(function_: FunctionValue, uses: ModelUse[], real: { name: string; line: number }[], follow: (callee: FunctionValue) => void) {
    this.#function = function_
    this.#uses = uses
    this.#real = real
    this.#follow = follow
  }

  run(): void {
    const { node } = this.#function
    const cursor = node.cursor()
    do {
      payLook(60)
      if (cursor.from >= node.to && cursor.name !== node.name) break
      // Making a node of where the cursor is takes time by its depth.
      if (VISITED.has(cursor.name)) this.#visit(cursor.node)
    } while (cursor.next() && cursor.from < node.to)
  }

  #visit(node: SyntaxNode): void {
    switch (node.name) {
      case 'AssignStatement': {
        const [target, , value] = childrenOf(node)
        if (!target || !value) return
        if (target.name === 'VariableName') {
          const known = this.#modelOf(value)
          if (known) this.#names.set(this.#text(target), known)
        } else if (target.name === 'MemberExpression') this.#setField(target, false)
        return
      }
      case 'UpdateStatement': {
        const [target] = childrenOf(node)
        if (target?.name === 'MemberExpression') this.#setField(target, true)
        return
      }
      case 'ForStatement': {
        const parts = childrenOf(node)
        const at = parts.findIndex((part) => part.name === 'in')
        const [target, source] = [parts[at - 1], parts[at + 1]]
        const known = source && this.#modelOf(source)
        if (known && target?.name === 'VariableName') this.#names.set(this.#text(target), { ...known, instance: true })
        return
      }
      case 'CallExpression':
        return this.#call(node)
      default:
    }
  }

  #call(node: SyntaxNode): void {
    const [callee, argumentList] = childrenOf(node)
    if (callee?.name === 'VariableName') {
      const target = this.#function.scope.get(this.#text(callee))
      if (target?.kind === 'function' && target.file === this.#function.file) this.#follow(target)
      return
    }
    if (callee?.name !== 'MemberExpression') return
    const [object, , property] = childrenOf(callee)
    const method = property ? this.#text(property) : ''
    const model = object && this.#modelOf(object)
    if (!model || !argumentList) return
    const words = this.#text(argumentList)
    const fields = keywordsOf(argumentList, (one) => this.#text(one)).map((name) => name.split('__')[0] as string)
    const use = (kind: ModelUse['kind'], more: Partial<ModelUse> = {}) =>
      this.#uses.push({
        app: model.app,
        model: model.name.toLowerCase(),
        name: model.name,
        kind,
        guarded: false,
        accumulates: false,
        fields,
        line: this.#line(node),
        ...more,
      })
    if (model.real !== undefined && !this.#real.some((one) => one.name === model.real)) this.#real.push({ name: model.real, line: this.#line(node) })
    if (INSERTS.has(method))
      use('insert', { guarded: INSERTS.get(method) === true || /ignore_conflicts\s*=\s*True|update_conflicts\s*=\s*True/.test(words) || this.#isGuarded(node) })
    else if (method === 'save' && model.instance) use(this.#isNew(object) ? 'insert' : 'update', { guarded: this.#isNew(object) && this.#isGuarded(node) })
    else if (method === 'update') use('update', { accumulates: /\bF\(/.test(words) })
    else if (method === 'bulk_update') use('update')
    else if (method === 'delete') use('delete')
    else if (READS.has(method)) use('read')
  }

  /** `obj.field = …` on a row of a model. */
  #setField(target: SyntaxNode, fromItself: boolean): void {
    const [object, , property] = childrenOf(target)
    const model = object?.name === 'VariableName' ? this.#names.get(this.#text(object)) : undefined
    if (!model?.instance || !property) return
    const value = target.nextSibling?.nextSibling
    const again = value
      ? new RegExp(`\\b${this.#text(object as SyntaxNode)}\\.${this.#text(property)}\\b`).test(this.#text(value)) && /[-+*]/.test(this.#text(value))
      : false
    this.#uses.push({
      app: model.app,
      model: model.name.toLowerCase(),
      name: model.name,
      kind: 'update',
      guarded: false,
      accumulates: fromItself || again,
      fields: [this.#text(property)],
      line: this.#line(target),
    })
  }

  /** The model that an expression is about: `apps.get_model(…)`, a name that holds one, a chain of calls on it. */
  #modelOf(node: SyntaxNode): Known | undefined {
    if (node.name === 'VariableName') return this.#names.get(this.#text(node)) ?? this.#realModel(node)
    if (node.name === 'ParenthesizedExpression' || node.name === 'AwaitExpression') {
      const inner = childrenOf(node)[1]
      return inner && this.#modelOf(inner)
    }
    if (node.name === 'MemberExpression') {
      const [object] = childrenOf(node)
      return object && this.#modelOf(object)
    }
    if (node.name !== 'CallExpression') return undefined
    const [callee, argumentList] = childrenOf(node)
    if (!callee || !argumentList) return undefined
    const text = this.#text(callee)
    if (/(^|\.)get_(registered_)?model$/.test(text)) return this.#named(argumentList)
    const model = this.#modelOf(callee)
    if (!model) return undefined
    // `Product(…)`, `.get(…)`, `.first()` and the like give one row.
    const one = callee.name === 'VariableName' || /\.(get|first|last|create|latest|earliest)$/.test(text)
    return one ? { ...model, instance: true } : model
  }

  /** `("shop", "Product")`, `("shop.Product")`, and names of the file that hold texts. */
  #named(argumentList: SyntaxNode): Known | undefined {
    const texts = childrenOf(argumentList)
      .filter((part) => !'(),'.includes(part.name))
      .map((part) => this.#literal(part))
      .filter((text) => text !== undefined)
    const [first, second] = texts
    const [app, name] = second === undefined ? (first?.split('.') ?? []) : [first, second]
    return app && name ? { app, name, instance: false } : undefined
  }

  #literal(node: SyntaxNode): string | undefined {
    if (node.name === 'String') return /^[a-zA-Z]*(["'])([\w.]+)\1$/.exec(this.#text(node))?.[2]
    return node.name === 'VariableName' ? textOf(this.#function.scope.get(this.#text(node))) : undefined
  }

  /** An imported model: it is as the code is today, not as it was at this migration. */
  #realModel(node: SyntaxNode): Known | undefined {
    const value: Value | undefined = this.#function.scope.get(this.#text(node))
    const dotted = value?.kind === 'reference' ? value.name : undefined
    const match = dotted === undefined || dotted.length > LONGEST_NAME ? null : /(?:^|\.)(\w+)\.models(?:\.\w+)*\.([A-Z]\w*)$/.exec(dotted)
    return match && dotted !== undefined && !dotted.startsWith('django.db.models.')
      ? { app: match[1] as string, name: match[2] as string, instance: false, real: dotted }
      : undefined
  }

  /** Made by `Product(…)` and not read from the database. */
  #isNew(object: SyntaxNode | undefined): boolean {
    if (object?.name !== 'VariableName') return object?.name === 'CallExpression'
    const name = this.#text(object)
    payLook(4 * this.#names.size)
    const models = [...this.#names].filter(([, known]) => !known.instance).map(([key]) => key)
    return models.some((model) => new RegExp(`\\b${name}\\s*=\\s*${model}\\(`).test(this.#text(this.#function.node)))
  }

  /** An `if` around it that looks whether something is there. */
  #isGuarded(node: SyntaxNode): boolean {
    for (let parent = node.parent; parent && parent.from > this.#function.node.from; parent = parent.parent) {
      payLook(8)
      if (parent.name === 'IfStatement' && /\.exists\(\)|\.count\(\)|\bnot in\b|\bis None\b|\.first\(\)|\bif not\b/.test(this.#firstLine(parent))) return true
    }
    return false
  }

  #firstLine(node: SyntaxNode): string {
    const { source } = this.#function.file
    const end = source.indexOf('\n', node.from)
    payScan(end < 0 ? source.length - node.from : end - node.from)
    return source.slice(node.from, end < 0 ? node.to : Math.min(end, node.to))
  }

  #text(node: SyntaxNode): string {
    payScan(4 * (node.to - node.from))
    return this.#function.file.source.slice(node.from, node.to)
  }

  #line(node: SyntaxNode): number {
    return this.#function.file.lineAt(node.from)
  }
}

function keywordsOf(argumentList: SyntaxNode, text: (node: SyntaxNode) => string): string[] {
  const parts = childrenOf(argumentList)
  return parts.flatMap((part, index) => (part.name === 'VariableName' && parts[index + 1]?.name === 'AssignOp' ? [text(part)] : []))
}
