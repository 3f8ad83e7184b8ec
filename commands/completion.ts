import * as Args from '@oclif/core/args'
import { Command } from '@oclif/core/command'
import type { Shell } from '../src/cli/completion/index.js'

export default class Completion extends Command {
  static override summary = 'Print a script that completes commands, flags, apps and migrations in a shell.'
  static override description = `The script is made once and starts nothing. Apps and migrations are those of the folders below the nearest manage.py.

    bash         source <(migstate completion bash)                       in ~/.bashrc
    zsh          source <(migstate completion zsh)                        in ~/.zshrc, after compinit
    fish         migstate completion fish | source                        in ~/.config/fish/config.fish
    powershell   migstate completion powershell | Out-String | iex        in $PROFILE`
  static override usage = 'completion bash|zsh|fish|powershell'
  static override examples = [
    'source <(<%= config.bin %> completion bash)',
    '<%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish',
  ]
  static override args = {
    shell: Args.string({ required: true, options: ['bash', 'zsh', 'fish', 'powershell'], description: 'The shell that reads it.' }),
  }

  async run(): Promise<void> {
    const { args } = await this.parse(Completion)
    const { completionScript } = await import('../src/cli/completion/index.js')
    process.stdout.write(completionScript(args.shell as Shell, this.config))
  }
}
