import type { Operation } from '../types.js'
import type { Given, Written } from '../written/types.js'

/** `Written` without maps: as JSON has it. */
type Plain = unknown

/** What `Project.detailed` knows of an operation, as JSON. */
export interface KeptDetails {
  given: { kind: string | null; overrides: Given['overrides']; values: [string, Plain][] } | null
  /** RunPython of a function that was found; what the function does is read again where it is asked for. */
  hasFacts: boolean
  inner: KeptOperation[] | null
  state: KeptOperation[] | null
}

/** An operation inside of another one. */
interface KeptOperation {
  shown: Shown
  details: KeptDetails
}

type Shown = Omit<Operation, 'arguments' | 'given' | 'facts' | 'inner' | 'stateOperations'>

/** @returns null where JSON has no such value */
export function keepDetails(operations: readonly Operation[]): KeptDetails[] | null {
  try {
    return operations.map(keep)
  } catch (error) {
    if (error instanceof NotPlain) return null
    throw error
  }
}

class NotPlain extends Error {}

function keep(operation: Operation): KeptDetails {
  const given = operation.given?.()
  const inner = (list: readonly Operation[] | undefined) => list?.map((one) => ({ shown: shownOf(one), details: keep(one) })) ?? null
  return {
    given: given ? { ...given, values: [...given.values].map(([name, value]) => [name, toPlain(value)]) } : null,
    hasFacts: operation.facts !== undefined,
    inner: inner(operation.inner?.()),
    state: inner(operation.stateOperations?.()),
  }
}

export function shownOf({ arguments: _arguments, given: _given, facts: _facts, inner: _inner, stateOperations: _state, ...shown }: Operation): Shown {
  return shown
}

/**
 * The operation as it was read.
 * @param read reads it again, for what is not kept
 */
export function withKept(shown: Shown, { given, hasFacts, inner, state }: KeptDetails, read: () => Operation | undefined): Operation {
  const within = (list: readonly KeptOperation[], again: (operation: Operation | undefined) => readonly Operation[] | undefined) =>
    list.map((one, index) => withKept(one.shown, one.details, () => again(read())?.[index]))
  return {
    ...shown,
    arguments: () => read()?.arguments?.() ?? {},
    ...(given ? { given: once(() => ({ ...given, values: new Map(given.values.map(([name, value]) => [name, fromPlain(value as Written)])) })) } : {}),
    ...(hasFacts ? { facts: () => (read() as Required<Operation>).facts() } : {}),
    ...(inner ? { inner: once(() => within(inner, (one) => one?.inner?.())) } : {}),
    ...(state ? { stateOperations: once(() => within(state, (one) => one?.stateOperations?.())) } : {}),
  }
}

export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function toPlain(value: Written): Plain {
  switch (value.kind) {
    case 'number':
      if (!Number.isFinite(value.value)) throw new NotPlain()
      return value
    case 'list':
      return { ...value, items: value.items.map(toPlain) }
    case 'dict':
      return { ...value, entries: value.entries.map((pair) => pair.map(toPlain)) }
    case 'call':
      return { ...value, args: value.args.map(toPlain), keywords: [...value.keywords].map(([name, one]) => [name, toPlain(one)]) }
    default:
      return value
  }
}

/** The other way; the maps of calls are lists of pairs in what is given. */
function fromPlain(value: Written): Written {
  switch (value.kind) {
    case 'list':
      return { ...value, items: value.items.map(fromPlain) }
    case 'dict':
      return { ...value, entries: value.entries.map(([key, entry]) => [fromPlain(key), fromPlain(entry)] as const) }
    case 'call':
      return { ...value, args: value.args.map(fromPlain), keywords: new Map([...value.keywords].map(([name, one]) => [name, fromPlain(one)])) }
    default:
      return value
  }
}

/** Of the shape that `keepDetails` gives: what a folder holds may be of another hand, or half. */
export function isKeptDetails(value: KeptDetails | null): boolean {
  if (!isObject(value)) return false
  const { given, inner, state } = value
  const within = (list: KeptOperation[] | null) =>
    list === null || (Array.isArray(list) && list.every((one) => isObject(one?.shown) && isKeptDetails(one.details)))
  return within(inner) && within(state) && (given === null || (isObject(given.overrides) && areNamed(given.values)))
}

function isPlain(value: unknown): boolean {
  if (!isObject(value)) return false
  const { kind, value: held, name, reason, items, entries, args, bases, keywords, sets } = value as Record<string, unknown>
  const all = (list: unknown, fits: (one: unknown) => boolean) => Array.isArray(list) && list.every(fits)
  const isText = (one: unknown) => typeof one === 'string'
  switch (kind) {
    case 'text':
      return isText(held)
    case 'number':
    case 'boolean':
      return typeof held === kind
    case 'none':
      return true
    case 'list':
      return all(items, isPlain)
    case 'dict':
      return all(entries, (pair) => all(pair, isPlain) && (pair as unknown[]).length === 2)
    case 'name':
      return isText(name)
    case 'class':
      return isText(name) && all(bases, isText)
    case 'call':
      return all(args, isPlain) && all(bases, isText) && all(sets, isText) && areNamed(keywords)
    case 'unknown':
      return isText(reason)
    default:
      return false
  }
}

function areNamed(list: unknown): boolean {
  return Array.isArray(list) && list.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string' && isPlain(pair[1]))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
