import type { Command } from '@oclif/core/command'
import { Config } from '@oclif/core/config'
import { Help } from '@oclif/core/help'
import { loadConfig, maskUrl } from '../config/index.js'
import { MigstateError } from '../errors/index.js'
import { renderFailure, renderWarnings } from '../render/failure.js'
import { chooseStyle } from '../render/style.js'
import { commandName, pendingWarnings } from './base-command.js'

export interface MainOptions {
  config: Config
  /** The class of a command id such as `mark:applied`. */
  find(id: string): Promise<Command.Class | undefined>
}

/** The whole program: find the command, run it, turn every failure into one text or one document and one exit code. */
export async function main(argv: readonly string[], options: MainOptions): Promise<void> {
  let id: string | undefined
  try {
    const words = commandFirst(argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv)
    const match = findCommand(words, options.config)
    if (!match) return await helpOrUnknown(words, options.config)
    id = match.id
    if (wantsHelp(match.rest)) return await new Help(options.config, { maxWidth: 100 } as never).showHelp([id])
    const command = await options.find(id)
    if (!command) throw new MigstateError('internal-error', `The command ${id} is listed but has no class.`)
    await command.run(match.rest, options.config)
  } catch (error) {
    fail(toMigstateError(error), argv, id)
  }
}

/** `migstate --json status` means `migstate status --json`. */
function commandFirst(argv: readonly string[]): string[] {
  const at = argv.findIndex((word) => !OUTPUT_FLAGS.includes(word))
  return at <= 0 ? [...argv] : [...argv.slice(at), ...argv.slice(0, at)]
}

const OUTPUT_FLAGS = ['--json', '--no-color', '-v', '--verbose', '-q', '--quiet']

/** The longest run of leading words that is a command: `mark applied shop 0003`. */
function findCommand(words: readonly string[], config: Config): { id: string; rest: string[] } | undefined {
  for (let length = Math.min(3, words.length); length > 0; length--) {
    const id = words.slice(0, length).join(':')
    if (config.commandIDs.includes(id)) return { id, rest: words.slice(length) }
  }
  return undefined
}

async function helpOrUnknown(words: string[], config: Config): Promise<void> {
  const [first] = words
  if (first === '--version' || first === '-V') {
    process.stdout.write(`${config.userAgent}\n`)
    return
  }
  const named = words.filter((word) => !word.startsWith('-'))
  const topic = config.topics.find((one) => one.name === named[0])
  if (named.length === 0 && words.every(isHelpOrOutput)) return new Help(config).showHelp([])
  if (topic && named.length === 1 && words.every((word) => !word.startsWith('-') || isHelpOrOutput(word))) return new Help(config).showHelp([topic.name])
  const typed = named.slice(0, topic ? 2 : 1).join(' ') || String(first)
  const near = config.commandIDs.map((id) => id.replaceAll(':', ' ')).filter((name) => name.startsWith(named[0] ?? '\0') || name.includes(named.at(-1) ?? '\0'))
  throw new MigstateError('unknown-command', `There is no command "${typed}". Nothing was done.`, {
    hint: near.length > 0 ? `Did you mean: ${near.join(', ')}?` : 'See "migstate --help".',
  })
}

function isHelpOrOutput(word: string): boolean {
  return word === '--help' || word === '-h' || OUTPUT_FLAGS.includes(word)
}

function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return (end < 0 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h')
}

/** Everything that reaches the top: our own errors, oclif's parser errors (usage), and bugs. */
function toMigstateError(error: unknown): MigstateError {
  if (error instanceof MigstateError) return error
  const oclif = error as { oclif?: { exit?: number }; message?: string; parse?: unknown }
  if (oclif?.parse !== undefined || oclif?.oclif?.exit === 2) {
    const [line] = String(oclif.message).split(/\n(?:See more help|Note:)/)
    return new MigstateError(
      'usage',
      `${String(line)
        .trim()
        .replaceAll(/\s*\n\s*/g, ' ')}. Nothing was done.`.replace(/\.\. /, '. '),
      { cause: error },
    )
  }
  return new MigstateError('internal-error', `Something went wrong that migstate did not expect: ${(error as Error)?.message ?? String(error)}`, {
    cause: error,
  })
}

function fail(error: MigstateError, argv: readonly string[], id: string | undefined): void {
  const end = argv.indexOf('--')
  const flags = end < 0 ? argv : argv.slice(0, end)
  const warnings = pendingWarnings.get(error) ?? []
  process.exitCode = error.exitCode
  if (flags.includes('--json') || configuredJson()) {
    const { code, exitCode, details } = error
    const [message, hint] = [maskUrl(error.message), maskUrl(error.hint)]
    process.stdout.write(
      `${JSON.stringify({ schemaVersion: 1, command: commandName(id), ok: false, error: { code, message, hint, exitCode, ...(details ? { details } : {}) }, warnings })}\n`,
    )
    return
  }
  const style = chooseStyle(process.stderr.isTTY === true, flags.includes('--no-color'), process.env)
  const verbose = flags.includes('-v') || flags.includes('--verbose')
  if (warnings.length > 0 && !flags.includes('-q') && !flags.includes('--quiet')) process.stderr.write(`${renderWarnings(warnings, style)}\n`)
  process.stderr.write(`${maskUrl(renderFailure(error, style, verbose))}\n`)
}

/** MIGSTATE_JSON or migstate.json, as far as they can be read: the failure may be about them. */
function configuredJson(): boolean {
  try {
    return loadConfig({}, process.env, process.cwd()).json === true
  } catch {
    return /^(1|true|yes|on)$/i.test(process.env.MIGSTATE_JSON ?? '')
  }
}
