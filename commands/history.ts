import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { argument, readFlags } from '../src/cli/flags.js'
import { renderHistory } from '../src/render/journal.js'
import { history } from '../src/api/history.js'

export default class History extends MigstateCommand {
  static override summary = 'Show what migstate has changed: what, who, when, why, outcome; newest first.'
  static override group = 'undo' as const
  static override examples = ['<%= config.bin %> history', '<%= config.bin %> history 3f9a --json']
  static override args = { operation: argument('Id of an operation, or the beginning of one.') }
  static override flags = {
    limit: Flags.integer({ min: 1, default: 50, helpValue: 'N', description: 'How many operations to list.' }),
    ...readFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(History)
    await this.perform(flags, {
      files: 'optional',
      readOnly: true,
      work: (workspace) => history(workspace, { operation: args.operation, limit: flags.limit }),
      render: renderHistory,
    })
  }
}
