import { Command } from '@oclif/core/command'
import { loadConfig, Redactor } from '../config/index.js'
import { type Effects, MigstateError, toFailure, Warnings } from '../errors/index.js'
import { renderWarnings } from '../render/failure.js'
import type { Page } from '../render/page.js'
import { maskedCommand, Workspace, type WorkspaceOptions } from '../api/workspace.js'
import type { Interaction } from '../api/interaction.js'
import type { CommandGroup } from './help.js'
import { jsonLine, pageOn, put } from './output.js'
import { keepHeapSmall } from './keep-heap-small.js'
import { settingsFrom } from './settings-from.js'
import { openTerminal } from './terminal.js'
import { usageError } from './usage-error.js'

/** Flags as oclif parses them: every command has a part of these. */
export type ParsedFlags = Record<string, unknown>

export interface Performance<T> {
  files: WorkspaceOptions['files']
  /** Reading commands and dry runs. */
  readOnly: boolean
  /** No database is asked. */
  filesOnly?: boolean | undefined
  work(workspace: Workspace, ui: Interaction): Promise<T>
  render(result: T, page: Page, workspace: Workspace): string
  /** 3 for findings. */
  exitCode?(result: T): number
  /** Codes of warnings that the text shows in its place, so that they are not said twice. */
  drawn?: readonly string[]
}

/** What all commands share: configuration, one workspace, one document or one text, the connection closed in the end. */
export abstract class MigstateCommand extends Command {
  /** Its place in the root help. */
  static group: CommandGroup = 'inspect'

  protected async perform<T>(flags: ParsedFlags, performance: Performance<T>): Promise<void> {
    const config = loadConfig(settingsFrom(flags), process.env, process.cwd())
    const redactor = new Redactor()
    redactor.learnEnvironment(process.env)
    const terminal = openTerminal(config, flags.yes === true, redactor)
    const options = {
      files: performance.files,
      readOnly: performance.readOnly,
      filesOnly: performance.filesOnly,
      command: maskedCommand([...(this.id ?? '').split(':'), ...this.argv]),
      env: process.env,
      cwd: process.cwd(),
      signal: terminal.signal,
      redactor,
      onConnect: terminal.say,
      onManyFiles: keepHeapSmall,
      ...(config.verbose && !config.quiet ? { onStatement: terminal.statement } : {}),
    }
    const warnings = new Warnings()
    let workspace: Workspace | undefined
    let left = false
    try {
      // A server that says nothing must not hold the person; neither may a reading command.
      workspace = await terminal.unlessInterrupted(Workspace.open(config, options, warnings))
      running = workspace.effects
      const working = performance.work(workspace, terminal)
      const result = redactor.data(await (performance.readOnly ? terminal.unlessInterrupted(working) : working))
      terminal.clear()
      process.exitCode = performance.exitCode?.(result) ?? 0
      if (config.json) {
        const said = redactor.data(warnings.list())
        put(process.stdout, jsonLine({ schemaVersion: 1, command: commandName(this.id), ok: true, result, warnings: said }))
        return
      }
      const text = performance.render(result, pageOn(process.stdout, config), workspace)
      if (text !== '') put(process.stdout, `${text}\n`)
      const unsaid = redactor.data(warnings.list(terminal.weighed)).filter((warning) => !performance.drawn?.includes(warning.code))
      if (unsaid.length > 0) put(process.stderr, `${renderWarnings(unsaid, pageOn(process.stderr, config))}\n`)
    } catch (thrown) {
      const effects = workspace?.effects
      const failure = effects ? toFailure(thrown).after(effects) : toFailure(thrown)
      const error = failure.redacted(redactor)
      pendingWarnings.set(error, redactor.data(warnings.list()))
      left = error.code === 'interrupted' && (!workspace || performance.readOnly)
      throw error
    } finally {
      terminal.close()
      // What was left alone would keep the process alive; the failure is told first.
      if (left) setImmediate(() => process.exit())
      else await workspace?.close()
    }
  }

  /**
   * The words of a command that takes several of them, in their order (oclif's own `argv` puts equal words together). What follows `--` is
   * never a flag.
   * @throws MigstateError `usage`
   */
  protected words({ raw, nonExistentFlags }: ParsedWords, what: string, least = 1): string[] {
    const flag = nonExistentFlags?.[0]
    if (flag !== undefined) throw usageError({ parse: {}, flags: [flag] }, this.id ?? '', this.ctor)
    const words = raw.flatMap((token) => (token.type === 'arg' ? [token.input] : []))
    if (words.length < least) throw new MigstateError('usage', `Name ${what}.`, { hint: `See "migstate ${commandName(this.id)} --help".` })
    return words
  }
}

/** What oclif's parser says of the words of a command with `strict = false`. */
interface ParsedWords {
  raw: readonly { type: string; input: string }[]
  nonExistentFlags?: readonly string[] | undefined
}

let running: Effects | undefined

/** What the run that is under way has done so far, for a failure that escapes it. */
export function runningEffects(): Effects | undefined {
  return running
}

/** Warnings gathered before a failure, for the funnel in main. */
export const pendingWarnings = new WeakMap<Error, { code: string; message: string }[]>()

/** `mark:applied` as users type it. */
export function commandName(id: string | undefined): string | null {
  return id === undefined ? null : id.replaceAll(':', ' ')
}
