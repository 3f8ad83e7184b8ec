import { MigstateCommand } from '../../src/cli/base-command.js'
import { requiredArgument, readFlags } from '../../src/cli/flags.js'
import { renderSnapshot } from '../../src/render/journal.js'
import { showSnapshot } from '../../src/api/snapshot.js'

export default class SnapshotShow extends MigstateCommand {
  static override summary = 'Show every row of a snapshot.'
  static override group = 'undo' as const
  static override examples = ['<%= config.bin %> snapshot show 3f9a']
  static override args = { id: requiredArgument('Id of a snapshot, or the beginning of one.') }
  static override flags = readFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SnapshotShow)
    await this.perform(flags, { files: 'optional', readOnly: true, work: (workspace) => showSnapshot(workspace, args), render: renderSnapshot })
  }
}
