import { payCopy } from '../budget.js'
import { equal } from './equality.js'
import { anyNumber, hasGap } from './floors.js'
import { distinct, lookUp, merged } from './keys.js'
import { sorted } from './sorting.js'
import { isMutable, NONE, string, type Value } from './value.js'

/** Values are copied when they change; a list that grows further than this is no longer followed. */
const MAX_GROWTH = 10_000

/** Methods that change nothing. */
const PURE = new Set(
  `get keys values items copy index count union difference intersection issubset issuperset isdisjoint join split rsplit splitlines strip
   lstrip rstrip lower upper title capitalize replace format startswith endswith encode decode partition rpartition zfill find rfind rindex removeprefix removesuffix
   swapcase exists is_dir
   is_file joinpath resolve absolute read_text read_bytes mkdir as_posix with_suffix with_name glob iterdir`.split(/\s+/),
)

/** @returns the changed container, `nothing` when the call changes nothing, undefined when it cannot be followed */
export function mutate(container: Value, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | 'nothing' | undefined {
  const [first, second] = args
  if ('items' in container && container.items.length > MAX_GROWTH) return undefined
  payCopy('items' in container ? container.items.length : container.kind === 'dict' ? container.entries.length : 0)
  if (container.kind === 'list') {
    if (method === 'append' && first) return { kind: 'list', items: [...container.items, first] }
    if (method === 'extend' && first?.kind === 'unknown') return { kind: 'list', items: [...container.items, anyNumber(first)] }
    if (method === 'extend' && first?.kind === 'either') return { kind: 'list', items: [...container.items, { ...first }] }
    if (method === 'extend' && first && 'items' in first && first.items.length > MAX_GROWTH) return undefined
    if (/^(?:pop|reverse|sort)$/.test(method) && hasGap(container.items)) return method === 'pop' ? undefined : container
    if (method === 'insert' && second && first?.kind !== 'number') return { kind: 'list', items: [...container.items, second] }
    if (method === 'extend' && first && 'items' in first) {
      payCopy(first.items.length)
      return { kind: 'list', items: [...container.items, ...first.items] }
    }
    if (method === 'clear') return { kind: 'list', items: [] }
    if (method === 'reverse') return { kind: 'list', items: [...container.items].reverse() }
    if (method === 'sort' && args.length === 0 && keywords.size === 0 && container.items.every((item) => item.kind === 'string'))
      return { kind: 'list', items: sorted(container.items as (Value & { kind: 'string' })[]) }
    if (method === 'pop') {
      const last = container.items.length - 1
      const at = first === undefined ? last : first.kind === 'number' ? (first.value < 0 ? last + 1 + first.value : first.value) : undefined
      return at === undefined ? undefined : { kind: 'list', items: container.items.filter((_item, index) => index !== at) }
    }
    if (method === 'insert' && first?.kind === 'number' && second) return { kind: 'list', items: container.items.toSpliced(first.value, 0, second) }
    if (method === 'remove' && first) {
      const at = container.items.findIndex((item) => equal(item, first) !== false)
      if (at >= 0 && equal(container.items[at] as Value, first) === undefined) return undefined
      return { kind: 'list', items: container.items.filter((_item, index) => index !== at) }
    }
  }
  if (container.kind === 'dict') {
    const named = [...keywords].map(([key, value]): [Value, Value] => [string(key), value])
    if (method === 'update' && (first === undefined || first.kind === 'dict'))
      return { ...container, entries: merged(merged(container.entries, first?.entries ?? []), named) }
    if (method === 'setdefault' && first?.kind === 'string')
      return lookUp(container, first.value) ? 'nothing' : { ...container, entries: [...container.entries, [first, second ?? NONE]] }
    if (method === 'clear') return { ...container, entries: [] }
    if (method === 'pop' && first && container.entries.some(([name]) => equal(name, first) === undefined)) return undefined
    if (method === 'pop' && first) return { ...container, entries: container.entries.filter(([name]) => equal(name, first) !== true) }
  }
  if (container.kind === 'set' && first) {
    if (method === 'add') return { kind: 'set', items: distinct([...container.items, first]) }
    if (method === 'update' && args.length === 1 && 'items' in first) return { kind: 'set', items: distinct([...container.items, ...first.items]) }
    if ((method === 'discard' || method === 'remove') && container.items.some((item) => equal(item, first) === undefined)) return undefined
    if (method === 'discard' || method === 'remove') return { kind: 'set', items: container.items.filter((item) => equal(item, first) !== true) }
  }
  if (container.kind === 'either') {
    // What cannot be changed stays as it is: Python raises there, or whatever it is knows for itself.
    const options = container.options.map((option) => (isMutable(option) ? mutate(option, method, args, keywords) : 'nothing'))
    if (options.every((option) => option === 'nothing')) return 'nothing'
    const known = options.map((option, index) => (option === 'nothing' ? container.options[index] : option))
    return known.every((one) => one !== undefined) ? { kind: 'either', dependsOn: container.dependsOn, options: known as Value[] } : undefined
  }
  return PURE.has(method) ? 'nothing' : undefined
}
