import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { readFlags } from '../src/cli/flags.js'
import { standardInput } from '../src/cli/standard-input.js'
import { renderDoctor } from '../src/render/doctor.js'
import { isReport, renderReport, REPORTS } from '../src/render/reports.js'
import { doctor, hasFindings } from '../src/api/doctor.js'

const SEVERITIES = ['error', 'warning', 'info'] as const

export default class Doctor extends MigstateCommand {
  static override summary = 'Say everything that is wrong, with evidence and the commands that mend it (exit 3 if anything is).'
  static override description =
    'Compares files, rows and the live schema. Nothing is written, no Python is started, and the right to read is enough. ' +
    'With --rehearse a migration of which nothing tells whether it ran is run in a transaction that is rolled back: what it would change tells (exit 8 if its code has ended that transaction).'
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --only hole --only ghost',
    '<%= config.bin %> doctor --json --fail-on error',
    '<%= config.bin %> doctor --format github',
    '<%= config.bin %> doctor --rehearse',
  ]
  static override flags = {
    only: Flags.string({ helpValue: 'CODE', multiple: true, multipleNonGreedy: true, description: 'Findings of this code only (repeatable).' }),
    'fail-on': Flags.option({ options: SEVERITIES, default: 'warning' as const, description: 'Exit 3 from this severity on.' })(),
    explain: Flags.string({ helpValue: 'TEXT|-', description: 'What explains this error of Django or the database; - reads it from standard input.' }),
    format: Flags.option({ options: ['text', 'json', ...REPORTS] as const, description: 'How the answer is written; json is --json.' })(),
    rehearse: Flags.boolean({ description: 'Rehearse what neither rows nor schema decide (see "rehearse"); it holds locks until it ends.' }),
    timeout: Flags.string({ helpValue: 'SECONDS', description: 'Stop and roll back each rehearsal after this time (default: 60).' }),
    'lock-timeout': Flags.string({ helpValue: 'SECONDS', description: 'How long a rehearsal waits for a lock (default: 10).' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask (where a Python before 3.8 cannot keep in files and network).' }),
    ...readFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    const error = flags.explain === '-' ? await standardInput() : flags.explain
    await this.perform(
      { ...flags, json: flags.json || flags.format === 'json' },
      {
        files: 'optional',
        readOnly: !flags.rehearse,
        work: (workspace, ui) => doctor(workspace, { only: flags.only, explain: error, rehearse: flags.rehearse }, ui),
        render: (result, page) => (isReport(flags.format) ? renderReport(result, flags.format) : renderDoctor(result, page)),
        drawn: ['unfinished-operation', 'table-ambiguous', 'unreadable-file', 'depends-on-settings', 'unknown-app'],
        exitCode: (result) => (hasFindings(result, flags['fail-on']) ? 3 : 0),
      },
    )
  }
}
