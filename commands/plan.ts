import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { argument, readFlags } from '../src/cli/flags.js'
import { renderPlan } from '../src/render/plan.js'
import { plan } from '../src/api/plan.js'

export default class Plan extends MigstateCommand {
  static override summary = 'Show what "manage.py migrate …" would do now, or every gate that stops it (exit 3).'
  static override examples = [
    '<%= config.bin %> plan',
    '<%= config.bin %> plan shop 0003',
    '<%= config.bin %> plan shop zero',
    '<%= config.bin %> plan --no-rows',
  ]
  static override args = {
    app: argument('App label; or app.name, or the path of a file.'),
    migration: argument('Migration name or prefix as Django takes it, or "zero".'),
  }
  static override flags = {
    'no-rows': Flags.boolean({
      description: 'Ask no database: what migrate would do on a new one, for a hook or a check of a checkout.',
      exclusive: ['url', 'schema', 'table', 'no-files'],
    }),
    ...readFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Plan)
    await this.perform(flags, {
      files: 'required',
      readOnly: true,
      filesOnly: flags['no-rows'],
      work: (workspace) => plan(workspace, args),
      render: (result, page) => renderPlan(result, page, flags['no-rows'] ? ' on a new database' : ''),
      exitCode: (result) => (result.blockedBy.length > 0 ? 3 : 0),
    })
  }
}
