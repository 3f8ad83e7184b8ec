import type { Host } from './host.js'
import { pathMethod } from './os-path.js'
import { boolean, distinct, equal, formatted, list, lookUp, NONE, number, plainText, string, textOf, type Value } from './value.js'

/** Methods of known values that change nothing. A name with a leading dot is an attribute. @param host for what looks at files */
export function callMethod(object: Value, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, host?: Host): Value | undefined {
  switch (object.kind) {
    case 'path':
      return pathMethod(object.value, method, args, host)
    case 'string':
      return stringMethod(object.value, method, args, keywords)
    case 'dict':
      return dictMethod(object, method, args)
    case 'list':
    case 'tuple':
    case 'set':
      return listMethod(object, method, args)
    default:
      return undefined
  }
}

const MAX_TEXT = 1_000_000

function stringMethod(text: string, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | undefined {
  const texts = args.map(textOf)
  const [first, second] = texts
  switch (method) {
    case 'lower':
      return string(text.toLowerCase())
    case 'upper':
      return string(text.toUpperCase())
    case 'capitalize':
      return string(text.charAt(0).toUpperCase() + text.slice(1).toLowerCase())
    case 'strip':
    case 'lstrip':
    case 'rstrip':
      return strip(text, method, args.length === 0 ? undefined : first, args.length)
    case 'startswith':
      return args.length > 1 ? undefined : affix(args[0], (one) => text.startsWith(one))
    case 'endswith':
      return args.length > 1 ? undefined : affix(args[0], (one) => text.endsWith(one))
    case 'replace':
      return args.length > 2 || first === undefined || second === undefined || text.length * (second.length + 1) > 1_000_000
        ? undefined
        : string(text.replaceAll(first, () => second))
    case 'split':
    case 'rsplit':
      return split(text, method, keywords.has('maxsplit') ? [args[0] ?? keywords.get('sep') ?? NONE, keywords.get('maxsplit') as Value] : args)
    case 'zfill':
      return args[0]?.kind === 'number' && args[0].value < 10_000
        ? string(/^[+-]/.test(text) ? text.charAt(0) + text.slice(1).padStart(args[0].value - 1, '0') : text.padStart(args[0].value, '0'))
        : undefined
    case 'splitlines':
      if (args.length > 0 || keywords.size > 0) return undefined
      if (text === '') return list([])
      return list(
        text
          .replace(/\r?\n$/, '')
          .split(/\r?\n/)
          .map(string),
      )
    case 'rpartition':
    case 'partition': {
      if (first === undefined) return undefined
      const at = method === 'partition' ? text.indexOf(first) : text.lastIndexOf(first)
      const parts = at < 0 ? (method === 'partition' ? [text, '', ''] : ['', '', text]) : [text.slice(0, at), first, text.slice(at + first.length)]
      return { kind: 'tuple', items: parts.map(string) }
    }
    case 'join': {
      const [items] = args
      const parts = items && 'items' in items ? items.items.map(textOf) : undefined
      return parts?.every((part) => part !== undefined) && parts.length * text.length + parts.join('').length < MAX_TEXT ? string(parts.join(text)) : undefined
    }
    case 'isdigit':
      return boolean(/^\d+$/.test(text))
    case 'encode':
    case 'decode':
      return string(text)
    case 'format':
      return format(text, args, keywords)
    default:
      return undefined
  }
}

function affix(value: Value | undefined, fits: (text: string) => boolean): Value | undefined {
  const options = value?.kind === 'tuple' ? value.items.map(textOf) : [textOf(value)]
  return options.every((one) => one !== undefined) ? boolean((options as string[]).some(fits)) : undefined
}

function strip(text: string, method: string, letters: string | undefined, given: number): Value | undefined {
  if (given > 0 && letters === undefined) return undefined
  const drop = (letter: string) => (letters === undefined ? /\s/.test(letter) : letters.includes(letter))
  let [from, to] = [0, text.length]
  if (method !== 'rstrip') while (from < to && drop(text[from] as string)) from++
  if (method !== 'lstrip') while (to > from && drop(text[to - 1] as string)) to--
  return string(text.slice(from, to))
}

function split(text: string, method: string, args: readonly Value[]): Value | undefined {
  const limit = args[1]?.kind === 'number' ? args[1].value : undefined
  if (args.length === 0 || (args[0]?.kind === 'none' && limit === undefined)) return list(text.split(/\s+/).filter(Boolean).map(string))
  const mark = textOf(args[0])
  if (mark === undefined || mark === '') return undefined
  const parts = text.split(mark)
  if (limit === undefined || limit < 0 || parts.length <= limit + 1) return list(parts.map(string))
  if (limit === 0) return list([string(text)])
  const cut = method === 'split' ? [...parts.slice(0, limit), parts.slice(limit).join(mark)] : [parts.slice(0, -limit).join(mark), ...parts.slice(-limit)]
  return list(cut.map(string))
}

function format(text: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | undefined {
  let index = 0
  let complete = true
  const result = text.replace(/\{\{|\}\}|\{(\w*)(?::([^{}]*))?\}|\{[^}]*\}?/g, (all, name?: string, spec?: string) => {
    if (all === '{{' || all === '}}') return all.charAt(0)
    // A conversion, a width, an attribute.
    if (name === undefined) {
      complete = false
      return ''
    }
    const value = name === '' ? args[index++] : /^\d+$/.test(name) ? args[Number(name)] : keywords.get(name)
    const shown = spec ? value && formatted(value, spec) : plainText(value)
    if (shown !== undefined) return shown
    complete = false
    return ''
  })
  return complete && result.length < MAX_TEXT ? string(result) : undefined
}

function dictMethod(dict: Value & { kind: 'dict' }, method: string, args: readonly Value[]): Value | undefined {
  const [key, fallback] = args
  if (method === 'get' && key?.kind === 'string') return lookUp(dict, key.value) ?? fallback ?? NONE
  if (method === 'pop' && key?.kind === 'string') return lookUp(dict, key.value) ?? fallback
  if (method === 'setdefault' && key?.kind === 'string') return lookUp(dict, key.value) ?? fallback ?? NONE
  // A new object: what changes it must not change this one.
  if (method === 'copy') return { kind: 'dict', entries: [...dict.entries] }
  if (method === 'keys') return list(dict.entries.map(([name]) => name))
  if (method === 'values') return list(dict.entries.map(([, value]) => value))
  if (method === 'items') return list(dict.entries.map(([name, value]) => ({ kind: 'tuple', items: [name, value] })))
  return undefined
}

function listMethod(object: Value & { kind: 'list' | 'tuple' | 'set' }, method: string, args: readonly Value[]): Value | undefined {
  const [first] = args
  if (method === 'copy') return { ...object, items: [...object.items] }
  if (method === 'pop' && object.kind === 'list')
    return first === undefined ? object.items.at(-1) : first.kind === 'number' ? object.items.at(first.value) : undefined
  if (method === 'index' && first) {
    const at = object.items.findIndex((item) => equal(item, first) === true)
    return at < 0 || object.items.slice(0, at).some((item) => equal(item, first) === undefined) ? undefined : number(at)
  }
  if (method === 'count' && first) return number(object.items.filter((item) => equal(item, first) === true).length)
  if ((method === 'union' || method === 'difference') && object.kind === 'set' && args.length === 1 && first && 'items' in first) {
    if (object.items.length * first.items.length > 4_000_000) return undefined
    if (method === 'union') return { kind: 'set', items: distinct([...object.items, ...first.items]) }
    return { kind: 'set', items: object.items.filter((item) => !first.items.some((other) => equal(item, other) === true)) }
  }
  return undefined
}
