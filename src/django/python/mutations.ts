import { equal, lookUp, NONE, type Value } from './value.js'

/** @returns the changed container, `nothing` when the call changes nothing, undefined when it cannot be followed */
export function mutate(container: Value, method: string, args: Value[]): Value | 'nothing' | undefined {
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
    if (method === 'setdefault' && first?.kind === 'string')
      return lookUp(container, first.value) ? 'nothing' : { kind: 'dict', entries: [...container.entries, [first, second ?? NONE]] }
    if (method === 'pop' && first) return { kind: 'dict', entries: container.entries.filter(([name]) => equal(name, first) !== true) }
  }
  if (container.kind === 'either') return undefined
  return ['append', 'extend', 'insert', 'remove', 'update', 'setdefault', 'pop', 'clear', 'add'].includes(method) ? undefined : 'nothing'
}
