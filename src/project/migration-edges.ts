import type { Call, Value } from '../python/evaluate/value.js'
import type { Dependency, MigrationFile } from './types.js'

interface EdgeList {
  name: 'dependencies' | 'run_before'
  list: Dependency[]
}

/** @returns where a setting decides that is not known, every list that they may be; undefined where a part of one cannot be read */
export function readEdges(
  result: MigrationFile,
  { name, list }: EdgeList,
  written: Value | undefined,
  pairs: Pairs,
  problem: Report,
): Dependency[][] | undefined {
  const before = result.problems.length
  for (const value of elements(written, name, problem, pairs.resolve)) addDependency(list, value, name, pairs, problem)
  if (result.problems.length === before) return [list]
  const variants = written && dependencyVariants(written, pairs)
  if (variants) {
    const inEach = (one: Dependency) => variants.every((other) => other.some((each) => each.app === one.app && each.name === one.name))
    list.splice(0, list.length, ...(variants[0] ?? []).filter(inEach))
  }
  for (const one of result.problems.slice(before)) {
    if (name === 'dependencies') one.ownEdges = true
    else one.laterEdges = true
    if (variants) one.inVariants = true
  }
  return variants
}

/** Every pair of lists that they may be, where each of both is known or one of several. */
export function keepVariants(result: MigrationFile, parents: Dependency[][] | undefined, children: Dependency[][] | undefined): void {
  const isCertain = parents?.length === 1 && children?.length === 1
  if (!isCertain && parents && children && parents.length * children.length <= MOST_VARIANTS)
    result.variants = parents.flatMap((dependencies) => children.map((runBefore) => ({ dependencies, runBefore })))
  else for (const one of result.problems) delete one.inVariants
}

/** Each list that they may be; undefined where a part of one cannot be read. */
function dependencyVariants(written: Value, pairs: Pairs): Dependency[][] | undefined {
  const value = pairs.resolve(written)
  if (value.kind === 'either') {
    const options = value.options.map((option) => dependencyVariants(option, pairs))
    return options.every((one) => one !== undefined) ? limited(options.flat()) : undefined
  }
  if (!('items' in value)) return undefined
  let lists: Dependency[][] = [[]]
  for (const item of value.items) {
    const options = entryVariants(pairs.resolve(item), pairs)
    if (!options || lists.length * options.length > MOST_VARIANTS) return undefined
    lists = lists.flatMap((list) => options.map((option) => [...list, ...option]))
  }
  return limited(lists)
}

/** One entry: a dependency, or a choice of them, or of lists of them. */
function entryVariants(value: Value, pairs: Pairs): Dependency[][] | undefined {
  if (value.kind === 'either') {
    const options = value.options.map((option) => entryVariants(pairs.resolve(option), pairs))
    return options.every((one) => one !== undefined) ? options.flat() : undefined
  }
  if (value.kind === 'list') return dependencyVariants(value, pairs)
  const found: Dependency[] = []
  let isRead = true
  addDependency(found, value, 'dependencies', pairs, () => (isRead = false))
  return isRead ? [found] : undefined
}

const MOST_VARIANTS = 16

function limited(lists: Dependency[][]): Dependency[][] | undefined {
  const distinct = [...new Map(lists.map((list) => [JSON.stringify(list), list])).values()]
  return distinct.length > MOST_VARIANTS ? undefined : distinct
}

export type Report = (value: Value | undefined, message: string, line?: number) => void

export function reasonOf(value: Value): string {
  if (value.kind === 'unknown') return `: ${value.reason}`
  if (value.kind === 'either') return `: it depends on ${value.dependsOn}`
  if (value.kind === 'reference') return `: ${value.name} is not known`
  return value.kind === 'call' ? `: ${value.callee}() is not evaluated` : ''
}

export function elements(value: Value | undefined, name: string, problem: Report, resolve: (value: Value) => Value): Value[] {
  if (!value) return []
  if (value.kind === 'list' || value.kind === 'tuple' || value.kind === 'set') return value.items.map(resolve)
  problem(value, `${name} cannot be read`)
  return []
}

export interface Pairs {
  resolve: (value: Value) => Value
  python2: boolean
}

export function addDependency(list: Dependency[], value: Value, where: string, pairs: Pairs, problem: Report): void {
  const pair = stringPair(value, pairs)
  if (pair) {
    list.push({ app: pair[0], name: pair[1] })
    return
  }
  if (value.kind === 'call' && /(^|\.)SwappableTuple$/.test(value.callee)) {
    const [inner, setting] = value.args.map(pairs.resolve)
    const swapped = inner && stringPair(inner, pairs)
    if (swapped) {
      list.push({ app: swapped[0], name: swapped[1], ...(setting?.kind === 'string' ? { swappable: setting.value } : {}) })
      return
    }
  }
  const target = value.kind === 'call' && /(^|\.)swappable_dependency$/.test(value.callee) ? swappableModel(value, pairs) : undefined
  if (target && 'label' in target) list.push({ app: target.label, name: '__first__', swappable: target.setting })
  else if (target) problem(target, `the model of a swappable dependency in ${where} cannot be read`, value.kind === 'call' ? value.line : undefined)
  else problem(value, `an entry of ${where} is not a pair of strings or a readable swappable dependency`)
}

/** A key of two strings. Bytes are strings in Python 2; in Python 3 they name nothing that exists (`(b'app', …)` of old squashes). */
export function stringPair(value: Value, { resolve, python2 }: Pairs): [string, string] | null {
  if (value.kind !== 'tuple' || value.items.length !== 2) return null
  const texts = value.items.map((item) => {
    const known = resolve(item)
    return known.kind === 'string' ? known.value : known.kind === 'bytes' ? (python2 ? known.value : `b'${known.value}'`) : undefined
  })
  return texts[0] !== undefined && texts[1] !== undefined ? (texts as [string, string]) : null
}

/** `swappable_dependency(settings.X)`: the label is the first part of the setting's value (django/db/migrations/migration.py). */
function swappableModel(call: Call, { resolve }: Pairs): { label: string; setting: string } | Value {
  const written = call.args[0] ?? call.keywords.get('value') ?? { kind: 'none' as const }
  const value = resolve(written)
  if (value.kind !== 'string' || !value.value.includes('.')) return value
  const setting = written.kind === 'reference' ? /(?:^|\.)settings\.([A-Z][A-Z0-9_]*)$/.exec(written.name)?.[1] : undefined
  return { label: value.value.split('.')[0] as string, setting: setting === undefined ? value.value : `settings.${setting}` }
}
