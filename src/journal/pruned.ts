import { MigstateError } from '../errors/index.js'
import type { Pruned } from './details.js'
import { inShort } from './events.js'
import type { Operation, Snapshot } from './records.js'

/** When the copy that an operation has made was given up, and who did it; null: it is kept. */
export function prunedOf(operation: Pick<Operation, 'events' | 'snapshot'>): Snapshot['pruned'] {
  const event = operation.events.find((one) => one.event === 'snapshot-pruned' && one.problem === null && (one.detail as Pruned).id === operation.snapshot)
  return event ? { at: event.at, actor: (event.detail as Pruned).actor } : null
}

/** Nothing that an operation is said to have changed is put back unproven, and the proof is gone. */
export function prunedCopy({ id, kind, snapshot }: Pick<Operation, 'id' | 'kind' | 'snapshot'>, pruned: NonNullable<Snapshot['pruned']>): MigstateError {
  return new MigstateError(
    'unknown-snapshot',
    `The operation ${inShort(id)} (${inShort(kind)}) can no longer be undone: the snapshot ${inShort(snapshot)}, which what it changed is compared with, ${sayPruned(pruned)}.`,
    {
      hint: 'See "migstate history" for what it changed, and change it back with "migstate mark", or restore a snapshot that is kept: "migstate snapshot list".',
      details: { operation: id, snapshot },
    },
  )
}

/** @throws MigstateError `unknown-snapshot` */
export function refusePruned({ id, pruned }: Pick<Snapshot, 'id' | 'pruned'>): void {
  if (!pruned) return
  throw new MigstateError('unknown-snapshot', `The snapshot ${inShort(id)} ${sayPruned(pruned)}: its rows are no longer there.`, {
    hint: 'See "migstate snapshot list" for those that are kept.',
    details: { snapshot: id, prunedAt: pruned.at },
  })
}

function sayPruned({ at, actor }: NonNullable<Snapshot['pruned']>): string {
  return `was pruned at ${at.slice(0, 19).replace('T', ' ')} UTC by ${inShort(actor)}`
}
