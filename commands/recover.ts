import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { argument, readFlags, writeFlags } from '../src/cli/flags.js'
import { renderChange } from '../src/render/change.js'
import { recover } from '../src/api/recover.js'

export default class Recover extends MigstateCommand {
  static override summary = 'Finish or undo an interrupted operation, from any machine, without the project.'
  static override description =
    'Everything it needs is in the journal. Where the rows do not prove whether the migration ran, it says what it saw and asks for --assume.'
  static override group = 'undo' as const
  static override examples = ['<%= config.bin %> recover', '<%= config.bin %> recover 3f9a --assume not-applied']
  static override args = { operation: argument('Id of an operation, or the beginning of one.') }
  static override flags = {
    assume: Flags.string({ options: ['applied', 'not-applied'] as const, description: 'Where only a person can know: did the migration do its work?' }),
    yes: Flags.boolean({ char: 'y', description: 'Accepted and without effect: recovering never asks, and this does not stand for --assume.' }),
    'dry-run': writeFlags['dry-run'],
    'lock-timeout': writeFlags['lock-timeout'],
    ...readFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Recover)
    const assume = flags.assume as 'applied' | 'not-applied' | undefined
    await this.perform(flags, {
      files: 'optional',
      readOnly: flags['dry-run'],
      work: (workspace, ui) => recover(workspace, { operation: args.operation, assume, dryRun: flags['dry-run'] }, ui),
      render: renderChange,
    })
  }
}
