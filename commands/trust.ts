import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { outputFlags, projectFlags } from '../src/cli/flags.js'
import { jsonLine, pageOn, put } from '../src/cli/output.js'
import { settingsFrom } from '../src/cli/settings-from.js'
import { renderTrust } from '../src/render/trust.js'
import { changeTrust } from '../src/api/trust.js'

export default class Trust extends Command {
  static group = 'more' as const
  static override summary = 'Let the migstate.json of this project name programs and databases; remembered for this user.'
  static override description =
    'A checkout may be from a stranger, so "python", "managePy", "manage", "askDjango" and "url" of its migstate.json count only once you have looked at the file and said so. When the file changes it has to be trusted again.'
  static override examples = ['<%= config.bin %> trust', '<%= config.bin %> trust --revoke']
  static override flags = {
    revoke: Flags.boolean({ description: 'No longer.' }),
    project: projectFlags.project,
    ...outputFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Trust)
    const result = changeTrust(settingsFrom(flags), { revoke: flags.revoke }, { env: process.env, cwd: process.cwd() })
    const text = flags.json
      ? jsonLine({ schemaVersion: 1, command: 'trust', ok: true, result, warnings: [] }).trimEnd()
      : renderTrust(result, pageOn(process.stdout, { noColor: flags['no-color'], verbose: flags.verbose, quiet: flags.quiet }))
    put(process.stdout, `${text}\n`)
  }
}
