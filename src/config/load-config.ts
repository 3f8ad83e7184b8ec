import { dirname, join, resolve } from 'node:path'
import { MigstateError } from '../errors/index.js'
import { jsonErrorPlace } from './json-position.js'
import { readNear } from './plain-file.js'
import { findProjectFolder } from './project-folder.js'
import { SETTING_KEYS, type SettingKey, type Settings } from './settings.js'

/** A larger file is none that somebody has written. */
const MAX_BYTES = 100_000

export interface Config extends Settings {
  /** The alias of DATABASES. */
  database: string
  path: string[]
  lockTimeout: number
  /** Folder of manage.py, absolute; undefined when there is none and none was named. */
  projectFolder: string | undefined
  /** Where `url` comes from, for messages. */
  urlSource: 'flag' | 'environment' | 'file' | undefined
}

/**
 * Joins flags, environment and migstate.json into one value, all mistakes reported together.
 * @throws MigstateError `usage` or `no-project`
 */
export function loadConfig(flags: Settings, env: NodeJS.ProcessEnv, cwd: string): Config {
  const problems: string[] = []
  const fromEnv = readEnvironment(env, problems)
  const early = { ...fromEnv, ...defined(flags) }
  const startFolder = findProjectFolder(early, cwd)
  const file = readConfigFile(startFolder ?? cwd, cwd, problems)
  const merged: Settings = { ...file, ...fromEnv, ...defined(flags) }
  problems.push(...problemsOf(merged))
  if (problems.length > 0) throw new MigstateError('usage', `${problems.join('; ')}. Nothing was done.`)
  return {
    ...merged,
    database: merged.database ?? 'default',
    path: merged.path ?? [],
    lockTimeout: merged.lockTimeout ?? 10,
    projectFolder: merged.project === early.project ? startFolder : findProjectFolder(merged, cwd),
    urlSource: flags.url !== undefined ? 'flag' : fromEnv.url !== undefined ? 'environment' : file.url !== undefined ? 'file' : undefined,
  }
}

/** @throws MigstateError `usage` */
export function checkConfig<T extends Settings>(settings: T): T {
  const problems = problemsOf(settings)
  if (problems.length > 0) throw new MigstateError('usage', `${problems.join('; ')}. Nothing was done.`)
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
  if (type === 'strings') return text.split(':').filter(Boolean)
  if (type === 'number') return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
  if (/^(1|true|yes|on)$/i.test(text)) return true
  if (/^(0|false|no|off)$/i.test(text)) return false
  return undefined
}

function readConfigFile(projectFolder: string, cwd: string, problems: string[]): Settings {
  for (const folder of new Set([projectFolder, cwd])) {
    const path = join(folder, 'migstate.json')
    const file = readNear(path, MAX_BYTES)
    if (file === null) continue
    if ('refusal' in file) {
      problems.push(`${path} cannot be read: ${file.refusal}`)
      return {}
    }
    return checkConfigFile(path, file.text, problems)
  }
  return {}
}

function checkConfigFile(path: string, text: string, problems: string[]): Settings {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    problems.push(`${path} is not JSON (${jsonErrorPlace(text)})`)
    return {}
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    problems.push(`${path} is not a JSON object`)
    return {}
  }
  const found: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(data)) {
    const type = Object.hasOwn(SETTING_KEYS, key) ? SETTING_KEYS[key as SettingKey] : undefined
    if (!type) problems.push(`${path}: unknown key "${key}"`)
    else if (!hasType(value, type)) problems.push(`${path}: "${key}" must be ${type === 'strings' ? 'a list of strings' : `a ${type}`}`)
    else found[key] = value
  }
  // Paths in the file are relative to the file, so that it means the same from every folder.
  if (typeof found.project === 'string') found.project = resolve(dirname(path), found.project)
  if (Array.isArray(found.migrations))
    found.migrations = (found.migrations as string[]).map((entry) =>
      entry.replace(/=(.*[/\\].*)$/, (_all, place: string) => `=${resolve(dirname(path), place)}`),
    )
  if (Array.isArray(found.path)) found.path = found.path.map((entry) => resolve(dirname(path), entry))
  return found as Settings
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'strings') return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
  return typeof value === type
}

function defined(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings
}
