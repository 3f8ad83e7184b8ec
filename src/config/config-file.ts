import { dirname, join, resolve } from 'node:path'
import { jsonErrorPlace } from './json-position.js'
import { readNear } from './plain-file.js'
import { SETTING_KEYS, type SettingKey, type Settings } from './settings.js'

/** A larger file is none that somebody has written. */
const MAX_BYTES = 100_000

/** migstate.json as it was read. */
export interface ConfigFile {
  path: string
  text: string
  /** Paths in it are absolute: they count from the file, so that it means the same from every folder. */
  settings: Settings
}

/**
 * migstate.json of the project's folder, else of the current one.
 * @param problems gets what is wrong with it, a sentence each
 * @returns null where there is none, or none that can be read
 */
export function readConfigFile(projectFolder: string, cwd: string, problems: string[]): ConfigFile | null {
  for (const folder of new Set([projectFolder, cwd])) {
    const path = join(folder, 'migstate.json')
    const file = readNear(path, MAX_BYTES)
    if (file === null) continue
    if ('refusal' in file) {
      problems.push(`${path} cannot be read: ${file.refusal}`)
      return null
    }
    return { path, text: file.text, settings: checkConfigFile(path, file.text, problems) }
  }
  return null
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
