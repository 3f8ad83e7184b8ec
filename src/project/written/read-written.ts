import { payLook, payValues } from '../../python/budget.js'
import { resolutionOrder } from '../../python/evaluate/class-attribute.js'
import type { Call, ClassValue, Value } from '../../python/evaluate/value.js'
import type { Written, WrittenCall } from './types.js'

type Resolve = (value: Value) => Value

const DEEPEST = 20

/** Methods in which a class of fields sets what a migration does not give (django/db/models/fields/__init__.py). */
const SETTERS = ['__init__', '__new__', 'get_attname', 'get_attname_column', 'set_attributes_from_name', 'contribute_to_class']

export function readWritten(value: Value, resolve: Resolve, depth = 0): Written {
  payValues(1)
  if (depth > DEEPEST) return { kind: 'unknown', reason: 'it is nested too deeply' }
  const inner = (one: Value) => readWritten(one, resolve, depth + 1)
  const known = value.kind === 'reference' ? resolve(value) : value
  switch (known.kind) {
    case 'string':
    case 'path':
      return { kind: 'text', value: known.value }
    case 'number':
    case 'boolean':
      return { kind: known.kind, value: known.value } as Written
    case 'none':
      return known
    case 'list':
    case 'tuple':
    case 'set':
      return { kind: 'list', items: known.items.map(inner) }
    case 'dict':
      return { kind: 'dict', entries: known.entries.map(([key, entry]) => [inner(key), inner(entry)] as const) }
    case 'reference':
    case 'function':
    case 'module':
      return { kind: 'name', name: known.name }
    case 'class':
      return { kind: 'class', name: value.kind === 'reference' ? value.name : known.name, bases: basesOf(known, resolve) }
    case 'call':
      return known.worth ? inner(known.worth) : (collection(known, inner) ?? call(known, inner, resolve))
    case 'names':
      return { kind: 'unknown', reason: 'it is the names of a module' }
    case 'bytes':
      return { kind: 'unknown', reason: 'it is bytes' }
    case 'either':
      return { kind: 'unknown', reason: `it depends on ${known.dependsOn}` }
    case 'unknown':
      return { kind: 'unknown', reason: known.reason }
  }
}

/** `set()`, `list((…))`: what migrations write for an empty set. */
function collection({ callee, args, keywords, target }: Call, inner: (one: Value) => Written): Written | undefined {
  if (target || keywords.size > 0 || !/^(builtins\.)?(set|frozenset|list|tuple)$/.test(callee)) return undefined
  const [first] = args
  if (!first) return { kind: 'list', items: [] }
  const written = inner(first)
  return args.length === 1 && written.kind === 'list' ? written : undefined
}

function call({ callee, target, args, keywords }: Call, inner: (one: Value) => Written, resolve: Resolve): WrittenCall {
  const spread = args.findIndex((one) => one.kind === 'unknown' && one.isSpread)
  const bases = target?.kind === 'class' ? basesOf(target, resolve) : []
  return {
    kind: 'call',
    callee,
    bases,
    args: (spread < 0 ? args : args.slice(0, spread)).map(inner),
    keywords: new Map([...keywords].filter(([name]) => name !== '**').map(([name, one]) => [name, inner(one)])),
    isOpen: spread >= 0 || keywords.has('**'),
    sets: target?.kind === 'class' && !callee.startsWith('django.') ? namesSet(target, resolve) : [],
  }
}

function basesOf(owner: ClassValue, resolve: Resolve): string[] {
  return resolutionOrder({ resolve }, owner)
    .slice(1)
    .map((one) => (typeof one === 'string' ? one : one.name))
}

/** Names and texts in the methods by which a class of its own changes what it is given. */
function namesSet(owner: ClassValue, resolve: Resolve): string[] {
  const found = new Set<string>()
  for (const ancestor of resolutionOrder({ resolve }, owner)) {
    if (typeof ancestor === 'string') continue
    for (const method of SETTERS) {
      const written = ancestor.scope.names.get(method)
      if (written?.kind !== 'function') continue
      const { node, file } = written
      const cursor = node.cursor()
      do {
        payLook(20)
        if (cursor.from >= node.to && cursor.name !== node.name) break
        const text = /^(VariableName|PropertyName|String)$/.test(cursor.name) ? file.source.slice(cursor.from, cursor.to) : ''
        if (text) found.add(text.replace(/^[a-zA-Z]*(["'])(.*)\1$/s, '$2'))
      } while (cursor.next() && cursor.from < node.to)
    }
  }
  return [...found]
}
