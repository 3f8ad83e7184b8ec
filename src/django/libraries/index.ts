import type { Value } from '../python/value.js'
import { decouple } from './decouple.js'
import { databaseUrl } from './dj-database-url.js'
import { django } from './django.js'
import { dotenv } from './python-dotenv.js'
import { environ } from './environ.js'
import type { Library, LibraryCall } from './library-call.js'
import { swapper } from './swapper.js'

const BY_PACKAGE: Record<string, Library> = { decouple, dotenv, dj_database_url: databaseUrl, django, environ, environs: environ, swapper }

/** The libraries that settings and migrations are written with, by what they do. */
export function callLibrary(call: LibraryCall): Value | undefined {
  const top = call.name.slice(0, (call.name + '.').search(/[.(]/))
  return BY_PACKAGE[top]?.(call)
}
