import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { argument, changeFlags } from '../src/cli/flags.js'
import { renderRollback } from '../src/render/change.js'
import { rollback } from '../src/api/rollback.js'

export default class Rollback extends MigstateCommand {
  static override summary = 'Undo the last operation, or the named one, exactly: rows, ids, times, counter.'
  static override description =
    'A rollback is an operation itself, so a second one is redo. Rows that others changed stay; it refuses when just these rows moved on.'
  static override group = 'undo' as const
  static override examples = ['<%= config.bin %> rollback', '<%= config.bin %> rollback 3f9a --dry-run', '<%= config.bin %> rollback --to 3f9a']
  static override args = { operation: argument('Id of an operation, or the beginning of one.') }
  static override flags = {
    to: Flags.string({ helpValue: 'OPERATION', description: 'Undo everything down to and including this operation, newest first, as one.' }),
    ...changeFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Rollback)
    const request = { operation: args.operation, to: flags.to, dryRun: flags['dry-run'], unattended: flags.yes, reason: flags.reason }
    await this.perform(flags, {
      files: 'optional',
      readOnly: flags['dry-run'],
      work: (workspace, ui) => rollback(workspace, request, ui),
      render: renderRollback,
    })
  }
}
