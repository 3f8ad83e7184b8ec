import { dirname, resolve } from 'node:path'
import { boolean, plainText, string, textOf, type Value } from '../evaluate/value.js'
import { cast } from './casts.js'
import { findUpwards, parseDecouple, parseIni } from './dotenv.js'
import { type LibraryCall, unknownIn } from './library-call.js'

/** python-decouple: `config("X", default=…, cast=bool)`, from the environment, else `settings.ini` or `.env` beside or above the file. */
export function decouple(call: LibraryCall): Value | undefined {
  const { name, env } = call
  if (name === 'decouple.Csv') return undefined
  const isConfig = name === 'decouple.config' || /^decouple\.(AutoConfig|Config)\(\)$/.test(name)
  if (!isConfig) return undefined
  const [written, positional, third] = name === 'decouple.config' ? call.args : call.args.slice(1)
  const variable = written ?? call.keywords.get('option')
  if (variable?.kind !== 'string') return undefined
  const text = env.get(variable.value) ?? kept(call, variable.value)
  if (typeof text === 'object') return text
  const fallback = call.keywords.get('default') ?? positional
  const wanted = call.keywords.get('cast') ?? third
  if (text !== undefined) return casted(call, string(text), wanted)
  if (fallback === undefined)
    return call.refuse('UndefinedValueError', `neither the environment nor a file has ${variable.value}, and without it Python fails here too`)
  return casted(call, fallback, wanted)
}

const TRUE = new Set(['y', 'yes', 't', 'true', 'on', '1'])
const FALSE = new Set(['n', 'no', 'f', 'false', 'off', '0', ''])

/** The cast is called with the value, also with a default; `bool` is one of its own (`Config._cast_boolean`). */
function casted(call: LibraryCall, value: Value, wanted: Value | undefined): Value {
  if (wanted === undefined || value.kind === 'unknown') return value
  if (wanted.kind === 'reference' && wanted.name === 'bool') {
    const text = value.kind === 'boolean' ? String(value.value) : plainText(value)?.toLowerCase()
    if (text !== undefined && TRUE.has(text)) return boolean(true)
    return text !== undefined && FALSE.has(text) ? boolean(false) : unknownIn(call, 'it is no bool')
  }
  if (wanted.kind === 'call' && wanted.callee === 'decouple.Csv') {
    if (value.kind !== 'string' || wanted.args.length + wanted.keywords.size > 0 || /["']/.test(value.value))
      return unknownIn(call, 'this Csv() is not evaluated')
    return cast(value.value, 'list') as Value
  }
  return call.apply(wanted, [value])
}

/** What `AutoConfig(search_path=…)` or `Config(RepositoryEnv(…))` reads; without either what lies beside the file that calls. */
function kept(call: LibraryCall, name: string): string | Value | undefined {
  const { host } = call
  const [made] = call.args
  if (call.name === 'decouple.config' || made?.kind !== 'call') return fromFiles(call, dirname(call.file), name)
  const [place] = [...made.args, ...made.keywords.values()]
  if (made.args.length + made.keywords.size > 1) return unknownIn(call, 'where this config looks is not followed')
  if (made.callee === 'decouple.AutoConfig') {
    const folder = textOf(place)
    if (place === undefined || place.kind === 'none' || folder === '') return fromFiles(call, dirname(call.file), name)
    return folder === undefined ? unknownIn(call, 'where this config looks is not known') : fromFiles(call, resolve(host.cwd, folder), name)
  }
  const kind = place?.kind === 'call' ? /^decouple\.Repository(Env|Ini|Empty)$/.exec(place.callee)?.[1] : undefined
  if (kind === 'Empty') return undefined
  const path = place?.kind === 'call' ? textOf(place.args[0] ?? place.keywords.get('source')) : undefined
  if (kind === undefined || path === undefined) return unknownIn(call, 'where this config looks is not followed')
  return inFile(call, path, kind === 'Ini', name)
}

/** @returns a value where the file may not be read */
function fromFiles(call: LibraryCall, folder: string, name: string): string | Value | undefined {
  const path = findUpwards(folder, ['settings.ini', '.env'], (one) => call.host.exists(one))
  return path === undefined ? undefined : inFile(call, path, path.endsWith('.ini'), name)
}

function inFile(call: LibraryCall, path: string, isIni: boolean, name: string): string | Value | undefined {
  const text = call.host.readFile(path)
  if (text === null) return unknownIn(call, call.host.refusal(path) ?? `there is no ${path}, and without it Python fails here too`)
  return isIni ? parseIni(text).get(name.toLowerCase()) : parseDecouple(text).get(name)
}
