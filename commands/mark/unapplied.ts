import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../../src/cli/base-command.js'
import { changeFlags, forceFlag } from '../../src/cli/flags.js'
import { renderChange } from '../../src/render/change.js'
import { mark } from '../../src/api/mark.js'

export default class MarkUnapplied extends MigstateCommand {
  static override summary = 'Un-record migrations without undoing what they did.'
  static override description = 'Deletes their rows, all duplicates. A squash goes with the rows it replaces. The schema is not changed.'
  static override usage = ['mark unapplied APP MIGRATION...', 'mark unapplied APP.MIGRATION...']
  static override examples = [
    '<%= config.bin %> mark unapplied shop 0003',
    '<%= config.bin %> mark unapplied shop.0003 blog.0002',
    '<%= config.bin %> mark unapplied shop 0003 --with-dependants --dry-run',
  ]
  static override strict = false
  static override group = 'change' as const
  static override flags = {
    'with-dependants': Flags.boolean({ description: 'Un-record everything that depends on it as well, in all apps.' }),
    ...changeFlags,
    ...forceFlag,
  }

  async run(): Promise<void> {
    const parsed = await this.parse(MarkUnapplied)
    const { flags } = parsed
    const args = {
      applied: false,
      migrations: this.words(parsed, 'at least one migration, as "shop 0003" or "shop.0003"'),
      withDependants: flags['with-dependants'],
      force: flags.force,
      dryRun: flags['dry-run'],
      reason: flags.reason,
    }
    await this.perform(flags, { files: 'required', readOnly: flags['dry-run'], work: (workspace, ui) => mark(workspace, args, ui), render: renderChange })
  }
}
