import { Args, Flags } from '@oclif/core'
import { MigstateCommand } from '../src/cli/base-command.js'
import { changeFlags, forceFlag } from '../src/cli/flags.js'
import { renderRerun } from '../src/render/change.js'
import { rerun } from '../src/verbs/rerun.js'

export default class Rerun extends MigstateCommand {
  static override summary = 'Run a recorded data migration again, and leave every other row exactly as it was.'
  static override description = `Takes the migration and its recorded dependants in all apps out of the table, lets manage.py run just this one, and puts
everything back: the migration keeps its id and gets the new time. If it fails, the history is as before.`
  static override examples = [
    '<%= config.bin %> rerun shop 0003',
    '<%= config.bin %> rerun shop 0003 --dry-run',
    '<%= config.bin %> rerun shop 0003 --manage "make migrate-one app=APP name=NAME" --mode table',
  ]
  static override args = {
    app: Args.string({ required: true, description: 'App label.' }),
    migration: Args.string({ required: true, description: 'Migration name, or the beginning of one.' }),
  }
  static override flags = {
    mode: Flags.string({ helpValue: 'MODE', description: 'How it is run: table (the default).' }),
    manage: Flags.string({ helpValue: 'CMD', description: 'A command that runs one migration, with the words APP and NAME (and ALIAS) in it.' }),
    ...changeFlags,
    ...forceFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Rerun)
    await this.perform(flags, {
      files: 'required',
      readOnly: flags['dry-run'],
      work: (workspace, ui) =>
        rerun(workspace, { ...args, force: flags.force, dryRun: flags['dry-run'], unattended: flags.yes || !ui.canAsk, reason: flags.reason }, ui),
      render: renderRerun,
    })
  }
}
