import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { readFlags, writeFlags } from '../src/cli/flags.js'
import { renderUninstall } from '../src/render/uninstall.js'
import { uninstall } from '../src/api/uninstall.js'

export default class Uninstall extends MigstateCommand {
  static override group = 'more' as const
  static override summary = "Drop migstate's side tables, after a last export of the journal."
  static override description = 'The history itself is not touched. Afterwards no earlier change can be undone, and no snapshot restored.'
  static override examples = ['<%= config.bin %> uninstall --dry-run', '<%= config.bin %> uninstall --export journal.json']
  static override flags = {
    export: Flags.string({ helpValue: 'FILE', description: 'Where the journal is written; never over a file. Default: migstate-journal-TIME.json.' }),
    'no-export': Flags.boolean({ description: 'Write no file.', exclusive: ['export'] }),
    'dry-run': writeFlags['dry-run'],
    yes: writeFlags.yes,
    'lock-timeout': writeFlags['lock-timeout'],
    ...readFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Uninstall)
    const request = { export: flags.export, noExport: flags['no-export'], dryRun: flags['dry-run'] }
    await this.perform(flags, {
      files: 'optional',
      readOnly: flags['dry-run'],
      work: (workspace, ui) => uninstall(workspace, request, ui),
      render: renderUninstall,
    })
  }
}
