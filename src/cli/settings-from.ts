import type { Settings } from '../config/index.js'
import { MigstateError } from '../errors/index.js'

/** Flags as oclif parses them to the settings that they stand for. @throws MigstateError `usage` */
export function settingsFrom(flags: Record<string, unknown>): Settings {
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
  if (!/^\d+(\.\d+)?$/.test(text)) throw new MigstateError('usage', `--${flag} "${text}" is not a number of seconds.`, { hint: `Write it as --${flag} 30.` })
  return Number(text)
}
