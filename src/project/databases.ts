import { MigstateError } from '../errors/index.js'
import type { Family } from '../django/backends.js'
import { lookUp } from '../python/evaluate/keys.js'
import type { Value } from '../python/evaluate/value.js'
import { exhaustion, payValues, Pool, spending } from '../python/budget.js'
import type { DjangoSettings } from './settings.js'

/** One entry of DATABASES as text; the composition root turns it into a connection. */
export interface DatabaseSetting {
  engine: string
  /** What it talks to; null where neither its files nor its name say it. */
  family: Family | null
  name: string
  host: string
  port: string
  user: string
  password: string
  /** Driver options that are plain strings, numbers or nested dicts of them; null is None, undefined what cannot be read. */
  options: Record<string, unknown>
  timeZone: string | null
}

/**
 * `DATABASES[alias]`.
 * @returns null when the settings have no DATABASES at all
 * @throws MigstateError `unknown-alias`, or `database-unknown` when any part of it depends on something unknown
 */
export function readDatabase(settings: DjangoSettings, alias: string): DatabaseSetting | null {
  try {
    return spending(new Pool(), 0, () => readEntry(settings, alias))
  } catch (error) {
    const reason = exhaustion(error)
    if (reason === null) throw error
    throw unknown(alias, { kind: 'unknown', reason, file: settings.file, line: 1 }, settings)
  }
}

function readEntry(settings: DjangoSettings, alias: string): DatabaseSetting | null {
  const databases = settings.get('DATABASES')
  if (!databases) return null
  if (databases.kind !== 'dict') throw unknown(alias, databases, settings)
  const aliases = databases.entries.flatMap(([name]) => (name.kind === 'string' ? [name.value] : []))
  const written = lookUp(databases, alias)
  const entry = written && settings.resolve(written)
  if (!entry)
    throw new MigstateError('unknown-alias', `DATABASES of ${settings.title} has no alias "${alias}".`, {
      hint: `Give --database with one of: ${aliases.join(', ') || '(none)'}.`,
      details: { candidates: aliases },
    })
  if (entry.kind !== 'dict') throw unknown(alias, entry, settings)
  const text = (key: string): string => {
    const stored = lookUp(entry, key)
    const value = stored && settings.resolve(stored)
    if (value === undefined || value.kind === 'none') return ''
    if (value.kind === 'string' || value.kind === 'path') return value.value
    if (value.kind === 'number') return String(value.value)
    throw unknown(`${alias}.${key}`, value, settings)
  }
  const stored = lookUp(entry, 'OPTIONS')
  const options = stored && settings.resolve(stored)
  if (options && options.kind !== 'dict' && options.kind !== 'none') throw unknown(`${alias}.OPTIONS`, options, settings)
  const engine = text('ENGINE')
  return {
    engine,
    family: settings.familyOf(engine),
    name: text('NAME'),
    host: text('HOST'),
    port: text('PORT'),
    user: text('USER'),
    password: text('PASSWORD'),
    options: options?.kind === 'dict' ? plain(options, settings) : {},
    timeZone: text('TIME_ZONE') || null,
  }
}

/** The aliases of DATABASES, as far as they can be read. */
export function databaseAliases(settings: DjangoSettings): string[] {
  const databases = settings.get('DATABASES')
  return databases?.kind === 'dict' ? databases.entries.flatMap(([name]) => (name.kind === 'string' ? [name.value] : [])) : []
}

function unknown(what: string, value: Value, settings: DjangoSettings): MigstateError {
  const where =
    value.kind === 'unknown'
      ? ` (${value.file}:${value.line}: ${value.reason})`
      : value.kind === 'either'
        ? ` (it depends on ${value.dependsOn})`
        : value.kind === 'call'
          ? ` (${settings.file}:${value.line}: ${value.callee}() is not evaluated)`
          : ''
  const candidates =
    value.kind === 'either' ? value.options.flatMap((option) => (option.kind === 'string' || option.kind === 'path' ? [option.value] : [])) : []
  return new MigstateError('database-unknown', `DATABASES["${what}"] of ${settings.title} cannot be read without running it${where}. No database was opened.`, {
    details: { candidates },
  })
}

/** What cannot be read is there, and undefined; None is null. */
function plain(dict: Value & { kind: 'dict' }, settings: DjangoSettings): Record<string, unknown> {
  payValues(dict.entries.length)
  const entries = dict.entries.flatMap(([key, stored]): [string, unknown][] =>
    key.kind === 'string' ? [[key.value, plainValue(settings.resolve(stored), settings)]] : [],
  )
  // Without what every object has: a key may be called `constructor`.
  return Object.setPrototypeOf(Object.fromEntries(entries), null) as Record<string, unknown>
}

function plainValue(value: Value, settings: DjangoSettings): unknown {
  if (value.kind === 'string' || value.kind === 'number' || value.kind === 'boolean' || value.kind === 'path') return value.value
  if (value.kind === 'dict') return plain(value, settings)
  return value.kind === 'none' ? null : undefined
}
