import type { Redactor } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import { tailOf, withChild } from '../child.js'
import type { Interrupts } from '../interrupts.js'
import type { ManageCommand } from '../manage-command.js'

/** What `showmigrations APP` says of one migration. */
export type Mark = 'X' | ' ' | '-' | null

/**
 * Asks Django itself which state it sees; the proof that manage.py uses the table that is being edited.
 * @throws MigstateError `django-does-not-start`
 */
export async function askDjango(
  manage: ManageCommand,
  app: string,
  name: string,
  env: Record<string, string | undefined>,
  interrupts: Interrupts,
  redactor: Redactor,
): Promise<Mark> {
  const result = await withChild(manage.showMigrations(app), { folder: manage.folder, env, redactor, onOutput() {} }, async (child) => {
    interrupts.child = child
    child.release()
    return child.result
  }).finally(() => (interrupts.child = undefined))
  if (interrupts.count > 0) throw new MigstateError('interrupted', 'Interrupted before the migration ran.')
  if (result.exitCode !== 0) {
    const why = result.startError ?? tailOf(result.output).at(-1) ?? `it exited with ${result.exitCode ?? result.signal}`
    throw new MigstateError('django-does-not-start', `"manage.py showmigrations ${app}" does not work: ${why.replace(/\.$/, '')}.`, {
      details: { exitCode: result.exitCode, tail: tailOf(result.output) },
    })
  }
  return markOf(result.output, name)
}

/** ` [X] 0001_initial (2 squashed migrations)`; null when the migration is not listed. */
export function markOf(output: string, name: string): Mark {
  for (const line of output.split(/\r?\n/)) {
    const match = /^\s*\[(.)\]\s+(\S+)/.exec(line)
    if (match?.[2] === name) return match[1] as Mark
  }
  return null
}
