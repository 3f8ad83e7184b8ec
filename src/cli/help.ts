import type { Command } from '@oclif/core/command'
import type { Config } from '@oclif/core/config'
import { CommandHelp, Help } from '@oclif/core/help'
import { pageOf, proseWidth } from '../render/page.js'
import { PLAIN, type Style } from '../render/style.js'
import { wrap } from '../render/wrap.js'

/** Where a command stands in the root help; the default is `inspect`. */
export type CommandGroup = 'inspect' | 'change' | 'undo' | 'more'

const GROUPS: Record<CommandGroup, string> = { inspect: 'INSPECT', change: 'CHANGE', undo: 'UNDO', more: 'MORE' }

const EXAMPLES = ['status', 'rerun shop 0003 --dry-run', 'mark applied shop.0003 blog.0002', 'rollback']

/** A command on one page: what it does and examples first, its own flags before those that all commands share. */
class OrderedCommandHelp extends CommandHelp {
  protected override sections(): ReturnType<CommandHelp['sections']> {
    const order = ['USAGE', 'DESCRIPTION', 'EXAMPLES', 'ARGUMENTS', 'FLAGS']
    const place = (header: string) => (order.includes(header) ? order.indexOf(header) : order.length)
    return super.sections().sort((left, right) => place(left.header) - place(right.header))
  }

  /** The summary stands above already. */
  protected override description(): string | undefined {
    const { description } = this.command
    return description === undefined ? undefined : this.wrap(this.render(description).replaceAll(/\s*\n\s*/g, ' '))
  }
}

export class MigstateHelp extends Help {
  protected override CommandHelpClass = OrderedCommandHelp
  readonly #style: Style

  constructor(config: Config, columns: number | undefined, style: Style = PLAIN) {
    super(config, { maxWidth: proseWidth(pageOf(style, columns)), flagSortOrder: 'none' })
    this.#style = style
  }

  override formatRoot(): string {
    const width = this.opts.maxWidth
    const commands = this.config.commands.filter((one) => !one.hidden)
    const label = (one: Command.Loadable) => one.id.replaceAll(':', ' ')
    const column = Math.max(...commands.map((one) => label(one).length)) + 4
    const sections = Object.entries(GROUPS).flatMap(([group, title]) => {
      const own = commands.filter((one) => ((one.group as CommandGroup | undefined) ?? 'inspect') === group)
      const lines = own
        .sort((left, right) => (left.id < right.id ? -1 : 1))
        .map((one) => `  ${label(one).padEnd(column - 2)}${wrap(firstSentence(one.summary ?? ''), width, ' '.repeat(column)).trimStart()}`)
      return own.length > 0 ? [[this.#style.strong(title), ...lines].join('\n')] : []
    })
    return [
      wrap(String(this.config.pjson.description), width),
      `${this.#style.strong('USAGE')}\n  $ ${this.config.bin} COMMAND [ARGUMENTS] [FLAGS]`,
      ...sections,
      [this.#style.strong('EXAMPLES'), ...EXAMPLES.map((words) => `  $ ${this.config.bin} ${words}`)].join('\n'),
      wrap(`"${this.config.bin} COMMAND --help" explains one command; --version says which migstate this is.`, width),
    ].join('\n\n')
  }

  protected override summary(command: Command.Loadable): string | undefined {
    const text = super.summary(command)
    return text === undefined ? undefined : wrap(text, this.opts.maxWidth)
  }

  protected override async showRootHelp(): Promise<void> {
    this.log(this.formatRoot())
  }
}

function firstSentence(text: string): string {
  return text.split(/[;:]\s/)[0]?.replace(/\.$/, '') ?? text
}
