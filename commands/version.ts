import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { put } from '../src/cli/output.js'
import { renderVersion } from '../src/render/version.js'
import { versions } from '../src/api/version.js'

export default class Version extends Command {
  static group = 'more' as const
  static override summary = 'Show the versions of migstate, Node and the drivers, and the Django releases whose rules are known.'
  static override examples = ['<%= config.bin %> version', '<%= config.bin %> version --json']
  static override flags = { json: Flags.boolean({ description: 'One JSON document on stdout.' }) }

  async run(): Promise<void> {
    const { flags } = await this.parse(Version)
    const result = versions(this.config.version)
    const text = flags.json ? JSON.stringify({ schemaVersion: 1, command: 'version', ok: true, result, warnings: [] }) : renderVersion(result)
    put(process.stdout, `${text}\n`)
  }
}
