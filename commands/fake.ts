import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { argument, changeFlags } from '../src/cli/flags.js'
import { renderFake } from '../src/render/change.js'
import { fake } from '../src/api/fake.js'

export default class Fake extends MigstateCommand {
  static override summary = 'Write the rows that "manage.py migrate --fake …" would write, also where Django refuses.'
  static override description =
    'Rows of other apps that come or go are listed first. What stops Django itself is a warning; "migstate mark" is the way to change only what you name. The schema is not changed.'
  static override group = 'change' as const
  static override examples = ['<%= config.bin %> fake shop --dry-run', '<%= config.bin %> fake shop 0003', '<%= config.bin %> fake shop zero']
  static override args = {
    app: argument('App label; or app.name, or the path of a file.'),
    migration: argument('Migration name or prefix as Django takes it, or "zero".'),
  }
  static override flags = {
    initial: Flags.boolean({ description: 'Only what "migrate --fake-initial" would record: its tables are there already.', helpGroup: 'CHANGE' }),
    ...changeFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Fake)
    const request = { ...args, initial: flags.initial, dryRun: flags['dry-run'], reason: flags.reason }
    await this.perform(flags, { files: 'required', readOnly: flags['dry-run'], work: (workspace, ui) => fake(workspace, request, ui), render: renderFake })
  }
}
