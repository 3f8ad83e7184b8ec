import type { Host } from '../evaluate/host.js'
import { string, type Value } from '../evaluate/value.js'
import { cast, fromJson } from './casts.js'
import { NO_ADDRESS } from './database-address.js'
import { parseUrl } from './dj-database-url.js'

/** Classes of `configurations.values`, to casts. */
const CASTS = new Map(
  Object.entries({
    Value: 'str',
    BooleanValue: 'bool',
    IntegerValue: 'int',
    PositiveIntegerValue: 'int',
    FloatValue: 'float',
    ListValue: 'list',
    TupleValue: 'tuple',
    SetValue: 'list',
    DictValue: 'dict',
    SecretValue: 'str',
    PathValue: 'str',
    URLValue: 'str',
    RegexValue: 'str',
    EmailValue: 'str',
    DatabaseURLValue: 'db',
  }),
)

/** django-configurations: `X = values.BooleanValue(True)` is DJANGO_X of the environment, else its default. */
export function configurationValue(name: string, value: Value, host: Host, file: string): Value | undefined {
  if (value.kind !== 'call') return undefined
  const unknown = (reason: string): Value => ({ kind: 'unknown', reason, file, line: value.line })
  if (['separator', 'converter', 'caster', 'late_binding'].some((key) => value.keywords.has(key))) return unknown('this kind of value is not evaluated')
  const kind = CASTS.get(/(?:^|\.)configurations\.values\.(\w+)$/.exec(value.callee)?.[1] ?? '') ?? CASTS.get(/^values\.(\w+)$/.exec(value.callee)?.[1] ?? '')
  if (kind === undefined) return undefined
  const given = (key: string) => value.keywords.get(key)
  const prefix = given('environ_prefix')
  const named = given('environ_name')
  const environ = given('environ')
  const own = named?.kind === 'string' ? named.value : kind === 'db' ? 'DATABASE_URL' : name
  const bare = prefix?.kind === 'none' || (kind === 'db' && prefix === undefined)
  const variable = bare ? own : `${prefix?.kind === 'string' ? prefix.value : 'DJANGO'}_${own}`
  const text = environ?.kind === 'boolean' && !environ.value ? undefined : host.env.get(variable)
  const fallback = value.args[0] ?? given('default')
  const database = (url: string) => underAlias(parseUrl(url, value.keywords, host), given('alias')) ?? unknown(NO_ADDRESS)
  if (text === undefined) {
    if (fallback === undefined) return unknown(`the environment has no ${variable}`)
    return kind === 'db' && fallback.kind === 'string' ? database(fallback.value) : fallback
  }
  if (kind === 'db') return database(text)
  return (kind === 'dict' ? fromJson(text.replaceAll("'", '"')) : cast(text, kind)) ?? unknown(`${variable} is no ${kind}`)
}

function underAlias(database: Value | undefined, alias: Value | undefined): Value | undefined {
  return database && { kind: 'dict', entries: [[alias ?? string('default'), database]] }
}
