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
  static override description = 'Compares files, rows and the live schema. Nothing is written, no Python is started, and the right to read is enough.'
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --only hole --only ghost',
    '<%= config.bin %> doctor --json --fail-on error',
    '<%= config.bin %> doctor --format github',
  ]
  static override flags = {
    only: Flags.string({ helpValue: 'CODE', multiple: true, multipleNonGreedy: true, description: 'Findings of this code only (repeatable).' }),
    'fail-on': Flags.option({ options: SEVERITIES, default: 'warning' as const, description: 'Exit 3 from this severity on.' })(),
    explain: Flags.string({ helpValue: 'TEXT|-', description: 'What explains this error of Django or the database; - reads it from standard input.' }),
    format: Flags.option({ options: ['text', 'json', ...REPORTS] as const, description: 'How the answer is written; json is --json.' })(),
    ...readFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    const error = flags.explain === '-' ? await standardInput() : flags.explain
    await this.perform(
      { ...flags, json: flags.json || flags.format === 'json' },
      {
        files: 'optional',
        readOnly: true,
        work: (workspace) => doctor(workspace, { only: flags.only, explain: error }),
        render: (result, page) => (isReport(flags.format) ? renderReport(result, flags.format) : renderDoctor(result, page)),
        drawn: ['unfinished-operation', 'table-ambiguous', 'unreadable-file', 'depends-on-settings', 'unknown-app'],
        exitCode: (result) => (hasFindings(result, flags['fail-on']) ? 3 : 0),
      },
    )
  }
}
