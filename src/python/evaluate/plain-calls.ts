import { payCopy, payText, payValues } from '../budget.js'
import { itemsOf } from './collections.js'
import { hasGap } from './floors.js'
import { distinct, merged } from './keys.js'
import { boolean, list, NONE, number, plainText, string, truth, type Value } from './value.js'

/** Functions of Python and of its packages that need nothing but their arguments. Undefined: not one of them, or not with these. */
export function callPlain(name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | undefined {
  const [first] = args
  const items = first && itemsOf(first)
  payCopy(items?.length ?? 0)
  switch (name) {
    case 'str':
    case 'six.text_type':
    case 'django.utils.encoding.force_str':
    case 'django.utils.encoding.force_text': {
      const text = args.length === 0 ? '' : plainText(first)
      if (text !== undefined) return string(text)
      return first?.kind === 'boolean' ? string(first.value ? 'True' : 'False') : undefined
    }
    case 'int':
      if (args.length > 1 || keywords.size > 0) return undefined
      if (first === undefined) return number(0)
      if (first?.kind === 'boolean') return number(first.value ? 1 : 0)
      return first?.kind === 'string' && /^\s*-?\d+\s*$/.test(first.value)
        ? number(Number(first.value))
        : first?.kind === 'number'
          ? number(Math.trunc(first.value))
          : undefined
    case 'float':
      if (first?.kind === 'string' && args.length === 1 && /^\s*-?\d+(?:\.\d+)?\s*$/.test(first.value))
        return { kind: 'number', value: Number(first.value), float: true }
      return first?.kind === 'number' ? first : undefined
    case 'bool': {
      const decided = first ? truth(first) : false
      return decided === undefined ? undefined : boolean(decided)
    }
    case 'list':
    case 'tuple':
    case 'set':
    case 'frozenset': {
      const kind = name === 'frozenset' ? 'set' : name
      return first === undefined ? { kind, items: [] } : items && { kind, items: kind === 'set' ? distinct(items) : items }
    }
    case 'collections.OrderedDict':
    case 'dict': {
      const base = first === undefined ? [] : first.kind === 'dict' ? first.entries : pairsOf(items)
      return (
        base && {
          kind: 'dict',
          entries: merged(
            base,
            [...keywords].map(([key, value]): [Value, Value] => [string(key), value]),
          ),
        }
      )
    }
    case 'dict.fromkeys':
    case 'collections.OrderedDict.fromkeys':
      return items && { kind: 'dict', entries: distinct(items).map((key) => [key, args[1] ?? NONE]) }
    case 'len':
      if (items && hasGap(items)) return undefined
      return first?.kind === 'string' ? number(first.value.length) : items && number(items.length)
    case 'range': {
      const [from, to, step] = args.length === 1 ? [number(0), first, number(1)] : [first, args[1], args[2] ?? number(1)]
      if (from?.kind !== 'number' || to?.kind !== 'number' || step?.kind !== 'number' || step.value === 0) return undefined
      const count = Math.max(0, Math.ceil((to.value - from.value) / step.value))
      if (!(count <= MOST_OF_RANGE)) return undefined
      payValues(count)
      return list(Array.from({ length: count }, (_unused, index) => number(from.value + index * step.value)))
    }
    case 'reversed':
      return items && list([...items].reverse())
    case 'enumerate': {
      if (items && hasGap(items)) return undefined
      const start = args[1] ?? keywords.get('start') ?? number(0)
      if (start.kind !== 'number') return undefined
      payValues(2 * (items?.length ?? 0))
      return items && list(items.map((item, index) => ({ kind: 'tuple', items: [number(start.value + index), item] })))
    }
    case 'zip': {
      const lists = args.map(itemsOf)
      if (lists.some((one) => one === undefined || hasGap(one))) return undefined
      const length = lists.reduce((least, one) => Math.min(least, one?.length ?? 0), lists[0]?.length ?? 0)
      payValues(length * (lists.length + 1))
      return list(
        Array.from({ length: lists.length > 0 ? length : 0 }, (_unused, index) => ({ kind: 'tuple', items: lists.map((one) => one?.[index] as Value) })),
      )
    }
    case 'itertools.chain': {
      const all = flattened(args.map(itemsOf))
      return all && list(all)
    }
    case 'itertools.chain.from_iterable': {
      const all = items && flattened(items.map(itemsOf))
      return all && list(all)
    }
    case 'distutils.version.LooseVersion':
    case 'looseversion.LooseVersion':
    case 'packaging.version.Version':
    case 'packaging.version.parse':
    case 'pkg_resources.parse_version':
      if (first?.kind === 'string') payText(8 * first.value.length)
      return first?.kind === 'string' && /^\d+(\.\d+)*$/.test(first.value)
        ? { kind: 'tuple', items: first.value.split('.').map((part) => number(Number(part))) }
        : undefined
    case 'any':
    case 'all': {
      const truths = items?.map(truth)
      if (!truths || truths.includes(undefined)) return undefined
      return boolean(name === 'any' ? truths.includes(true) : !truths.includes(false))
    }
    default:
      return undefined
  }
}

/** A longer range is not written out. */
const MOST_OF_RANGE = 10_000

export function flattened(lists: readonly (readonly Value[] | undefined)[]): Value[] | undefined {
  const all: Value[] = []
  for (const one of lists) {
    if (!one) return undefined
    payCopy(one.length)
    for (const item of one) all.push(item)
  }
  return all
}

function pairsOf(items: Value[] | undefined): [Value, Value][] | undefined {
  const pairs = items?.map((item) => ('items' in item && item.items.length === 2 ? (item.items as [Value, Value]) : undefined))
  return pairs?.every((pair) => pair !== undefined) ? (pairs as [Value, Value][]) : undefined
}
