import * as Args from '@oclif/core/args'
import { MigstateCommand } from '../src/cli/base-command.js'
import { changeFlags } from '../src/cli/flags.js'
import { renderChange } from '../src/render/change.js'
import { rollback } from '../src/verbs/rollback.js'

export default class Rollback extends MigstateCommand {
  static override summary = 'Undo the last operation, or the named one, exactly: rows, ids, times, counter.'
  static override description =
    'A rollback is an operation itself, so a second one is redo. Rows that others changed stay; it refuses when just these rows moved on.'
  static override examples = ['<%= config.bin %> rollback', '<%= config.bin %> rollback 3f9a --dry-run']
  static override args = { operation: Args.string({ description: 'Id of an operation, or the beginning of one.' }) }
  static override flags = changeFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Rollback)
    await this.perform(flags, {
      files: 'optional',
      readOnly: flags['dry-run'],
      work: (workspace, ui) => rollback(workspace, { operation: args.operation, dryRun: flags['dry-run'], reason: flags.reason }, ui),
      render: renderChange,
    })
  }
}
