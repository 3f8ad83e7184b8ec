import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../../src/cli/base-command.js'
import { readFlags } from '../../src/cli/flags.js'
import { renderSnapshots } from '../../src/render/journal.js'
import { listSnapshots } from '../../src/api/snapshot.js'

export default class SnapshotList extends MigstateCommand {
  static override summary = 'List the snapshots, newest first: those made before each change and those made by hand.'
  static override group = 'undo' as const
  static override examples = ['<%= config.bin %> snapshot list']
  static override flags = {
    limit: Flags.integer({ min: 1, helpValue: 'N', description: 'How many snapshots to list. Default: all.' }),
    ...readFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SnapshotList)
    await this.perform(flags, {
      files: 'optional',
      readOnly: true,
      work: (workspace) => listSnapshots(workspace, { limit: flags.limit }),
      render: renderSnapshots,
    })
  }
}
