import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../../src/cli/base-command.js'
import { changeFlags, forceFlag } from '../../src/cli/flags.js'
import { renderChange } from '../../src/render/change.js'
import { mark } from '../../src/api/mark.js'

export default class MarkApplied extends MigstateCommand {
  static override summary = 'Record migrations as applied without running them.'
  static override description = 'Inserts the rows that are missing, never a second one. A squash writes the rows it replaces too. The schema is not changed.'
  static override usage = ['mark applied APP MIGRATION...', 'mark applied APP.MIGRATION...']
  static override examples = [
    '<%= config.bin %> mark applied shop 0003',
    '<%= config.bin %> mark applied shop.0003 blog.0002',
    '<%= config.bin %> mark applied shop 0005 --with-dependencies --dry-run',
  ]
  static override strict = false
  static override group = 'change' as const
  static override flags = {
    'with-dependencies': Flags.boolean({ description: 'Record everything it depends on as well, in all apps.' }),
    ...changeFlags,
    ...forceFlag,
  }

  async run(): Promise<void> {
    const parsed = await this.parse(MarkApplied)
    const { flags } = parsed
    const args = {
      applied: true,
      migrations: this.words(parsed, 'at least one migration, as "shop 0003" or "shop.0003"'),
      withDependencies: flags['with-dependencies'],
      force: flags.force,
      dryRun: flags['dry-run'],
      reason: flags.reason,
    }
    await this.perform(flags, { files: 'required', readOnly: flags['dry-run'], work: (workspace, ui) => mark(workspace, args, ui), render: renderChange })
  }
}
