import { MigstateCommand } from '../../src/cli/base-command.js'
import { requiredArgument, changeFlags } from '../../src/cli/flags.js'
import { renderChange } from '../../src/render/change.js'
import { restoreSnapshot } from '../../src/api/snapshot.js'

export default class SnapshotRestore extends MigstateCommand {
  static override summary = 'Make the table equal to a snapshot: later rows go, ids and times are exact.'
  static override group = 'undo' as const
  static override examples = ['<%= config.bin %> snapshot restore 3f9a --dry-run']
  static override args = { id: requiredArgument('Id of a snapshot, or the beginning of one.') }
  static override flags = changeFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SnapshotRestore)
    await this.perform(flags, {
      files: 'optional',
      readOnly: flags['dry-run'],
      work: (workspace, ui) => restoreSnapshot(workspace, { id: args.id, dryRun: flags['dry-run'], reason: flags.reason }, ui),
      render: renderChange,
    })
  }
}
