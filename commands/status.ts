import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { readFlags } from '../src/cli/flags.js'
import { renderStatus } from '../src/render/status.js'
import { problemsOf, status } from '../src/api/status.js'

export default class Status extends MigstateCommand {
  static override summary = 'Show files against rows, like showmigrations, with holes, ghosts and duplicates.'
  static override usage = 'status [APP...]'
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status shop --json', '<%= config.bin %> status --check']
  static override strict = false
  static override flags = {
    check: Flags.boolean({
      description: 'Exit 3 when anything is unapplied, a hole, a ghost, a duplicate, a conflict or unreadable, or an installed app is not found.',
    }),
    data: Flags.boolean({ description: 'List only migrations with data operations (RunPython, RunSQL, custom ones).' }),
    ...readFlags,
  }

  async run(): Promise<void> {
    const parsed = await this.parse(Status)
    const { flags } = parsed
    const apps = this.words(parsed, 'an app', 0)
    await this.perform(flags, {
      files: 'required',
      readOnly: true,
      work: (workspace) => status(workspace, { apps, data: flags.data }),
      render: (result, page, workspace) => renderStatus(result, page, workspace.aliases.length > 1),
      drawn: ['hole', 'ghost', 'duplicate', 'conflict'],
      exitCode: (result) => (flags.check && problemsOf(result).length > 0 ? 3 : 0),
    })
  }
}
