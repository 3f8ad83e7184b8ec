import { MigstateError } from '../errors/index.js'
import type { Interaction } from './interaction.js'
import { rehearse } from './rehearse.js'
import type { Workspace } from './workspace.js'

export interface RehearseFirst {
  targets: readonly (readonly [app: string, name: string])[]
  reverseFirst: boolean
  /** Goes on all the same where it is not repeatable, or cannot be rehearsed. */
  force: boolean
}

/**
 * `rerun --rehearse`: nothing runs for real unless each target is known to be repeatable.
 * @returns the verdicts, for the question
 * @throws MigstateError `not-repeatable` `cannot-rehearse` (both lifted by `force`), `outcome-unknown`
 */
export async function rehearseFirst(workspace: Workspace, { targets, reverseFirst, force }: RehearseFirst, ui: Interaction): Promise<string[]> {
  const words = targets.map((target) => target.join('.'))
  try {
    const { rehearsals } = await rehearse(workspace, { words, reverseFirst }, ui)
    const doubtful = rehearsals.filter(({ answer }) => answer !== 'repeatable')
    if (doubtful.length > 0 && !force)
      throw new MigstateError('not-repeatable', doubtful.map(({ verdict }) => verdict).join(' '), { details: { rehearsal: doubtful[0], rehearsals } })
    return rehearsals.map(({ verdict }) => `Rehearsed just now: ${verdict}`)
  } catch (error) {
    if (!force || !(error instanceof MigstateError) || error.code !== 'cannot-rehearse') throw error
    return [error.fact]
  }
}
