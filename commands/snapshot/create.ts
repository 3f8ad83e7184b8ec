import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../../src/cli/base-command.js'
import { readFlags, writeFlags } from '../../src/cli/flags.js'
import { renderNewSnapshot } from '../../src/render/journal.js'
import { createSnapshot } from '../../src/api/snapshot.js'

export default class SnapshotCreate extends MigstateCommand {
  static override summary = 'Copy the whole history: rows, ids, times to the microsecond, counter.'
  static override group = 'undo' as const
  static override examples = ['<%= config.bin %> snapshot create', '<%= config.bin %> snapshot create --reason "before the move"']
  static override flags = {
    ...readFlags,
    yes: Flags.boolean({ char: 'y', description: 'Accepted and without effect: no row of the history changes.' }),
    reason: writeFlags.reason,
    'lock-timeout': writeFlags['lock-timeout'],
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SnapshotCreate)
    await this.perform(flags, {
      files: 'optional',
      readOnly: false,
      work: (workspace, ui) => createSnapshot(workspace, { reason: flags.reason }, ui),
      render: renderNewSnapshot,
    })
  }
}
