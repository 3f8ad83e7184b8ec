import type { Redactor } from '../config/index.js'
import { MigstateError } from '../errors/index.js'
import { tailOf, withChild } from './child.js'
import type { ManageCommand } from './manage-command.js'

export interface MigrateOptions {
  env: Record<string, string | undefined>
  redactor: Redactor
  onOutput(chunk: string): void
}

/** `manage.py migrate`, for a database of a test. @throws MigstateError `manage-failed`: what it did before is not looked at */
export async function migrateAll(manage: ManageCommand, options: MigrateOptions): Promise<void> {
  const { exitCode, signal, startError, output } = await withChild(manage.migrateAll(), { folder: manage.folder, ...options }, (child) => {
    child.release()
    return child.result
  })
  if (exitCode === 0) return
  const tail = tailOf(output)
  const why = startError ?? tail.at(-1) ?? `it ended with ${exitCode ?? signal}`
  const failure = new MigstateError('manage-failed', `"manage.py migrate" failed: ${why}`, { hint: 'Run it by hand.', details: { exitCode, tail } })
  throw failure.after({ consequence: startError === null ? 'unknown' : 'nothing', operation: null, finished: false })
}
