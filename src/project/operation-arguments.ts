import { payText, payValues } from '../python/budget.js'
import type { Call, Value } from '../python/evaluate/value.js'
import type { Argument } from './types.js'

/** Arguments of an operation as literals where they are literals, else as their source. */
export function readArguments(given: ReadonlyMap<string, Value>): Record<string, Argument> {
  return Object.fromEntries([...given].map(([name, value]) => [name, argumentOf(value, 0)]))
}

function argumentOf(value: Value, depth: number): Argument {
  payValues(1)
  switch (value.kind) {
    case 'string':
    case 'path':
    case 'number':
    case 'boolean':
      return value.value
    case 'none':
      return null
    case 'list':
    case 'tuple':
    case 'set':
      return depth > 20 ? { source: '…' } : value.items.map((item) => argumentOf(item, depth + 1))
    case 'dict':
      if (depth > 20 || value.entries.some(([key]) => key.kind !== 'string')) return { source: '{…}' }
      return { dict: Object.fromEntries(value.entries.map(([key, entry]) => [(key as { value: string }).value, argumentOf(entry, depth + 1)])) }
    case 'bytes':
      return { source: `b'${value.value}'` }
    case 'reference':
      return { source: value.name }
    case 'function':
    case 'class':
    case 'module':
      return { source: value.name }
    case 'names':
      return { source: 'globals()' }
    case 'call':
      return { source: sourceOf(value) }
    case 'either':
      return { source: `(depends on ${value.dependsOn})` }
    case 'unknown':
      return { source: `(unknown: ${value.reason})` }
  }
}

function sourceOf({ file, node }: Call): string {
  payText(node.to - node.from)
  return file.source.slice(node.from, node.to)
}
