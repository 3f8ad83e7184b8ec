import { codeFacts, unreadCode } from './code/code-facts.js'
import { EXTENSIONS, OF_MODEL, PARAMETERS, STATE_ONLY } from '../django/operation-kinds.js'
import { readArguments } from './operation-arguments.js'
import { exhaustion, payLook, payStep, payText, payValues, Pool, spending } from '../python/budget.js'
import { classAttribute } from '../python/evaluate/class-attribute.js'
import { type Call, type ClassValue, textOf, type Value } from '../python/evaluate/value.js'
import { changesSchema } from './sql-text.js'
import type { Operation } from './types.js'
import { readWritten } from './written/read-written.js'
import type { Given } from './written/types.js'

type Resolve = (value: Value) => Value

/** @returns null when the list of operations cannot be read */
export function readOperations(value: Value | undefined, resolve: Resolve = (one) => one): Operation[] | null {
  if (!value) return []
  if (value.kind !== 'list' && value.kind !== 'tuple') return null
  const operations: Operation[] = []
  for (const item of value.items) {
    const call = resolve(item)
    if (call.kind !== 'call') return null
    operations.push(readOperation(call, resolve))
  }
  return operations
}

function readOperation(call: Call, resolve: Resolve): Operation {
  payValues(16 + call.args.length + call.keywords.size)
  const type = call.callee.slice(call.callee.lastIndexOf('.') + 1)
  const found = djangoKind(call, resolve)
  const { kind, own, reversible } = found
  const given = argumentsOf(call, kind, resolve)
  const elidable = given.get('elidable')
  const atomic = given.get('atomic')
  const base = {
    type,
    line: call.line,
    ...namesOf(kind, given),
    ...(elidable ? { elidable: elidable.kind === 'boolean' ? elidable.value : null } : {}),
    ...(kind === 'RunPython' && atomic && atomic.kind !== 'none' ? { atomic: atomic.kind === 'boolean' ? atomic.value : null } : {}),
    arguments: () =>
      bounded(
        () => readArguments(given),
        (reason) => ({ '…': { source: reason } }),
      ),
    given: () =>
      bounded(
        (): Given => givenOf(found, given, resolve),
        () => ({ kind: null, overrides: { state: true, database: true }, values: new Map() }),
      ),
  }
  if (kind === 'RunPython') {
    const function_ = given.get('code')
    const code = codeName(function_)
    return {
      ...base,
      code,
      ...(function_?.kind === 'function' ? { facts: () => bounded(() => codeFacts(function_), unreadCode) } : {}),
      summary: `${type} ${code}`,
      data: true,
      schema: own ? false : null,
      reversible: reversible !== undefined ? reversible : isGiven(given.get('reverse_code')),
      ...(isNoop(given.get('reverse_code')) ? { reverseIsNoop: true } : {}),
    }
  }
  if (kind === 'RunSQL') {
    return {
      ...base,
      ...stateOf(given, resolve),
      summary: `${type} ${sqlText(given.get('sql'))}`,
      data: true,
      schema: hasDdl(given.get('sql'), resolve) ? true : own ? false : null,
      reversible: reversible !== undefined ? reversible : isGiven(given.get('reverse_sql')),
      ...(isNoop(given.get('reverse_sql')) ? { reverseIsNoop: true } : {}),
    }
  }
  if (kind === 'SeparateDatabaseAndState') {
    const inner = readOperations(given.get('database_operations'), resolve)
    return {
      ...base,
      summary: `${type} (${summaryOf(inner)})`,
      ...joined(inner),
      inner: () => inner ?? [unread('its operations cannot be read')],
      ...stateOf(given, resolve),
    }
  }
  const what = [base.model, base.field ?? (base.model === undefined ? base.name : undefined)].filter(Boolean).join('.')
  const summary = what ? `${type} ${what}` : type
  // Its own `__init__` makes arguments of its own; what the class above runs with them is code or SQL all the same.
  const runs = found.above === 'RunPython' || found.above === 'RunSQL' ? true : null
  if (kind === undefined || !own) return { ...base, summary, data: runs, schema: null, reversible: null }
  return { ...base, summary, data: false, schema: !STATE_ONLY.has(kind), reversible: true }
}

