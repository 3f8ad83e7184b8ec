import type { Host } from '../evaluate/host.js'
import type { Value } from '../evaluate/value.js'
import { decouple } from './decouple.js'
import { databaseUrl } from './dj-database-url.js'
import { django } from './django.js'
import { dotenv } from './python-dotenv.js'
import { environ } from './environ.js'
import { environs, prefixed } from './environs.js'
import { knownEnvironment, type Library, type LibraryCall, unknownIn, UnknownVariable } from './library-call.js'
import { swapper } from './swapper.js'

const BY_PACKAGE = new Map<string, Library>(Object.entries({ decouple, dotenv, dj_database_url: databaseUrl, django, environ, environs, swapper }))

/** The libraries that settings and migrations are written with, by what they do. */
export function callLibrary(given: Omit<LibraryCall, 'env'>): Value | undefined {
  const top = given.name.slice(0, (given.name + '.').search(/[.(]/))
  const library = BY_PACKAGE.get(top)
  if (!library) return undefined
  const call = { ...given, env: knownEnvironment(given.host) }
  try {
    return library(call)
  } catch (error) {
    if (!(error instanceof UnknownVariable)) throw error
    return unknownIn(call, error.reason)
  }
}

/** `with env.prefixed("APP_"):` @returns what ends it; null: no context that is known */
export function enterContext(object: Value, method: string, args: readonly Value[], host: Host): (() => void) | null {
  const [prefix] = args
  return method === 'prefixed' && args.length === 1 && prefix?.kind === 'string' ? (prefixed(object, prefix.value, host) ?? null) : null
}
