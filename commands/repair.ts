import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { changeFlags } from '../src/cli/flags.js'
import { renderRepair } from '../src/render/repair.js'
import { repair } from '../src/api/repair.js'

export default class Repair extends MigstateCommand {
  static override summary = "Mend rows of the history as doctor's findings recommend, all in one operation."
  static override description =
    'Shows each row with its reason and evidence, asks once, and changes rows only: no migration runs. A finding whose repair has to run code is named and left alone. ' +
    'Without arguments it asks in a terminal which findings are meant.'
  static override usage = ['repair FINDING...', 'repair --all', 'repair --fix-table', 'repair']
  static override examples = [
    '<%= config.bin %> repair 1f0c9a2b 77aa01ce',
    '<%= config.bin %> repair --all --dry-run',
    '<%= config.bin %> repair --all --sql',
    '<%= config.bin %> repair --fix-table',
  ]
  static override strict = false
  static override group = 'change' as const
  static override flags = {
    all: Flags.boolean({ description: 'Every finding whose repair is marked safe: of rows only, and proven.' }),
    'fix-table': Flags.boolean({
      description:
        'Also findings of the table itself: a column "id" that fills itself no more (PostgreSQL, SQLite), an id counter that is behind its ids (PostgreSQL). Alone: only that.',
    }),
    sql: Flags.boolean({ description: 'Print the statements for a DBA in place of the change; implies --dry-run.', helpGroup: 'CHANGE' }),
    ...changeFlags,
  }

  async run(): Promise<void> {
    const parsed = await this.parse(Repair)
    const { flags } = parsed
    const args = {
      findings: this.words(parsed, 'findings by the ids of doctor, or --all', 0),
      all: flags.all,
      fixTable: flags['fix-table'],
      sql: flags.sql,
      dryRun: flags['dry-run'],
      reason: flags.reason,
    }
    await this.perform(flags, {
      files: 'optional',
      readOnly: flags['dry-run'] || flags.sql,
      work: (workspace, ui) => repair(workspace, args, ui),
      render: renderRepair,
      drawn: ['unreadable-file', 'depends-on-settings', 'unknown-app'],
    })
  }
}
