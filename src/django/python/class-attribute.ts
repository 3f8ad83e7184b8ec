import type { Interpreter } from './interpreter.js'
import type { ClassValue, Value } from './value.js'

/** What Django's own class sets (django/db/migrations/migration.py); before another base that is none of its children it wins. */
const DEFAULTS: Readonly<Record<string, Value>> = {
  operations: { kind: 'list', items: [] },
  dependencies: { kind: 'list', items: [] },
  run_before: { kind: 'list', items: [] },
  replaces: { kind: 'list', items: [] },
  initial: { kind: 'none' },
  atomic: { kind: 'boolean', value: true },
}

function isMigration(name: string): boolean {
  return /(^|\.)migrations(\.migration)?\.Migration$/.test(name)
}

function extendsMigration(py: Pick<Interpreter, 'resolve'>, written: Value, depth: number): boolean {
  const base = py.resolve(written)
  if (base.kind === 'reference') return isMigration(base.name)
  return base.kind === 'class' && depth < 20 && base.bases.some((one) => extendsMigration(py, one, depth + 1))
}

/** A class attribute, its own or inherited; undefined where a base class was not read. */
export function classAttribute(py: Pick<Interpreter, 'resolve'>, owner: ClassValue, name: string, depth = 0): Value | undefined {
  const own = owner.scope.names.get(name)
  if (own || depth > 20) return own
  for (const [index, base] of owner.bases.entries()) {
    const parent = py.resolve(base)
    if (
      parent.kind === 'reference' &&
      isMigration(parent.name) &&
      name in DEFAULTS &&
      !owner.bases.slice(index + 1).some((later) => extendsMigration(py, later, 0))
    )
      return DEFAULTS[name]
    const value = parent.kind === 'class' ? classAttribute(py, parent, name, depth + 1) : undefined
    if (value) return value
  }
  return undefined
}
