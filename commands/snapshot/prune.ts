import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../../src/cli/base-command.js'
import { readFlags, writeFlags } from '../../src/cli/flags.js'
import { renderPruned } from '../../src/render/journal.js'
import { pruneSnapshots } from '../../src/api/snapshot-prune.js'

export default class SnapshotPrune extends MigstateCommand {
  static override summary = 'Give up the copies that no undo needs any more.'
  static override group = 'undo' as const
  static override description =
    'The copies of the newest operations that changed rows stay, those made by hand, and those of unfinished operations. What the journal says of an operation stays too, but without its copy it can no longer be undone: "migstate history" says of which.'
  static override examples = ['<%= config.bin %> snapshot prune --dry-run', '<%= config.bin %> snapshot prune --keep 100 --older-than 90']
  static override flags = {
    keep: Flags.integer({ min: 0, default: 20, helpValue: 'N', description: 'How many operations that changed rows can still be undone, the newest.' }),
    'older-than': Flags.integer({ min: 0, helpValue: 'DAYS', description: 'Only copies that are older.' }),
    'dry-run': writeFlags['dry-run'],
    yes: writeFlags.yes,
    'lock-timeout': writeFlags['lock-timeout'],
    ...readFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SnapshotPrune)
    const request = { keep: flags.keep, olderThan: flags['older-than'], dryRun: flags['dry-run'] }
    await this.perform(flags, {
      files: 'optional',
      readOnly: flags['dry-run'],
      work: (workspace, ui) => pruneSnapshots(workspace, request, ui),
      render: renderPruned,
    })
  }
}
