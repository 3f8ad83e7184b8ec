import type { SyntaxNode } from '@lezer/common'
import type { ParsedFile } from './parse.js'

/** What an expression is worth without running Python: known, `either` of some values, or unknown with its place and reason. */
export type Value =
  | { kind: 'string'; value: string }
  | { kind: 'bytes'; value: string }
  | { kind: 'number'; value: number; float?: true }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'none' }
  | { kind: 'list' | 'tuple' | 'set'; items: Value[] }
  | { kind: 'dict'; entries: [Value, Value][] }
  | { kind: 'path'; value: string }
  /** Something imported, by its dotted name: `django.db.migrations`, `os.environ`. Looked up when its value is needed. */
  | { kind: 'reference'; name: string }
  | Call
  | FunctionValue
  | ClassValue
  /** A module of the project, read as well. */
  | { kind: 'module'; name: string; scope: Scope }
  /** One of these, depending on something that was not known. */
  | { kind: 'either'; dependsOn: string; options: Value[] }
  | Unknown

export interface Call {
  kind: 'call'
  /** Dotted name of what is called, as far as it is known. */
  callee: string
  /** The class or function that is called, where it was read too. */
  target?: ClassValue | FunctionValue
  /** What it would give, where the call itself says more. */
  worth?: Value
  args: Value[]
  keywords: Map<string, Value>
  line: number
  /** Where it stands, for the source text of what is not evaluated. */
  node: SyntaxNode
  file: ParsedFile
}

export interface FunctionValue {
  kind: 'function'
  name: string
  node: SyntaxNode
  scope: Scope
  file: ParsedFile
  /** `property`, `staticmethod`, `classmethod` and others, as written. */
  decorators: string[]
  /** Defaults are evaluated once, where the function is defined (language reference 8.7). */
  defaults?: ReadonlyMap<string, Value>
}

export interface ClassValue {
  kind: 'class'
  name: string
  bases: Value[]
  scope: Scope
  line: number
  decorated: boolean
  file: ParsedFile
}

export interface Unknown {
  kind: 'unknown'
  reason: string
  file: string
  line: number
}

export const NONE: Value = { kind: 'none' }
export const string = (value: string): Value => ({ kind: 'string', value })
export const number = (value: number): Value => ({ kind: 'number', value })
export const boolean = (value: boolean): Value => ({ kind: 'boolean', value })
export const list = (items: Value[]): Value => ({ kind: 'list', items })

/** Python's truth value; undefined where it cannot be known. */
export function truth(value: Value): boolean | undefined {
  switch (value.kind) {
    case 'string':
    case 'bytes':
      return value.value !== ''
    case 'number':
      return value.value !== 0
    case 'boolean':
      return value.value
    case 'none':
      return false
    case 'list':
    case 'tuple':
    case 'set':
      return value.items.length > 0
    case 'dict':
      return value.entries.length > 0
    case 'path':
    case 'function':
    case 'class':
    case 'module':
      return true
    case 'call':
      // An operation, a field: objects without a truth of their own.
      return /^django\.db\.(migrations|models)\.([\w.]*\.)?[A-Z]\w*$/.test(value.callee) && !value.target ? true : undefined
    case 'either': {
      const all = value.options.map(truth)
      return all.every((one) => one === all[0]) ? all[0] : undefined
    }
    default:
      return undefined
  }
}

const UNDECIDED = new Set(['unknown', 'either', 'call', 'reference'])

