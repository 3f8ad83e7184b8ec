import { textOf, type Value } from './python/value.js'
import type { Operation } from './types.js'

/** Operations of django.db.migrations that change the schema. */
const SCHEMA = new Set(
  `AddConstraint AddField AddIndex AlterField AlterIndexTogether AlterModelTable AlterModelTableComment AlterOrderWithRespectTo
   AlterUniqueTogether CreateModel DeleteModel RemoveConstraint RemoveField RemoveIndex RenameField RenameIndex RenameModel
   AddConstraintNotValid AddIndexConcurrently RemoveIndexConcurrently ValidateConstraint CreateExtension CreateCollation RemoveCollation
   BloomExtension BtreeGinExtension BtreeGistExtension CITextExtension CryptoExtension HStoreExtension TrigramExtension UnaccentExtension`.split(/\s+/),
)

/** Operations that only change Django's idea of the models: nothing happens in the database. */
const STATE_ONLY = new Set(['AlterModelOptions', 'AlterModelManagers', 'AlterConstraint'])

/** @returns null when the list of operations cannot be read */
export function readOperations(value: Value | undefined): Operation[] | null {
  if (!value) return []
  if (value.kind !== 'list' && value.kind !== 'tuple') return null
  const operations: Operation[] = []
  for (const item of value.items) {
    if (item.kind !== 'call') return null
    operations.push(readOperation(item))
  }
  return operations
}

function readOperation(call: Value & { kind: 'call' }): Operation {
  const type = call.callee.slice(call.callee.lastIndexOf('.') + 1)
  const django = call.callee.startsWith('django.') || /^(migrations|m)\./.test(call.callee)
  const argument = (name: string, position: number): Value | undefined => call.keywords.get(name) ?? call.args[position]
  const base = { type, line: call.line }
  if (django && type === 'RunPython')
    return { ...base, summary: `RunPython ${codeName(argument('code', 0))}`, data: true, schema: false, reversible: given(argument('reverse_code', 1)) }
  if (django && type === 'RunSQL')
    return { ...base, summary: `RunSQL ${sqlText(argument('sql', 0))}`, data: true, schema: false, reversible: given(argument('reverse_sql', 1)) }
  if (django && type === 'SeparateDatabaseAndState') {
    const inner = readOperations(argument('database_operations', 0))
    return { ...base, summary: `SeparateDatabaseAndState (${inner?.map((one) => one.summary).join(', ') ?? 'unknown'})`, ...joined(inner) }
  }
  const model = textOf(argument('model_name', 0))
  const name = textOf(call.keywords.get('name') ?? (call.keywords.has('model_name') ? call.args[0] : call.args[1]))
  const what = [model ?? textOf(call.keywords.get('name')), model !== undefined ? name : undefined].filter(Boolean).join('.')
  const summary = what ? `${type} ${what}` : type
  if (django && STATE_ONLY.has(type)) return { ...base, summary, data: false, schema: false, reversible: true }
  if (django && SCHEMA.has(type)) return { ...base, summary, data: false, schema: true, reversible: true }
  return { ...base, summary, data: null, schema: null, reversible: null }
}

function joined(inner: Operation[] | null): Pick<Operation, 'data' | 'schema' | 'reversible'> {
  if (inner === null) return { data: null, schema: null, reversible: null }
  const any = (values: (boolean | null)[]) => (values.includes(true) ? true : values.includes(null) ? null : false)
  const all = (values: (boolean | null)[]) => (values.includes(false) ? false : values.includes(null) ? null : true)
  return { data: any(inner.map((one) => one.data)), schema: any(inner.map((one) => one.schema)), reversible: all(inner.map((one) => one.reversible)) }
}

/** RunPython.noop and RunSQL.noop count as reversible; None and nothing do not. */
function given(value: Value | undefined): boolean | null {
  if (value === undefined || value.kind === 'none') return false
  return value.kind === 'unknown' || value.kind === 'either' ? null : true
}

function codeName(value: Value | undefined): string {
  if (value?.kind === 'function') return value.name
  if (value?.kind === 'reference') return value.name
  return value?.kind === 'call' ? `${value.callee}(…)` : '(unknown)'
}

function sqlText(value: Value | undefined): string {
  const text = textOf(value)?.replace(/\s+/g, ' ').trim()
  if (text === undefined) return '(not a plain string)'
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
