import { MigstateCommand } from '../src/cli/base-command.js'
import { argument, requiredArgument, readFlags } from '../src/cli/flags.js'
import { renderShow } from '../src/render/show.js'
import { show } from '../src/api/show.js'

export default class Show extends MigstateCommand {
  static override summary = 'Show one migration: row, file, dependencies, dependants, operations, journal entries.'
  static override examples = ['<%= config.bin %> show shop 0003', '<%= config.bin %> show shop 0003 --json']
  static override args = {
    app: requiredArgument('App label; or app.name, or the path of a file.'),
    migration: argument('Migration name or unique prefix.'),
  }
  static override flags = readFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Show)
    const request = args.migration === undefined ? { migration: args.app } : { app: args.app, migration: args.migration }
    await this.perform(flags, { files: 'optional', readOnly: true, work: (workspace) => show(workspace, request), render: renderShow })
  }
}
