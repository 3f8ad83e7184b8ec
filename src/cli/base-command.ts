import { Command } from '@oclif/core/command'
import { loadConfig, type Settings } from '../config/index.js'
import { MigstateError } from '../errors/index.js'
import { renderWarnings } from '../render/failure.js'
import { chooseStyle, type Style } from '../render/style.js'
import { maskedCommand, Workspace, type WorkspaceOptions } from '../verbs/workspace.js'
import type { Interaction } from '../verbs/interaction.js'
import { openTerminal } from './terminal.js'

/** Flags as oclif parses them: every command has a part of these. */
export type ParsedFlags = Record<string, unknown>

export interface Performance<T> {
  files: WorkspaceOptions['files']
  /** Reading commands and dry runs. */
  readOnly: boolean
  work(workspace: Workspace, ui: Interaction): Promise<T>
  render(result: T, style: Style, workspace: Workspace): string
  /** 3 for findings. */
  exitCode?(result: T): number
}

/** What all commands share: configuration, one workspace, one document or one text, the connection closed in the end. */
export abstract class MigstateCommand extends Command {
  protected async perform<T>(flags: ParsedFlags, performance: Performance<T>): Promise<void> {
    const config = loadConfig(settingsFrom(flags), process.env, process.cwd())
    const terminal = openTerminal(config, flags.yes === true)
    const options = {
      files: performance.files,
      readOnly: performance.readOnly,
      command: maskedCommand([...(this.id ?? '').split(':'), ...this.argv]),
      env: process.env,
      signal: terminal.signal,
    }
    let workspace: Workspace | undefined
    try {
      workspace = await Workspace.open(config, options)
      const result = await performance.work(workspace, terminal)
      const warnings = workspace.warnings.list()
      if (config.json) process.stdout.write(`${JSON.stringify({ schemaVersion: 1, command: commandName(this.id), ok: true, result, warnings })}\n`)
      else {
        const style = chooseStyle(process.stdout.isTTY === true, config.noColor ?? false, process.env)
        if (!config.quiet || performance.readOnly) process.stdout.write(`${performance.render(result, style, workspace)}\n`)
        if (warnings.length > 0 && !config.quiet)
          process.stderr.write(`${renderWarnings(warnings, chooseStyle(process.stderr.isTTY === true, config.noColor ?? false, process.env))}\n`)
      }
      process.exitCode = performance.exitCode?.(result) ?? 0
    } catch (error) {
      if (workspace && error instanceof MigstateError) pendingWarnings.set(error, workspace.warnings.list())
      throw error
    } finally {
      terminal.close()
      await workspace?.close()
    }
  }
}

/** Warnings gathered before a failure, for the funnel in main. */
export const pendingWarnings = new WeakMap<Error, { code: string; message: string }[]>()

/** `mark:applied` as users type it. */
export function commandName(id: string | undefined): string | null {
  return id === undefined ? null : id.replaceAll(':', ' ')
}

/**
 * The words after the named arguments of a command that takes several of them; oclif leaves unknown flags among them.
 * @throws MigstateError `usage`
 */
export function severalArguments(argv: readonly unknown[], what: string, least = 1): string[] {
  const words = argv.map(String)
  const flag = words.find((word) => /^-./.test(word))
  if (flag !== undefined) throw new MigstateError('usage', `There is no flag ${flag} here. Nothing was done.`)
  if (words.length < least) throw new MigstateError('usage', `Name ${what}. Nothing was done.`)
  return words
}

function settingsFrom(flags: ParsedFlags): Settings {
  const text = (name: string) => flags[name] as string | undefined
  const on = (name: string) => (flags[name] === true ? true : undefined)
  return {
    url: text('url'),
    database: text('database'),
    project: text('project'),
    settings: text('settings'),
    path: flags.path as string[] | undefined,
    migrations: flags.migrations as string[] | undefined,
    djangoVersion: text('django-version'),
    askDjango: on('ask-django'),
    noCache: on('no-cache'),
    noFiles: on('no-files'),
    schema: text('schema'),
    table: text('table'),
    python: text('python'),
    managePy: text('manage-py'),
    manage: text('manage'),
    mode: text('mode'),
    lockTimeout: seconds('lock-timeout', text('lock-timeout')),
    timeout: seconds('timeout', text('timeout')),
    json: on('json'),
    noColor: on('no-color'),
    verbose: on('verbose'),
    quiet: on('quiet'),
  } as Settings
}

function seconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d+(\.\d+)?$/.test(text)) throw new MigstateError('usage', `--${flag} "${text}" is not a number of seconds. Nothing was done.`)
  return Number(text)
}
