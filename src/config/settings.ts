/**
 * What a user may set by a flag, by `MIGSTATE_…` in the environment, or in migstate.json; flags win, then the environment.
 * `--yes`, `--force`, `--dry-run` and `--reason` are flags only (cli.md): a file must never say yes for a person.
 */
export const SETTING_KEYS = {
  url: 'string',
  database: 'string',
  project: 'string',
  settings: 'string',
  path: 'strings',
  migrations: 'strings',
  djangoVersion: 'string',
  askDjango: 'boolean',
  noCache: 'boolean',
  noFiles: 'boolean',
  schema: 'string',
  table: 'string',
  python: 'string',
  managePy: 'string',
  manage: 'string',
  mode: 'string',
  lockTimeout: 'number',
  timeout: 'number',
  json: 'boolean',
  noColor: 'boolean',
  verbose: 'boolean',
  quiet: 'boolean',
} as const

export type SettingKey = keyof typeof SETTING_KEYS

export interface Settings {
  url?: string
  database?: string
  project?: string
  settings?: string
  path?: string[]
  /** `LABEL=PATH` each. */
  migrations?: string[]
  djangoVersion?: string
  askDjango?: boolean
  noCache?: boolean
  noFiles?: boolean
  schema?: string
  table?: string
  python?: string
  managePy?: string
  manage?: string
  mode?: string
  /** Seconds. */
  lockTimeout?: number
  /** Seconds that a rerun may take. */
  timeout?: number
  json?: boolean
  noColor?: boolean
  verbose?: boolean
  quiet?: boolean
}
