import { dirname, join } from 'node:path'
import { NONE, string, textOf, type Value } from '../evaluate/value.js'
import type { Environment } from '../evaluate/host.js'
import { cast, castName } from './casts.js'
import { NO_ADDRESS } from './database-address.js'
import { parseEnviron } from './dotenv.js'
import { databaseFromUrl } from './environ-database.js'
import { type LibraryCall, unknownIn } from './library-call.js'

/** django-environ: `env = environ.Env(DEBUG=(bool, False))`, `env("X", default=…)`, `env.db()`, `environ.Path(__file__) - 3`. */
export function environ(call: LibraryCall): Value | undefined {
  const { name, args } = call
  if (name === 'environ.Path') {
    const parts = args.map(textOf)
    return parts.length > 0 && parts.every((part) => part !== undefined) ? { kind: 'path', value: join(...(parts as string[])) } : undefined
  }
  const method = /^environ\.(?:Env|FileAwareEnv)(\(\))?(?:\.(\w+))?$/.exec(name)
  if (!method) return undefined
  const [, made, word] = method
  if (word === 'read_env') return readEnv(call, made ? args[1] : args[0])
  if (!made) return undefined
  const [object] = args
  const variable = args[1] ?? call.keywords.get('var')
  if (variable === undefined)
    return word === undefined || !CASTS.has(word) ? undefined : valueOf(call, object, { name: DEFAULT_VARIABLE.get(word), cast: word })
  if (variable.kind !== 'string' || object?.kind !== 'call') return undefined
  if (word !== undefined && !CASTS.has(word)) return undefined
  return valueOf(call, object, { name: variable.value, cast: word })
}

/** Methods of Env, to the casts that they stand for. */
const CASTS = new Map(
  Object.entries({
    str: 'str',
    unicode: 'str',
    bool: 'bool',
    int: 'int',
    float: 'float',
    list: 'list',
    tuple: 'tuple',
    dict: 'dict',
    json: 'json',
    db: 'db',
    db_url: 'db',
    path: 'path',
    get_value: 'str',
    url: 'url',
    bytes: 'bytes',
    cache: 'opaque',
    cache_url: 'opaque',
    email: 'opaque',
    email_url: 'opaque',
    search_url: 'opaque',
  }),
)

/** Types that text is made into in a way of its own (`Env.parse_value`); any other cast is called with it. */
const PLAIN = new Set(['str', 'bool', 'int', 'float', 'list', 'tuple', 'dict'])

const DEFAULT_VARIABLE = new Map(Object.entries({ db: 'DATABASE_URL', db_url: 'DATABASE_URL', cache: 'CACHE_URL', email: 'EMAIL_URL' }))

interface Wanted {
  name: string | undefined
  cast: string | undefined
}

function valueOf(call: LibraryCall, object: Value | undefined, wanted: Wanted): Value | undefined {
  if (wanted.name === undefined || object?.kind !== 'call') return undefined
  const { args, keywords, env } = call
  const scheme = object.keywords.get(wanted.name)
  const [schemeCast, schemeDefault] = scheme?.kind === 'tuple' ? scheme.items : [scheme, undefined]
  // `env.bool("X", False)`, `env("X", default=…)`, `env("X", bool, False)`.
  const positional = wanted.cast === undefined || wanted.cast === 'get_value' ? args[3] : args[2]
  const fallback = keywords.get('default') ?? positional ?? schemeDefault
  const asked = keywords.get('cast') ?? (wanted.cast === undefined ? args[2] : undefined) ?? schemeCast
  // `smart_cast`: the type of the default is the cast (Env.get_value).
  const smart = wanted.cast === undefined && asked === undefined ? smartCast(object, fallback) : undefined
  const kind = CASTS.get(wanted.cast ?? '') ?? castName(asked) ?? smart ?? 'str'
  if (wanted.cast === 'list' && keywords.has('cast')) return unknownIn(call, `the cast of ${wanted.name} is not evaluated`)
  const ownCast = wanted.cast === undefined && asked && asked.kind !== 'none' && !PLAIN.has(castName(asked) ?? '') ? asked : undefined
  if (object.callee.endsWith('FileAwareEnv') && env.get(`${wanted.name}_FILE`) !== undefined) return unknownIn(call, `${wanted.name}_FILE is not read`)
  const text = resolveProxy(env, wanted.name)
  if (kind === 'opaque') return undefined
  if (text === undefined) {
    if (fallback === undefined) return call.refuse('ImproperlyConfigured', `the environment has no ${wanted.name}, and without it Python fails here too`)
    if (kind === 'db')
      return fallback.kind === 'string' ? (databaseFromUrl(fallback.value, keywords.get('engine'), call.host) ?? unknownIn(call, NO_ADDRESS)) : fallback
    return fallback.kind === 'reference' ? NONE : fallback
  }
  if (ownCast) return call.apply(ownCast, [string(text)])
  if (kind === 'db') return databaseFromUrl(text, keywords.get('engine'), call.host) ?? unknownIn(call, NO_ADDRESS)
  if (kind === 'path') return { kind: 'path', value: text }
  if (kind === 'url') return string(text)
  return cast(text, kind, 'environ') ?? unknownIn(call, `${wanted.name} of the environment is no ${kind}`)
}

const SMART = new Map(Object.entries({ boolean: 'bool', number: 'int', list: 'list', tuple: 'tuple', dict: 'dict' }))

function smartCast(env: Value & { kind: 'call' }, fallback: Value | undefined): string | undefined {
  const off = env.keywords.get('smart_cast')
  if (!fallback || (off?.kind === 'boolean' && !off.value)) return undefined
  return fallback.kind === 'number' && fallback.float ? 'float' : SMART.get(fallback.kind)
}

/** `DATABASE_URL=$OTHER` names another variable. */
function resolveProxy(env: Environment, name: string, depth = 0): string | undefined {
  const value = env.get(name)
  return value?.startsWith('$') && depth < 20 ? resolveProxy(env, value.slice(1), depth + 1) : value
}

/** A `.env` file sets what the environment has not (`overwrite=False`). */
function readEnv(call: LibraryCall, file: Value | undefined): Value {
  const { host, keywords } = call
  const path = textOf(file ?? keywords.get('env_file')) ?? join(dirname(call.file), '.env')
  const text = host.readFile(path)
  const overwrite = keywords.get('overwrite')
  const overrides = overwrite?.kind === 'boolean' && overwrite.value
  const refusal = text !== null ? null : host.refusal(path)
  if (refusal !== null) host.forgetEnvironment(overrides, refusal)
  for (const [name, value] of parseEnviron(text ?? '')) host.setEnvironment(name, call.isDoubtful ? null : value, overrides)
  return NONE
}