function summaryOf(inner: readonly Operation[] | null): string {
  for (const { summary } of inner ?? []) payText(summary.length)
  return inner?.map((one) => one.summary).join(', ') ?? 'unknown'
}

/** What is read when it is asked for has a budget of its own. */
function bounded<T>(read: () => T, otherwise: (reason: string) => T): T {
  try {
    return spending(new Pool(), 0, read)
  } catch (error) {
    const reason = exhaustion(error)
    if (reason === null) throw error
    return otherwise(reason)
  }
}

function unread(reason: string): Operation {
  return { type: '(unknown)', summary: `(unknown: ${reason})`, data: null, schema: null, reversible: null, line: 1 }
}

function stateOf(given: ReadonlyMap<string, Value>, resolve: Resolve): Pick<Operation, 'stateOperations'> {
  const written = given.get('state_operations')
  return written && written.kind !== 'none'
    ? {
        stateOperations: () =>
          bounded(
            () => readOperations(written, resolve) ?? [unread('its operations cannot be read')],
            (reason) => [unread(reason)],
          ),
      }
    : {}
}

function givenOf({ kind, above, methods }: Kind, given: ReadonlyMap<string, Value>, resolve: Resolve): Given {
  // Operations inside of it are read as operations.
  const values = [...given].filter(([name]) => name !== 'database_operations' && name !== 'state_operations')
  return {
    // Whatever its own `__init__` makes of its arguments, it runs code and leaves the models as they are.
    kind: kind ?? (above === 'RunPython' ? above : null),
    overrides: { state: methods.has('state_forwards'), database: methods.has('database_forwards') },
    values: new Map(values.map(([name, value]) => [name, readWritten(value, resolve)])),
  }
}

interface Kind {
  /** undefined also where a class of the project takes arguments of its own. */
  kind: string | undefined
  /** Django's class that it is or extends. */
  above: string | undefined
  own: boolean
  reversible?: boolean | null
  /** Those of Django's methods that a class of the project has in their place. */
  methods: ReadonlySet<string>
}

/** Django's own class, or the one that a class of the project extends; `own`: nothing of what it does is overridden. */
function djangoKind(call: Call, resolve: Resolve): Kind {
  const named = (name: string): string | undefined => {
    const last = name.slice(name.lastIndexOf('.') + 1)
    return PARAMETERS.has(last) && (name.startsWith('django.') || /^(migrations|m|operations)\./.test(name)) ? last : undefined
  }
  // A module of the project may have a name of Django's.
  const direct = call.target && !call.callee.startsWith('django.') ? undefined : named(call.callee)
  if (direct) return { kind: direct, above: direct, own: true, methods: new Set() }
  const methods = new Set<string>()
  const visit = (owner: ClassValue, depth: number): string | undefined => {
    payStep()
    payLook(4 * owner.scope.names.size)
    for (const name of owner.scope.names.keys()) if (/^(database|state)_(forwards|backwards)$|^__init__$|^reversible$/.test(name)) methods.add(name)
    for (const written of owner.bases) {
      const base = resolve(written)
      const found = base.kind === 'reference' ? named(base.name) : base.kind === 'class' && depth < 10 ? visit(base, depth + 1) : undefined
      if (found) return found
    }
    return undefined
  }
  const kind = call.target?.kind === 'class' ? visit(call.target, 0) : undefined
  const init = call.target?.kind === 'class' ? classAttribute({ resolve }, call.target, '__init__') : undefined
  const said = call.target?.kind === 'class' ? classAttribute({ resolve }, call.target, 'reversible') : undefined
  const reversible = said === undefined ? {} : { reversible: said.kind === 'boolean' ? said.value : null }
  return { kind: init ? undefined : kind, above: kind, own: methods.size === 0 && kind !== undefined, ...reversible, methods }
}

