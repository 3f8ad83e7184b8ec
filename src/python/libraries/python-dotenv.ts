import { dirname } from 'node:path'
import { boolean, string, textOf, type Value } from '../evaluate/value.js'
import { findUpwards, parseDotenv } from './dotenv.js'
import { type LibraryCall, unknownIn } from './library-call.js'

/** Without names to put in, and whole: a quote that is not closed goes on in the next line. */
export function isPlain(value: string): boolean {
  return !/\$\{|^["']/.test(value)
}

/** python-dotenv: `load_dotenv()`, `find_dotenv()`, `dotenv_values()`; without a path the nearest `.env` above the file that calls. */
export function dotenv(call: LibraryCall): Value | undefined {
  const function_ = /^dotenv(?:\.main)?\.(load_dotenv|find_dotenv|dotenv_values)$/.exec(call.name)?.[1]
  if (function_ === undefined) return undefined
  const { host, args, keywords, file } = call
  const found = () => findUpwards(dirname(file), ['.env'], (one) => host.exists(one))
  if (function_ === 'find_dotenv') {
    const name = textOf(args[0] ?? keywords.get('filename')) ?? '.env'
    return string(findUpwards(dirname(file), [name], (one) => host.exists(one)) ?? '')
  }
  if (keywords.has('stream')) {
    host.forgetEnvironment(true)
    return unknownIn(call, 'the stream of this .env is not known')
  }
  const given = args[0] ?? keywords.get('dotenv_path')
  const path = given === undefined || given.kind === 'none' || textOf(given) === '' ? found() : textOf(given)
  const override = keywords.get('override') ?? args[3]
  if (given !== undefined && given.kind !== 'none' && path === undefined) {
    host.forgetEnvironment(true)
    return unknownIn(call, 'the path of this .env file is not known')
  }
  // A relative path counts from the folder where the program runs, which is that of manage.py.
  const text = path === undefined ? null : host.readFile(path)
  const refusal = path === undefined || text !== null ? null : host.refusal(path)
  if (refusal !== null) {
    if (function_ !== 'dotenv_values') host.forgetEnvironment(override?.kind === 'boolean' && override.value, refusal)
    return unknownIn(call, refusal)
  }
  const values = parseDotenv(text ?? '')
  if (function_ === 'dotenv_values')
    return {
      kind: 'dict',
      entries: [...values].map(([name, value]): [Value, Value] => [
        string(name),
        isPlain(value) ? string(value) : unknownIn(call, `${name} is put together from others`),
      ]),
    }
  for (const [name, value] of values)
    host.setEnvironment(name, isPlain(value) && !call.isDoubtful ? value : null, override?.kind === 'boolean' && override.value)
  return boolean(text !== null)
}
