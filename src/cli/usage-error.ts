import type { Command } from '@oclif/core/command'
import { didYouMean, MigstateError } from '../errors/index.js'

/** What oclif's parser throws. */
interface ParserError {
  message?: string
  oclif?: { exit?: number }
  parse?: unknown
  flags?: string[]
  args?: { name?: string; description?: string }[] | string[]
}

export function isParserError(error: unknown): error is ParserError {
  const { parse, oclif } = error as ParserError
  return parse !== undefined || oclif?.exit === 2
}

/** A mistake on the command line, in one sentence, with the flag that was probably meant. */
export function usageError(error: ParserError, id: string, command: Command.Class | undefined): MigstateError {
  const name = id.replaceAll(':', ' ')
  const help = `See "migstate ${name} --help".`
  if (error.flags) {
    const near = error.flags.flatMap((flag) => didYouMean(flag.replace(/^-+/, '').replace(/=.*/s, ''), Object.keys(command?.flags ?? {})))
    const plural = error.flags.length > 1
    const flags = error.flags.map((flag) => flag.replace(/=.*/s, '')).join(', ')
    return new MigstateError('usage', `"migstate ${name}" has no ${plural ? 'flags' : 'flag'} ${flags}.`, {
      hint: near.length > 0 ? `Did you mean ${near.map((flag) => `--${flag}`).join(' or ')}? ${help}` : help,
      cause: error,
    })
  }
  const missing = (error.args ?? []).flatMap((one) => (typeof one === 'object' && one.name ? [one.name.toUpperCase()] : []))
  if (missing.length > 0 && /^Missing/.test(error.message ?? ''))
    return new MigstateError('usage', `"migstate ${name}" needs ${missing.join(' and ')}.`, { hint: help, cause: error })
  const [line] = String(error.message).split(/\n(?:See more help|Note:)/)
  const text = String(line)
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
  return new MigstateError('usage', `${text.replace(/\.?$/, '.')}`, { hint: help, cause: error })
}