/** By name, positional ones included. */
function argumentsOf(call: Call, kind: string | undefined, resolve: Resolve): Map<string, Value> {
  const parameters = (kind === undefined ? undefined : PARAMETERS.get(kind)) ?? []
  const given = new Map<string, Value>()
  call.args.forEach((value, index) => given.set(parameters[index] ?? String(index), resolve(value)))
  for (const [name, value] of call.keywords) given.set(name, resolve(value))
  return given
}

/** Which model, field, index or constraint it is about. */
function namesOf(kind: string | undefined, given: ReadonlyMap<string, Value>): Pick<Operation, 'model' | 'field' | 'name' | 'oldName' | 'newName'> {
  const text = (name: string) => textOf(given.get(name))
  const modelName = text('model_name')
  const name = text('name')
  const field = /Field$/.test(kind ?? '')
  const names = {
    model: modelName ?? (kind !== undefined && OF_MODEL.has(kind) ? name : undefined),
    field: field ? (name ?? text('new_name')) : undefined,
    name: field || (kind !== undefined && OF_MODEL.has(kind)) ? undefined : (name ?? EXTENSIONS.get(kind ?? '')),
    oldName: text('old_name'),
    newName: text('new_name'),
  }
  if (kind === 'RenameModel') names.model = names.newName
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined))
}

function joined(inner: Operation[] | null): Pick<Operation, 'data' | 'schema' | 'reversible'> {
  if (inner === null) return { data: null, schema: null, reversible: null }
  const any = (values: (boolean | null)[]) => (values.includes(true) ? true : values.includes(null) ? null : false)
  const all = (values: (boolean | null)[]) => (values.includes(false) ? false : values.includes(null) ? null : true)
  return { data: any(inner.map((one) => one.data)), schema: any(inner.map((one) => one.schema)), reversible: all(inner.map((one) => one.reversible)) }
}

/** RunPython.noop and RunSQL.noop count as reversible; None and nothing do not. */
function isGiven(value: Value | undefined): boolean | null {
  if (value === undefined || value.kind === 'none') return false
  return value.kind === 'unknown' || value.kind === 'either' || value.kind === 'call' ? null : true
}

/** A statement that changes the schema, as far as the text is there to see. */
function hasDdl(value: Value | undefined, resolve: Resolve, depth = 0): boolean {
  const known = value && resolve(value)
  const text = known && textOf(known)
  if (text !== undefined) return changesSchema(text)
  if (!known || !('items' in known) || depth > 3) return false
  payLook(known.items.length)
  return known.items.some((item) => hasDdl(item, resolve, depth + 1))
}

/** `RunPython.noop`, and `RunSQL.noop`, which is the empty text (django/db/migrations/operations/special.py). */
function isNoop(value: Value | undefined): boolean {
  if (value?.kind === 'reference') return /(^|\.)Run(Python|SQL)\.noop$/.test(value.name)
  return value?.kind === 'string' && value.value === ''
}

function codeName(value: Value | undefined): string {
  if (value?.kind === 'function') return value.name
  if (value?.kind === 'reference') return value.name.replace(/^django\.db\.migrations\.(?:operations\.)?/, '')
  return value?.kind === 'call' ? `${value.callee}(…)` : '(unknown)'
}

function sqlText(value: Value | undefined): string {
  // The rest is not shown.
  const text = textOf(value)?.slice(0, 1000).replace(/\s+/g, ' ').trim()
  if (text === undefined) return '(not a plain string)'
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

/** Where a statement of the schema commits: it may do so, or it is SQL, which Django refuses inside a transaction there. */
export function mayCommit(one: Operation): boolean {
  return one.schema !== false || /^RunSQL\b/.test(one.summary) || (one.inner?.().some(mayCommit) ?? false)
}
