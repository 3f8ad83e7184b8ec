import { dirname } from 'node:path'
import type { Host } from '../evaluate/host.js'
import { NONE, string, textOf, type Value } from '../evaluate/value.js'
import { cast } from './casts.js'
import { parsedUrl } from './dj-database-url.js'
import { findUpwards, parseDotenv } from './dotenv.js'
import { type LibraryCall, unknownIn } from './library-call.js'
import { isPlain } from './python-dotenv.js'

/** What an Env has of its own, or the ready-made `environs.env` of a project. */
interface State {
  prefix: string
  /** Since version 15 what a `.env` file says is kept here, not in `os.environ`; null is not known. */
  variables: Map<string, string | null>
}

const STATES = new WeakMap<object, State>()

function stateOf(owner: object): State {
  const known = STATES.get(owner)
  if (known) return known
  const made = { prefix: '', variables: new Map<string, string | null>() }
  STATES.set(owner, made)
  return made
}

const isEnv = (value: Value | undefined): value is Value & { kind: 'call' } => value?.kind === 'call' && /^environs\.(?:FileAware)?Env$/.test(value.callee)

/** `with env.prefixed("APP_"):` @returns what ends it; undefined for any other object */
export function prefixed(env: Value, prefix: string, host: Host): (() => void) | undefined {
  const owner = isEnv(env) ? env : env.kind === 'reference' && env.name === 'environs.env' ? host : undefined
  if (!owner) return undefined
  const state = stateOf(owner)
  const before = state.prefix
  state.prefix += prefix
  return () => {
    state.prefix = before
  }
}

const CASTS = new Set(['str', 'bool', 'int', 'float', 'list', 'dict', 'json', 'path', 'dj_db_url'])

/** Keywords that change nothing of what is read. */
const ASIDE = new Set(['default', 'validate', 'error_messages', 'metadata', 'engine', 'name'])

/** environs: `env = Env()`, `env.bool("X", False)`, `env.dj_db_url("X")`, and the `env` that it brings. */
export function environs(call: LibraryCall): Value | undefined {
  const { name, args, host } = call
  const method = /^environs\.(?:((?:FileAware)?Env)(\(\))?|env)(?:\.(\w+))?$/.exec(name)
  if (!method) return undefined
  const [, kind, made, word] = method
  const [first] = args
  const owner = kind === undefined ? host : made && isEnv(first) ? first : undefined
  const given = made ? args.slice(1) : args
  if (word === 'read_env') return readEnv(call, owner, given[0])
  if (!owner || (word !== undefined && !CASTS.has(word))) return undefined
  const [written, positional] = given
  const variable = written ?? call.keywords.get('name')
  if (variable?.kind !== 'string') return undefined
  if (owner !== host && isEnv(first) && first.args.length + first.keywords.size > 0) return unknownIn(call, 'how this Env was made is not followed')
  return valueOf(call, owner, {
    name: variable.value,
    cast: word ?? 'str',
    fallback: call.keywords.get('default') ?? positional,
    file: kind === 'FileAwareEnv',
  })
}

interface Wanted {
  name: string
  cast: string
  fallback: Value | undefined
  /** The variable may name a file that has the value. */
  file: boolean
}

function valueOf(call: LibraryCall, owner: object, { name, cast: kind, fallback, file }: Wanted): Value {
  const { env, keywords } = call
  const { prefix, variables } = stateOf(owner)
  const whole = prefix + name
  if (file && env.get(`${whole}_FILE`) !== undefined) return unknownIn(call, `${whole}_FILE is not read`)
  const text = env.get(whole) ?? variables.get(whole)
  if (text === null) return unknownIn(call, `${whole} is put together from others`)
  const other = [...keywords.keys()].find((one) => !ASIDE.has(one))
  if (text === undefined) {
    if (fallback === undefined) return call.refuse('EnvError', `the environment has no ${whole}, and without it Python fails here too`, ['ValueError'])
    if (kind !== 'dj_db_url') return fallback
    return fallback.kind === 'string' ? parsedUrl(call, fallback.value) : fallback
  }
  if (kind === 'dj_db_url') return parsedUrl(call, text)
  if (kind === 'path') return { kind: 'path', value: text }
  if (other !== undefined) return unknownIn(call, `what ${other} makes of ${whole} is not evaluated`)
  if (kind === 'list' && /,\s|\s,|,,|^,|,$/.test(text)) {
    // Before version 9 nobody has looked.
    if (majorOf(call.host) < 9) return unknownIn(call, `what ${whole} is split into depends on the version of environs`)
    return { kind: 'list', items: text.split(',').map(string) }
  }
  return cast(text, kind) ?? unknownIn(call, `${whole} of the environment is no ${kind}`)
}

function majorOf(host: Host): number {
  return Number(/^\d+/.exec(host.distributionVersion('environs') ?? '')?.[0] ?? 0)
}

/** A `.env` file sets what the environment has not, unless `override` says so. */
function readEnv(call: LibraryCall, owner: object | undefined, file: Value | undefined): Value {
  const { host, keywords } = call
  const given = textOf(file ?? keywords.get('path'))
  const path = given ?? findUpwards(dirname(call.file), ['.env'], (one) => host.exists(one))
  const text = path === undefined ? null : host.readFile(path)
  const overwrite = keywords.get('override')
  const overrides = overwrite?.kind === 'boolean' && overwrite.value
  const refusal = path === undefined || text !== null ? null : host.refusal(path)
  if (refusal !== null) host.forgetEnvironment(overrides, refusal)
  const isOwn = owner !== undefined && majorOf(host) >= 15
  for (const [name, value] of parseDotenv(text ?? '')) {
    const known = isPlain(value) && !call.isDoubtful ? value : null
    if (!isOwn) host.setEnvironment(name, known, overrides)
    else if (overrides || !stateOf(owner).variables.has(name)) stateOf(owner).variables.set(name, known)
  }
  return NONE
}
