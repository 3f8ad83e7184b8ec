import { payLook, paySearch, payText, payValues } from '../budget.js'
import { boolean, formatted, list, NONE, plainText, string, textOf, type Value } from './value.js'

const MAX_TEXT = 1_000_000

type Method = (text: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>) => Value | undefined

const METHODS = new Map<string, Method>([
  ['lower', (text) => string(text.toLowerCase())],
  ['upper', (text) => string(text.toUpperCase())],
  ['capitalize', (text) => string(text.charAt(0).toUpperCase() + text.slice(1).toLowerCase())],
  ['strip', (text, args) => strip(text, args, true, true)],
  ['lstrip', (text, args) => strip(text, args, true, false)],
  ['rstrip', (text, args) => strip(text, args, false, true)],
  ['startswith', (text, args) => affix(args, (one) => text.startsWith(one))],
  ['endswith', (text, args) => affix(args, (one) => text.endsWith(one))],
  ['replace', replace],
  ['split', (text, args, keywords) => split(text, 'left', splitArguments(args, keywords))],
  ['rsplit', (text, args, keywords) => split(text, 'right', splitArguments(args, keywords))],
  ['zfill', zfill],
  ['splitlines', splitLines],
  ['partition', (text, args) => partition(text, 'left', textOf(args[0]))],
  ['rpartition', (text, args) => partition(text, 'right', textOf(args[0]))],
  ['join', join],
  ['isupper', (text) => boolean(/\p{L}/u.test(text) && text === text.toUpperCase())],
  ['islower', (text) => boolean(/\p{L}/u.test(text) && text === text.toLowerCase())],
  ['isdigit', (text) => boolean(/^\d+$/.test(text))],
  ['encode', (text) => string(text)],
  ['decode', (text) => string(text)],
  ['format', format],
  ['find', (text, args) => placed(args, text.length, (one) => text.indexOf(one))],
  ['rfind', (text, args) => placed(args, text.length, (one) => text.lastIndexOf(one))],
  ['index', (text, args) => found(args, text.length, (one) => text.indexOf(one))],
  ['rindex', (text, args) => found(args, text.length, (one) => text.lastIndexOf(one))],
  ['count', (text, args) => placed(args, text.length, (one) => (one === '' ? [...text].length + 1 : text.split(one).length - 1))],
  ['removeprefix', (text, [one]) => without(textOf(one), (prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text))],
  ['removesuffix', (text, [one]) => without(textOf(one), (suffix) => (suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text))],
  [
    'swapcase',
    (text) => (/^[\0-\x7f]*$/.test(text) ? string(text.replace(/[a-z]/gi, (one) => (/[a-z]/.test(one) ? one.toUpperCase() : one.toLowerCase()))) : undefined),
  ],
  ['title', (text) => (/^[\0-\x7f]*$/.test(text) ? string(text.toLowerCase().replace(/(?<![a-z])[a-z]/g, (one) => one.toUpperCase())) : undefined)],
  ['isalpha', (text) => boolean(/^\p{L}+$/u.test(text))],
  ['isalnum', (text) => (/^[\0-\x7f]*$/.test(text) ? boolean(/^[a-z\d]+$/i.test(text)) : undefined)],
  ['isidentifier', (text) => (/^[\0-\x7f]*$/.test(text) ? boolean(/^[a-z_]\w*$/i.test(text)) : undefined)],
])

/** Where in the text something stands, counted in characters; a part of the text as bounds is not looked through. */
function placed(args: readonly Value[], length: number, place: (text: string) => number): Value | undefined {
  const wanted = textOf(args[0])
  if (wanted === undefined || args.length > 1) return undefined
  paySearch(length, wanted.length)
  return { kind: 'number', value: place(wanted) }
}

/** … which has to stand there. */
function found(args: readonly Value[], length: number, place: (text: string) => number): Value | undefined {
  const at = placed(args, length, place)
  return at?.kind === 'number' && at.value >= 0 ? at : undefined
}

function without(affix: string | undefined, rest: (affix: string) => string): Value | undefined {
  return affix === undefined ? undefined : string(rest(affix))
}

