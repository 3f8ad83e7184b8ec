import { delimiter } from 'node:path'
import { MigstateError } from '../errors/index.js'
import { type ConfigFile, readConfigFile } from './config-file.js'
import { findProjectFolder } from './project-folder.js'
import { SETTING_KEYS, type SettingKey, type Settings } from './settings.js'
import { isTrusted, NEEDS_TRUST } from './trust.js'

export interface Config extends Settings {
  /** The alias of DATABASES. */
  database: string
  path: string[]
  lockTimeout: number
  /** Folder of manage.py, absolute; undefined when there is none and none was named. */
  projectFolder: string | undefined
  /** Where `url` comes from, for messages. */
  urlSource: 'flag' | 'environment' | 'file' | undefined
  /** What migstate.json says and nobody has trusted, so that it does not count. */
  untrusted: { file: string; keys: SettingKey[] } | undefined
}

/**
 * Joins flags, environment and migstate.json into one value, all mistakes reported together.
 * @throws MigstateError `usage` or `no-project`
 */
export function loadConfig(flags: Settings, env: NodeJS.ProcessEnv, cwd: string): Config {
  const problems: string[] = []
  const fromEnv = readEnvironment(env, problems)
  const early = { ...fromEnv, ...defined(flags) }
  const startFolder = findProjectFolder(early, cwd, env)
  const { settings: file, untrusted } = trustedPart(readConfigFile(startFolder ?? cwd, cwd, problems), env)
  const merged: Settings = { ...file, ...fromEnv, ...defined(flags) }
  problems.push(...problemsOf(merged))
  if (problems.length > 0) throw new MigstateError('usage', `${problems.join('; ')}.`)
  return {
    ...merged,
    database: merged.database ?? 'default',
    path: merged.path ?? [],
    lockTimeout: merged.lockTimeout ?? 10,
    projectFolder: merged.project === early.project ? startFolder : findProjectFolder(merged, cwd, env),
    urlSource: flags.url !== undefined ? 'flag' : fromEnv.url !== undefined ? 'environment' : file.url !== undefined ? 'file' : undefined,
    untrusted: untrusted && { ...untrusted, keys: untrusted.keys.filter((key) => early[key] === undefined) },
  }
}

/**
 * The file that `loadConfig` would take.
 * @param evenBroken also one that says what it must not
 * @throws MigstateError `usage` `no-project`
 */
export function nearestConfigFile(flags: Settings, env: NodeJS.ProcessEnv, cwd: string, { evenBroken }: { evenBroken: boolean }): ConfigFile | null {
  const problems: string[] = []
  const early = { ...readEnvironment(env, problems), ...defined(flags) }
  const file = readConfigFile(findProjectFolder({ ...early, noFiles: true }, cwd) ?? cwd, cwd, problems)
  if (problems.length > 0 && !(evenBroken && file)) throw new MigstateError('usage', `${problems.join('; ')}.`)
  return file
}

/** A file of the project starts no program and names no database, unless this user has trusted it. */
function trustedPart(file: ConfigFile | null, env: NodeJS.ProcessEnv): { settings: Settings; untrusted: Config['untrusted'] } {
  if (file === null) return { settings: {}, untrusted: undefined }
  const keys = NEEDS_TRUST.filter((key) => file.settings[key] !== undefined)
  if (keys.length === 0 || isTrusted(file, env)) return { settings: file.settings, untrusted: undefined }
  const settings = Object.fromEntries(Object.entries(file.settings).filter(([key]) => !keys.includes(key as SettingKey))) as Settings
  return { settings, untrusted: { file: file.path, keys } }
}

/** @throws MigstateError `usage` */
export function checkConfig<T extends Settings>(settings: T): T {
  const problems = problemsOf(settings)
  if (problems.length > 0) throw new MigstateError('usage', `${problems.join('; ')}.`)
  return settings
}

function problemsOf({ lockTimeout, timeout, mode, migrations, djangoVersion }: Settings): string[] {
  const problems: string[] = []
  if (lockTimeout !== undefined && !(lockTimeout >= 0 && Number.isFinite(lockTimeout))) problems.push('--lock-timeout is a number of seconds, 0 or more')
  if (timeout !== undefined && !(timeout > 0 && timeout <= 2_000_000)) problems.push('--timeout is a number of seconds, more than 0')
  if (mode !== undefined && !['shadow', 'table'].includes(mode)) problems.push(`--mode "${mode}" is not "shadow" or "table"`)
  for (const entry of migrations ?? []) if (!/^\w+=./.test(entry)) problems.push(`--migrations "${entry}" is not LABEL=PATH`)
  if (djangoVersion !== undefined && !/^\d+\.\d+(\.\d+)?$/.test(djangoVersion))
    problems.push(`--django-version "${djangoVersion}" is not a version such as 5.2 or 4.2.16`)
  return problems
}

function readEnvironment(env: NodeJS.ProcessEnv, problems: string[]): Settings {
  const found: Record<string, unknown> = {}
  for (const [key, type] of Object.entries(SETTING_KEYS)) {
    const name = `MIGSTATE_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
    const text = env[name]
    if (text === undefined || text === '') continue
    const value = fromText(text, type)
    if (value === undefined) problems.push(`${name}="${text}" is not a ${type}`)
    else found[key] = value
  }
  return found as Settings
}

function fromText(text: string, type: string): unknown {
  if (type === 'string') return text
  // As in PYTHONPATH: a colon is a part of paths on Windows.
  if (type === 'strings') return text.split(delimiter).filter(Boolean)
  if (type === 'number') return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
  if (/^(1|true|yes|on)$/i.test(text)) return true
  if (/^(0|false|no|off)$/i.test(text)) return false
  return undefined
}

function defined(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings
}
