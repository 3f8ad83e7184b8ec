import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { argument, requiredArgument, changeFlags } from '../src/cli/flags.js'
import { renderRerun } from '../src/render/change.js'
import { run } from '../src/api/run.js'

export default class Run extends MigstateCommand {
  static override group = 'change' as const
  static override summary = 'Run one migration that Django refuses because of a hole, and record it.'
  static override description = `For a migration that is not recorded although something above it is. Django works in its own session, which does not see what depends on
it, runs just this one, and then the row is recorded. Schema operations are allowed. Everything else stays as it is.`
  static override usage = ['run APP MIGRATION', 'run APP.MIGRATION']
  static override examples = [
    '<%= config.bin %> run shop 0002 --dry-run',
    '<%= config.bin %> run shop.0002',
    '<%= config.bin %> run shop.0002 --with-dependencies',
  ]
  static override args = {
    app: requiredArgument('App label; or app.name, or the path of a file.'),
    migration: argument('Migration name or unique prefix.'),
  }
  static override flags = {
    'with-dependencies': Flags.boolean({ description: 'Run what it depends on and is not recorded either, first and in order, one operation each.' }),
    timeout: Flags.string({ helpValue: 'SECONDS', description: 'Stop manage.py after this time.' }),
    ...changeFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Run)
    const target = args.migration === undefined ? { migration: args.app } : { app: args.app, migration: args.migration }
    const { 'dry-run': dryRun, 'with-dependencies': withDependencies, reason } = flags
    await this.perform(flags, {
      files: 'required',
      readOnly: dryRun,
      work: (workspace, ui) => run(workspace, { ...target, dryRun, withDependencies, reason }, ui),
      render: renderRerun,
    })
  }
}