/** Methods of a known text. */
export function textMethod(text: string, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | undefined {
  const known = METHODS.get(method)
  if (!known) return undefined
  payText(text.length)
  return known(text, args, keywords)
}

function affix(args: readonly Value[], fits: (text: string) => boolean): Value | undefined {
  const [value] = args
  if (args.length > 1) return undefined
  const options = value?.kind === 'tuple' ? value.items.map(textOf) : [textOf(value)]
  if (!options.every((one) => one !== undefined)) return undefined
  payLook(options.length)
  for (const one of options) payText(one.length)
  return boolean(options.some(fits))
}

function replace(text: string, args: readonly Value[]): Value | undefined {
  const [first, second] = args.map(textOf)
  if (args.length > 2 || first === undefined || second === undefined || text.length * (second.length + 1) > MAX_TEXT) return undefined
  paySearch(text.length, first.length)
  payText(text.length * (second.length + 1))
  payLook((10 * text.length) / Math.max(1, first.length))
  return string(text.replaceAll(first, () => second))
}

function zfill(text: string, [width]: readonly Value[]): Value | undefined {
  if (width?.kind !== 'number' || !(width.value < 10_000)) return undefined
  payText(Math.max(0, width.value))
  return string(/^[+-]/.test(text) ? text.charAt(0) + text.slice(1).padStart(width.value - 1, '0') : text.padStart(width.value, '0'))
}

function splitLines(text: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | undefined {
  if (args.length > 0 || keywords.size > 0) return undefined
  return text === '' ? list([]) : texts(text.replace(/\r?\n$/, '').split(/\r?\n/))
}

function texts(parts: readonly string[]): Value {
  payValues(parts.length)
  return list(parts.map(string))
}

function partition(text: string, from: 'left' | 'right', mark: string | undefined): Value | undefined {
  if (mark === undefined) return undefined
  paySearch(text.length, mark.length)
  const at = from === 'left' ? text.indexOf(mark) : text.lastIndexOf(mark)
  const parts = at < 0 ? (from === 'left' ? [text, '', ''] : ['', '', text]) : [text.slice(0, at), mark, text.slice(at + mark.length)]
  return { kind: 'tuple', items: parts.map(string) }
}

function join(text: string, [items]: readonly Value[]): Value | undefined {
  if (!items || !('items' in items)) return undefined
  payLook(10 * items.items.length)
  let length = text.length * items.items.length
  for (const item of items.items) length += textOf(item)?.length ?? Infinity
  if (!(length < MAX_TEXT)) return undefined
  payText(length)
  return string(items.items.map(textOf).join(text))
}

function strip(text: string, args: readonly Value[], left: boolean, right: boolean): Value | undefined {
  const letters = textOf(args[0])
  if (args.length > 0 && letters === undefined) return undefined
  if (letters === undefined) return string(left && right ? text.trim() : left ? text.trimStart() : text.trimEnd())
  payText(letters.length)
  payLook(3 * text.length)
  const dropped = new Set(letters)
  const drop = (letter: string) => dropped.has(letter)
  let [from, to] = [0, text.length]
  if (left) while (from < to && drop(text[from] as string)) from++
  if (right) while (to > from && drop(text[to - 1] as string)) to--
  return string(text.slice(from, to))
}

function splitArguments(args: readonly Value[], keywords: ReadonlyMap<string, Value>): readonly Value[] {
  const limit = keywords.get('maxsplit')
  return limit ? [args[0] ?? keywords.get('sep') ?? NONE, limit] : args
}

function split(text: string, from: 'left' | 'right', args: readonly Value[]): Value | undefined {
  const limit = args[1]?.kind === 'number' ? args[1].value : undefined
  if (args.length === 0 || (args[0]?.kind === 'none' && limit === undefined)) return texts(text.split(/\s+/).filter(Boolean))
  const mark = textOf(args[0])
  if (mark === undefined || mark === '') return undefined
  paySearch(text.length, mark.length)
  const parts = text.split(mark)
  if (limit === undefined || limit < 0 || parts.length <= limit + 1) return texts(parts)
  if (limit === 0) return list([string(text)])
  return texts(from === 'left' ? [...parts.slice(0, limit), parts.slice(limit).join(mark)] : [parts.slice(0, -limit).join(mark), ...parts.slice(-limit)])
}

function format(text: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | undefined {
  let index = 0
  let complete = true
  const result = text.replace(/\{\{|\}\}|\{(\w*)(?::([^{}]*))?\}|\{[^}]*\}?/g, (all, name?: string, spec?: string) => {
    if (all === '{{' || all === '}}') return all.charAt(0)
    // A conversion, a width, an attribute.
    const value = name === undefined ? undefined : name === '' ? args[index++] : /^\d+$/.test(name) ? args[Number(name)] : keywords.get(name)
    const shown = spec ? value && formatted(value, spec) : plainText(value)
    complete &&= shown !== undefined
    payText(shown?.length ?? 0)
    return shown ?? ''
  })
  return complete && result.length < MAX_TEXT ? string(result) : undefined
}

/** `textwrap.dedent`: lines of spaces and tabs are emptied, and what all others begin with goes. */
export function dedented(text: string): string {
  payText(4 * text.length)
  const lines = text.split('\n').map((line) => (/^[ \t]+$/.test(line) ? '' : line))
  const margins = lines.filter((line) => line !== '').map((line) => /^[ \t]*/.exec(line)?.[0] ?? '')
  let margin = margins[0] ?? ''
  for (const one of margins) while (!one.startsWith(margin)) margin = margin.slice(0, -1)
  return lines.map((line) => line.slice(line === '' ? 0 : margin.length)).join('\n')
}
