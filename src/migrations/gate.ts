import type { MigrationFile } from '../project/types.js'
import type { MigrationGraph, MissingNode } from './graph.js'
import { dotted, type Key, makeKey, pairOf } from './key.js'

export type GateName =
  | 'missing-parent'
  | 'circular'
  | 'inconsistent-history'
  | 'conflict'
  | 'unknown-app'
  | 'unknown-migration'
  | 'ambiguous-migration'
  | 'bad-file'
  | 'bad-reference'
  | 'bad-row'
  | 'unreadable'

/** Why Django's `migrate` would stop, in Django's own words. */
export interface Gate {
  gate: GateName
  message: string
  /** Django's exception class; null where Django has none because the reason is ours. */
  exception: string | null
  migrations: [app: string, name: string][]
}

/** Gates without which there is no graph, and so no answer about anything later. */
export function stopsLoading(gate: Gate): boolean {
  return ['missing-parent', 'circular', 'bad-file', 'bad-reference', 'unreadable'].includes(gate.gate)
}

const BY_PART = new WeakMap<ReadonlyMap<Key, MigrationFile>, Map<Key, Key[]>>()

/** The squashes that stand for a migration, made once for all that are missing. */
function squashesByPart(replacements: ReadonlyMap<Key, MigrationFile>): ReadonlyMap<Key, Key[]> {
  const known = BY_PART.get(replacements)
  if (known) return known
  const found = new Map<Key, Key[]>()
  for (const [squash, { replaces }] of replacements)
    for (const part of new Set(replaces.map(([app, name]) => makeKey(app, name)))) {
      const squashes = found.get(part)
      if (squashes) squashes.push(squash)
      else found.set(part, [squash])
    }
  BY_PART.set(replacements, found)
  return found
}

/** `NodeNotFoundError`, with the squash explanation of loader.py where only squashes that are not in the graph stand for the missing node. */
export function missingNodeGate(view: { graph: MigrationGraph; replacements: ReadonlyMap<Key, MigrationFile> }, node: MissingNode): Gate {
  const [app, name] = pairOf(node.missing)
  const origin = `${node.origin.recordedAs ?? node.origin.app}.${node.origin.name}`
  const squashes = squashesByPart(view.replacements).get(node.missing) ?? []
  const explained = squashes.length > 0 && !squashes.some((key) => view.graph.hasNode(key))
  const message = explained
    ? `Migration ${origin} depends on nonexistent node ('${app}', '${name}'). Django tried to replace migration ${app}.${name} with any of [${squashes.map(dotted).join(', ')}] but wasn't able to because some of the replaced migrations are already applied.`
    : `Migration ${origin} dependencies reference nonexistent ${node.role} node ('${app}', '${name}')`
  return {
    gate: 'missing-parent',
    exception: 'NodeNotFoundError',
    message,
    migrations: [
      [node.origin.app, node.origin.name],
      [app, name],
    ],
  }
}
