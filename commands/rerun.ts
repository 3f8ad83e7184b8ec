import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { changeFlags, forceFlag } from '../src/cli/flags.js'
import { renderRerun } from '../src/render/change.js'
import { rerun } from '../src/api/rerun.js'

export default class Rerun extends MigstateCommand {
  static override strict = false
  static override group = 'change' as const
  static override usage = ['rerun APP MIGRATION...', 'rerun APP.MIGRATION...']
  static override summary = 'Run recorded data migrations again, and leave every other row exactly as it was.'
  static override description = `The table stays as it is: only Django's own session sees it without the migration and what depends on it, runs just this one, and
then the row gets the new time. With --mode table the rows are really taken out while it runs, and put back. If it fails, the
history is as before.`
  static override examples = [
    '<%= config.bin %> rerun shop 0003',
    '<%= config.bin %> rerun shop 0003 --dry-run',
    '<%= config.bin %> rerun shop 0003 0005 --yes',
    '<%= config.bin %> rerun shop 0003 --reverse-first',
    '<%= config.bin %> rerun shop 0003 --python "docker compose exec -T web python"',
    '<%= config.bin %> rerun shop 0003 --mode table --manage "make mig APP NAME"',
  ]
  static override flags = {
    mode: Flags.string({ options: ['shadow', 'table'], description: 'How it is run; shadow is the default.' }),
    'reverse-first': Flags.boolean({ description: 'Run its reverse code first, then the migration.' }),
    rehearse: Flags.boolean({ description: 'Rehearse it first, and stop unless a second run changes nothing.' }),
    manage: Flags.string({ helpValue: 'CMD', description: 'Table mode: a command that runs one migration, with the words APP and NAME (and ALIAS) in it.' }),
    timeout: Flags.string({ helpValue: 'SECONDS', description: 'Stop manage.py after this time; the history is then as before.' }),
    ...changeFlags,
    ...forceFlag,
  }

  async run(): Promise<void> {
    const parsed = await this.parse(Rerun)
    const { flags } = parsed
    const migrations = this.words(parsed, 'at least one migration, as "shop 0003" or "shop.0003"')
    const { force, 'dry-run': dryRun, 'reverse-first': reverseFirst, rehearse, reason } = flags
    await this.perform(flags, {
      files: 'required',
      readOnly: dryRun,
      work: (workspace, ui) => rerun(workspace, { migrations, force, dryRun, reverseFirst, rehearse, unattended: flags.yes || !ui.canAsk, reason }, ui),
      render: renderRerun,
    })
  }
}
