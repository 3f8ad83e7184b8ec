import type { Command } from '@oclif/core/command'
import { Config } from '@oclif/core/config'
import { loadConfig, maskUrl } from '../config/index.js'
import { didYouMean, inShort, MigstateError, toFailure } from '../errors/index.js'
import { renderFailure, renderWarnings } from '../render/failure.js'
import { commandName, pendingWarnings, runningEffects } from './base-command.js'
import { MigstateHelp } from './help.js'
import { jsonLine, pageOn, put } from './output.js'
import { isParserError, usageError } from './usage-error.js'

export interface MainOptions {
  config: Config
  /** The class of a command id such as `mark:applied`. */
  find(id: string): Promise<Command.Class | undefined>
}

/** The whole program: find the command, run it, turn every failure into one text or one document and one exit code. */
export async function main(argv: readonly string[], options: MainOptions): Promise<void> {
  let id: string | undefined
  let command: Command.Class | undefined
  try {
    const words = commandFirst(argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv)
    const match = findCommand(words, options.config)
    if (!match) return await helpOrUnknown(words, options.config)
    id = match.id
    if (wantsHelp(match.rest)) return await helpOf(options.config).showHelp([id])
    command = await options.find(id)
    if (!command) throw new MigstateError('internal-error', `The command ${id} is listed but has no class.`)
    await run(command, match.rest, options.config)
  } catch (error) {
    fail(toMigstateError(error, id, command), argv, id)
  }
}

/** As oclif's own `Command.run`, but for the second configuration that it makes of the one that it is given. */
async function run(command: Command.Class, argv: string[], config: Config): Promise<void> {
  const Runnable = command as unknown as new (argv: string[], config: Config) => { _run(): Promise<void> }
  await new Runnable(argv, config)._run()
}

/** Where not even the commands could be found, or where something escaped: the same text or document, and the exit code. */
export function failedOutside(error: unknown, argv: readonly string[]): void {
  const effects = runningEffects()
  fail(effects ? toFailure(error).after(effects) : toFailure(error), argv, undefined)
}

function helpOf(config: Config): MigstateHelp {
  const page = pageOn(process.stdout, {})
  return new MigstateHelp(config, page.width, page)
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
    put(process.stdout, `${config.userAgent}\n`)
    return
  }
  const named = words.filter((word) => !word.startsWith('-'))
  const topic = config.topics.find((one) => one.name === named[0])
  if (named.length === 0 && words.every(isHelpOrOutput)) return helpOf(config).showHelp([])
  if (topic && named.length === 1 && words.every((word) => !word.startsWith('-') || isHelpOrOutput(word))) return helpOf(config).showHelp([topic.name])
  throw unknownCommand(named, String(first), config)
}

function unknownCommand(named: readonly string[], first: string, config: Config): MigstateError {
  const names = config.commandIDs.map((id) => id.replaceAll(':', ' '))
  const topic = config.topics.find((one) => one.name === named[0])
  const inTopic = topic ? names.filter((name) => name.startsWith(`${topic.name} `)) : []
  const typed = named.slice(0, topic ? 2 : 1).join(' ') || first
  // A sub-command without its topic (`applied`), a mistyped word, a mistyped sub-command.
  const near = [...new Set([...didYouMean(typed, names), ...didYouMean(named.slice(0, 2).join(' '), names)])]
  const offered = near.length > 0 ? near : inTopic
  return new MigstateError('unknown-command', `There is no command "${typed}".`, {
    hint: offered.length > 0 ? `Did you mean ${offered.map((name) => `"migstate ${name}"`).join(' or ')}?` : `The commands are: ${inShort(names, 30)}.`,
    details: { candidates: offered },
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
function toMigstateError(error: unknown, id: string | undefined, command: Command.Class | undefined): MigstateError {
  return !(error instanceof MigstateError) && isParserError(error) ? usageError(error, id ?? '', command) : toFailure(error)
}

function fail(error: MigstateError, argv: readonly string[], id: string | undefined): void {
  const end = argv.indexOf('--')
  const flags = end < 0 ? argv : argv.slice(0, end)
  const warnings = pendingWarnings.get(error) ?? []
  const [message, hint] = [maskUrl(error.message), maskUrl(error.hint.replace('migstate COMMAND', `migstate ${commandName(id) ?? ''}`.trimEnd()))]
  process.exitCode = error.exitCode
  if (flags.includes('--json') || configuredJson()) {
    const { code, exitCode, consequence, details } = error
    const body = { code, message, hint, exitCode, consequence, ...(details ? { details } : {}) }
    put(process.stdout, jsonLine({ schemaVersion: 1, command: commandName(id), ok: false, error: body, warnings }))
    return
  }
  const has = (...names: string[]) => names.some((name) => flags.includes(name))
  const page = pageOn(process.stderr, { noColor: has('--no-color'), verbose: has('-v', '--verbose'), quiet: has('-q', '--quiet') })
  if (warnings.length > 0) put(process.stderr, `${renderWarnings(warnings, page)}\n`)
  const shown = Object.assign(Object.create(error) as MigstateError, { message, hint })
  put(process.stderr, `${maskUrl(renderFailure(shown, page))}\n`)
}

/** MIGSTATE_JSON or migstate.json, as far as they can be read: the failure may be about them. */
function configuredJson(): boolean {
  try {
    return loadConfig({}, process.env, process.cwd()).json === true
  } catch {
    return /^(1|true|yes|on)$/i.test(process.env.MIGSTATE_JSON ?? '')
  }
}