/** Python's ==; undefined where it cannot be known. */
export function equal(written: Value, other: Value, depth = 0): boolean | undefined {
  const left = written.kind === 'call' && written.worth ? written.worth : written
  const right = other.kind === 'call' && other.worth ? other.worth : other
  if (UNDECIDED.has(left.kind) || UNDECIDED.has(right.kind)) return undefined
  if ('value' in left && 'value' in right && left.kind === right.kind) return left.value === right.value
  if (left.kind === 'set' && right.kind === 'set') {
    if (left.items.length !== right.items.length) return left.items.concat(right.items).some((item) => UNDECIDED.has(item.kind)) ? undefined : false
    if (depth > 12 || left.items.length > 500) return undefined
    const found = left.items.map((item) => {
      const parts = right.items.map((other) => equal(item, other, depth + 1))
      return parts.includes(true) ? true : parts.includes(undefined) ? undefined : false
    })
    return found.includes(false) ? false : found.includes(undefined) ? undefined : true
  }
  if ('items' in left && 'items' in right) {
    if (left.kind !== right.kind || left.items.length !== right.items.length) return false
    if (depth > 12 || left.items.length > 5000) return undefined
    const parts = left.items.map((item, index) => equal(item, right.items[index] as Value, depth + 1))
    return parts.includes(false) ? false : parts.includes(undefined) ? undefined : true
  }
  const numeric = (value: Value) => (value.kind === 'boolean' ? Number(value.value) : value.kind === 'number' ? value.value : undefined)
  if (numeric(left) !== undefined && numeric(right) !== undefined) return numeric(left) === numeric(right)
  if (left.kind !== right.kind) return false
  return left.kind === 'none' || left === right ? true : undefined
}

export function lookUp(dict: Value, key: string): Value | undefined {
  if (dict.kind !== 'dict') return undefined
  for (let index = dict.entries.length - 1; index >= 0; index--) {
    const [name, value] = dict.entries[index] as [Value, Value]
    if (name.kind === 'string' && name.value === key) return value
  }
  return undefined
}

/** What `str()` makes of a plain value; undefined for anything else. */
export function plainText(value: Value | undefined): string | undefined {
  if (value?.kind === 'number') return value.float && Number.isInteger(value.value) ? `${value.value}.0` : String(value.value)
  return textOf(value)
}

/** `{i:04d}`, `{i:3}`: zeros and width for whole numbers (library reference, format specification). */
export function formatted(value: Value, spec: string): string | undefined {
  const [, zero, width] = /^(0?)(\d*)d?$/.exec(spec) ?? []
  if (value.kind !== 'number' || !Number.isInteger(value.value) || value.float || width === undefined || Number(width) > 100) return undefined
  const [sign, digits] = [value.value < 0 ? '-' : '', String(Math.abs(value.value))]
  return zero ? sign + digits.padStart(Number(width) - sign.length, '0') : (sign + digits).padStart(Number(width || 0))
}

/** Text of a string or a path; undefined for anything else. */
export function textOf(value: Value | undefined): string | undefined {
  return value?.kind === 'string' || value?.kind === 'path' ? value.value : undefined
}

/** Names of a module, class or function. Values are immutable, so a copy of the map is a copy of the state. */
export class Scope {
  readonly names: Map<string, Value>
  readonly parent: Scope | undefined
  /** A class body: what is defined in it does not see its names (language reference 4.2.2). */
  readonly isClass: boolean

  constructor(parent?: Scope, names: Map<string, Value> = new Map(), isClass = false) {
    this.parent = parent
    this.names = names
    this.isClass = isClass
  }

  get(name: string): Value | undefined {
    return this.elsewhere?.get(name)?.get(name) ?? this.names.get(name) ?? this.parent?.get(name)
  }

  set(name: string, value: Value): void {
    const home = this.elsewhere?.get(name)
    if (home) home.set(name, value)
    else this.names.set(name, value)
  }

  /** `global x`, `nonlocal x`: names whose home is another scope. */
  elsewhere: Map<string, Scope> | undefined

  copy(): Scope {
    const copy = new Scope(this.parent, new Map(this.names), this.isClass)
    copy.elsewhere = this.elsewhere
    return copy
  }

  replaceWith(other: Scope): void {
    this.names.clear()
    for (const [name, value] of other.names) this.names.set(name, value)
  }
}

/** A dict with the entries of another one: a key keeps its place and takes the new value. */
export function merged(entries: readonly [Value, Value][], more: readonly [Value, Value][]): [Value, Value][] {
  const result = [...entries]
  for (const [key, value] of more) {
    const at = result.findIndex(([name]) => equal(name, key) === true)
    if (at < 0) result.push([key, value])
    else result[at] = [key, value]
  }
  return result
}

export function distinct(items: readonly Value[]): Value[] {
  const kept: Value[] = []
  for (const item of items.slice(0, 5000)) if (!kept.some((other) => equal(other, item) === true)) kept.push(item)
  return kept
}
