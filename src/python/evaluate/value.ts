import type { SyntaxNode } from '@lezer/common'
import type { ParsedFile } from '../grammar/parse.js'
import { type Changes as ChangesOf, NotedNames } from './written.js'

/** What an expression is worth without running Python: known, `either` of some values, or unknown with its place and reason. */
export type Value =
  /** `from`: the file whose whole text it is. */
  | { kind: 'string'; value: string; from?: string }
  | { kind: 'bytes'; value: string; from?: string }
  | { kind: 'number'; value: number; float?: true }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'none' }
  /** `named`: a tuple whose places have names. */
  | { kind: 'list' | 'tuple' | 'set'; items: Value[]; named?: readonly string[] }
  /** `missing`: a `collections.defaultdict`, and what it calls for a key that is not there. */
  | { kind: 'dict'; entries: [Value, Value][]; missing?: Value }
  | { kind: 'path'; value: string }
  /** `globals()`: not a copy of a module's names, but these themselves. What is set in it is set there, whoever has it. */
  | { kind: 'names'; scope: Scope }
  /** Something imported, by its dotted name: `django.db.migrations`, `os.environ`. Looked up when its value is needed. */
  | { kind: 'reference'; name: string }
  | Call
  | FunctionValue
  | ClassValue
  /** A module of the project, read as well. */
  | { kind: 'module'; name: string; scope: Scope }
  /** One of these, depending on something that was not known. `truth`: of whichever it is, where Python has looked at it (`x or True`). */
  | { kind: 'either'; dependsOn: string; options: Value[]; truth?: boolean }
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
  /** What makes it, where it is not `type`: what it and its objects have may come from there. */
  metaclass?: Value
  scope: Scope
  line: number
  decorated: boolean
  /** Of a data class or a named tuple, in their order. */
  fields?: readonly string[]
  file: ParsedFile
}

export interface Unknown {
  kind: 'unknown'
  reason: string
  file: string
  line: number
  /** In a collection or among arguments: any number of values. */
  isSpread?: true
  /** Lists, dicts and sets that it may be or may have in it: who changes it may change these. */
  mayBe?: readonly Value[]
}

export const NONE: Value = { kind: 'none' }
export const string = (value: string): Value => ({ kind: 'string', value })
export const number = (value: number): Value => ({ kind: 'number', value })
export const boolean = (value: boolean): Value => ({ kind: 'boolean', value })
export const list = (items: Value[]): Value => ({ kind: 'list', items })

/** What is changed in place, for every name that holds it. */
export function isMutable({ kind }: Value): boolean {
  return kind === 'list' || kind === 'set' || kind === 'dict'
}

/** Whether a change may go through it to something that is held elsewhere as well. */
export function leadsOn(value: Value): boolean {
  return isMutable(value) || value.kind === 'tuple' || value.kind === 'either' || (value.kind === 'unknown' && value.mayBe !== undefined)
}

/** More objects are not kept in mind behind one value. */
const MOST_BEHIND = 16

/** The objects behind these values that a change may go through, each once. */
export function leadingTo(values: Iterable<Value>): Value[] {
  const found = new Set<Value>()
  const add = (value: Value): void => {
    if (found.size >= MOST_BEHIND) return
    if (value.kind === 'either') value.options.forEach(add)
    else if (value.kind === 'unknown') value.mayBe?.forEach(add)
    else if (leadsOn(value)) found.add(value)
  }
  for (const value of values) add(value)
  return [...found]
}

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
      return value.items.length > 0 && value.items.every((item) => item.kind === 'unknown' && item.isSpread) ? undefined : value.items.length > 0
    case 'dict':
      return value.entries.length > 0
    case 'path':
    case 'function':
    case 'class':
    case 'module':
    case 'names':
      return true
    case 'call':
      // An operation, a field: objects without a truth of their own.
      return /^django\.db\.(migrations|models)\.([\w.]*\.)?[A-Z]\w*$/.test(value.callee) && !value.target ? true : undefined
    case 'either': {
      if (value.truth !== undefined) return value.truth
      const all = value.options.map(truth)
      return all.every((one) => one === all[0]) ? all[0] : undefined
    }
    default:
      return undefined
  }
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

export type Names = NotedNames<Value>
export type Changes = ChangesOf<Value>

/** Names of a module, class or function. */
export class Scope {
  readonly names: Names
  readonly parent: Scope | undefined
  /** A class body: what is defined in it does not see its names (language reference 4.2.2). */
  readonly isClass: boolean

  constructor(parent?: Scope, names: Iterable<readonly [string, Value]> = [], isClass = false) {
    this.parent = parent
    this.names = new NotedNames(names)
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
}
