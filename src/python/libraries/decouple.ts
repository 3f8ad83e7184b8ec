import { dirname } from 'node:path'
import { boolean, string, type Value } from '../evaluate/value.js'
import { cast, castName } from './casts.js'
import { findUpwards, parseDecouple, parseIni } from './dotenv.js'
import { type LibraryCall, unknownIn } from './library-call.js'

/** Casts that leave a value of their own type as it is. */
const AS_IT_IS = new Map(Object.entries({ boolean: 'bool', number: 'int', unknown: '' }))

/** python-decouple: `config("X", default=…, cast=bool)`, from the environment, else `settings.ini` or `.env` beside or above the file. */
export function decouple(call: LibraryCall): Value | undefined {
  const { name, env } = call
  if (name === 'decouple.Csv') return undefined
  const isConfig = name === 'decouple.config' || /^decouple\.(AutoConfig|Config)\(\)$/.test(name)
  if (!isConfig) return undefined
  const [made] = call.args
  if (name !== 'decouple.config' && made?.kind === 'call' && made.args.length + made.keywords.size > 0)
    return unknownIn(call, 'where this config looks is not followed')
  const [variable, positional] = name === 'decouple.config' ? call.args : call.args.slice(1)
  if (variable?.kind !== 'string') return undefined
  const text = env.get(variable.value) ?? fromFiles(call, variable.value)
  if (typeof text === 'object') return text
  const fallback = call.keywords.get('default') ?? positional
  const wanted = call.keywords.get('cast')
  if (text === undefined) {
    if (fallback === undefined) return unknownIn(call, `neither the environment nor a file has ${variable.value}, and without it Python fails here too`)
    if (castName(wanted) === 'bool' && fallback.kind === 'number') return boolean(fallback.value !== 0)
    if (fallback.kind === 'string') return casted(call, fallback.value, wanted)
    return wanted === undefined || castName(wanted) === AS_IT_IS.get(fallback.kind)
      ? fallback
      : unknownIn(call, 'what the cast makes of the default is not evaluated')
  }
  return casted(call, text, wanted)
}

function casted(call: LibraryCall, text: string, wanted: Value | undefined): Value {
  if (wanted === undefined) return string(text)
  if (wanted.kind === 'call' && wanted.callee === 'decouple.Csv')
    return wanted.args.length + wanted.keywords.size > 0 || /["']/.test(text) ? unknownIn(call, 'this Csv() is not evaluated') : (cast(text, 'list') as Value)
  if (castName(wanted) === 'bool') return boolean(['y', 'yes', 't', 'true', 'on', '1'].includes(text.toLowerCase()))
  if (wanted.kind === 'reference' && wanted.name === 'dj_database_url.parse')
    return call.host.callLibrary('dj_database_url.parse', [string(text)], new Map(), call.file, call.line) ?? unknownIn(call, 'it is no database URL')
  // `list` of a text is its letters.
  if (/^(?:list|tuple|set|dict)$/.test(castName(wanted) ?? '')) return unknownIn(call, 'its cast is not evaluated')
  return cast(text, castName(wanted) ?? '') ?? unknownIn(call, 'its cast is not evaluated')
}

/** @returns a value where the file may not be read */
function fromFiles(call: LibraryCall, name: string): string | Value | undefined {
  const { host, file } = call
  const path = findUpwards(dirname(file), ['settings.ini', '.env'], (one) => host.exists(one))
  const text = path === undefined ? null : host.readFile(path)
  if (text === null) {
    const refusal = path === undefined ? null : host.refusal(path)
    return refusal === null ? undefined : unknownIn(call, refusal)
  }
  return path?.endsWith('.ini') ? parseIni(text).get(name.toLowerCase()) : parseDecouple(text).get(name)
}
