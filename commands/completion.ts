import * as Args from '@oclif/core/args'
import { Command } from '@oclif/core/command'
import type { Shell } from '../src/cli/completion/index.js'
import { put } from '../src/cli/output.js'

export default class Completion extends Command {
  static group = 'more' as const
  static override summary = 'Print a script that completes commands, flags, apps and migrations in a shell.'
  static override description = `The script is read once, when a shell starts, and starts nothing itself. Apps and migrations are those of the folders below the
nearest manage.py; zsh needs compinit before it.`
  static override usage = 'completion bash|zsh|fish|powershell'
  static override examples = [
    { description: 'In ~/.bashrc:', command: 'source <(<%= config.bin %> completion bash)' },
    { description: 'In ~/.zshrc:', command: 'source <(<%= config.bin %> completion zsh)' },
    { description: 'In ~/.config/fish/config.fish:', command: '<%= config.bin %> completion fish | source' },
    { description: 'In $PROFILE of PowerShell:', command: '<%= config.bin %> completion powershell | Out-String | Invoke-Expression' },
  ]
  static override args = {
    shell: Args.string({ required: true, options: ['bash', 'zsh', 'fish', 'powershell'], description: 'The shell that reads it.' }),
  }

  async run(): Promise<void> {
    const { args } = await this.parse(Completion)
    const { completionScript } = await import('../src/cli/completion/index.js')
    put(process.stdout, completionScript(args.shell as Shell, this.config))
  }
}
