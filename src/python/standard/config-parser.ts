import type { SyntaxNode } from '@lezer/common'
import { payValues } from '../budget.js'
import { type Interpreter, isCaught, Raised } from '../evaluate/interpreter.js'
import { isOpenFile, textIn } from '../evaluate/open-files.js'
import { boolean, type Call, list, NONE, number, plainText, string, textOf, type Unknown, type Value } from '../evaluate/value.js'
import { BadIni, type Ini, iniOption, interpolated, readIni } from './ini.js'

const PARSERS = /(?:^|\.)(?:configparser|ConfigParser)\.((?:Raw|Safe)?ConfigParser)$/

interface State {
  ini: Ini
  /** What of it is not known, and why. */
  lost: Unknown | undefined
  raw: boolean
}

const STATES = new WeakMap<Call, State>()

/** Is it a parser of the standard library, and what has it read? */
function stateOf(object: Value): State | undefined {
  if (object.kind !== 'call' || object.target) return undefined
  const known = STATES.get(object)
  if (known) return known
  const kind = PARSERS.exec(object.callee)?.[1]
  if (kind === undefined) return undefined
  const odd = [...object.keywords.keys()].find((name) => name !== 'interpolation' || object.keywords.get(name)?.kind !== 'none')
  const lost: Unknown | undefined =
    odd !== undefined || object.args.length > 0
      ? { kind: 'unknown', reason: `${object.callee} is made in a way that is not read`, file: object.file.file, line: object.line }
      : undefined
  const state = { ini: new Map(), lost, raw: kind === 'RawConfigParser' || object.keywords.has('interpolation') }
  STATES.set(object, state)
  return state
}

/** Methods of a `configparser` object: what is read from files that settings may read. */
export function configParserMethod(
  py: Interpreter,
  object: Value,
  method: string,
  args: readonly Value[],
  keywords: ReadonlyMap<string, Value>,
  node: SyntaxNode,
): Value | undefined {
  const state = stateOf(object)
  if (!state) return undefined
  const changes = CHANGES.get(method)
  if (changes) {
    if (py.isDoubtful) state.lost ??= py.unknown(node, 'it is read in a branch that may not be taken')
    return changes(py, state, args, keywords, node)
  }
  if (state.lost) return state.lost
  const [section, option] = args.map(textOf)
  switch (method) {
    case 'sections':
      return list([...state.ini.keys()].filter((name) => name !== 'DEFAULT').map(string))
    case 'has_section':
      return section === undefined ? undefined : boolean(section !== 'DEFAULT' && state.ini.has(section))
    case 'has_option':
      return section === undefined || option === undefined ? undefined : boolean(state.ini.has(section) && iniOption(state.ini, section, option) !== undefined)
    case 'options':
      return section === undefined || !state.ini.has(section) ? undefined : list(namesIn(state.ini, section).map(string))
    case 'items':
      return section === undefined || !state.ini.has(section) ? undefined : itemsOf(py, state, section, node)
    case 'get':
    case 'getint':
    case 'getfloat':
    case 'getboolean':
      return section === undefined || option === undefined ? undefined : optionOf(py, state, { method, section, option, keywords }, node)
    default:
      return undefined
  }
}

/** `config["section"]`, as a dict of its options. */
export function configParserSection(py: Interpreter, object: Value, key: Value, node: SyntaxNode): Value | undefined {
  const state = stateOf(object)
  if (!state || key.kind !== 'string') return undefined
  if (state.lost) return state.lost
  if (!state.ini.has(key.value) && key.value !== 'DEFAULT') return raise(py, 'KeyError', key.value, node)
  const items = itemsOf(py, state, key.value, node)
  return items.kind !== 'list' ? items : { kind: 'dict', entries: items.items.map((pair) => ('items' in pair ? pair.items : []) as [Value, Value]) }
}

/** `"section" in config` */
export function configParserHas(object: Value, key: Value): boolean | undefined {
  const state = stateOf(object)
  if (!state || state.lost || key.kind !== 'string') return undefined
  return key.value === 'DEFAULT' || state.ini.has(key.value)
}

type Change = (py: Interpreter, state: State, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode) => Value

const CHANGES = new Map<string, Change>([
  ['read', readFiles],
  ['read_file', readOpen],
  ['readfp', readOpen],
  ['read_string', (py, state, [text], _keywords, node) => take(py, state, text?.kind === 'string' ? text.value : undefined, node)],
  ['read_dict', readDict],
  ['set', lose],
  ['add_section', lose],
  ['remove_section', lose],
  ['remove_option', lose],
  ['clear', lose],
])

function lose(py: Interpreter, state: State, _args: readonly Value[], _keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value {
  state.lost ??= py.unknown(node, 'it is changed in a way that is not read')
  return NONE
}

/** `read(names)`: those that can be opened, the others are passed over. */
function readFiles(py: Interpreter, state: State, [given]: readonly Value[], _keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value {
  const names = given === undefined ? [] : 'items' in given ? given.items.map((one) => textOf(py.resolve(one))) : [textOf(given)]
  const found: Value[] = []
  for (const name of names) {
    if (name === undefined) state.lost ??= py.unknown(node, 'the name of a file that it reads is not known')
    else if (py.host.exists(name) && !py.host.isFolder(name)) {
      const text = py.host.readFile(name)
      if (text === null) state.lost ??= py.unknown(node, py.host.refusal(name) ?? `${name} cannot be opened`)
      else take(py, state, text, node)
      found.push(string(name))
    }
  }
  return state.lost ?? list(found)
}

function readOpen(py: Interpreter, state: State, [file]: readonly Value[], _keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value {
  if (!isOpenFile(file)) {
    state.lost ??= file?.kind === 'unknown' ? file : py.unknown(node, 'the file that it reads is not known')
    return NONE
  }
  const text = textIn(py, file, node)
  if (text.kind === 'unknown') state.lost ??= text
  return take(py, state, text.kind === 'string' ? text.value : undefined, node)
}

/** `read_dict({"section": {"option": value}})`: each value as `str()` writes it; None only where it is allowed. */
function readDict(py: Interpreter, state: State, [given]: readonly Value[], _keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value {
  if (given?.kind !== 'dict') return lose(py, state, [], new Map(), node)
  for (const [section, options] of given.entries) {
    const [name, known] = [plainText(section), py.resolve(options)]
    if (name === undefined || known.kind !== 'dict') return lose(py, state, [], new Map(), node)
    const into = state.ini.get(name) ?? new Map<string, string>()
    state.ini.set(name, into)
    for (const [option, written] of known.entries) {
      payValues(2)
      const value = py.resolve(written)
      const text = value.kind === 'boolean' ? (value.value ? 'True' : 'False') : plainText(value)
      const key = plainText(option)
      if (key === undefined || text === undefined) return lose(py, state, [], new Map(), node)
      into.set(key.toLowerCase(), text)
    }
  }
  return NONE
}

function take(py: Interpreter, state: State, text: string | undefined, node: SyntaxNode): Value {
  try {
    if (text === undefined) state.lost ??= py.unknown(node, 'the text that it reads is not known')
    else readIni(text, state.ini)
  } catch (error) {
    if (!(error instanceof BadIni)) throw error
    state.lost ??= py.unknown(node, error.message)
  }
  return NONE
}

function namesIn(ini: Ini, section: string): string[] {
  return [...new Set([...(ini.get(section)?.keys() ?? []), ...(ini.get('DEFAULT')?.keys() ?? [])])]
}

function itemsOf(py: Interpreter, { ini, raw }: State, section: string, node: SyntaxNode): Value {
  const names = namesIn(ini, section)
  payValues(3 * names.length)
  return list(
    names.map((name) => {
      const stored = iniOption(ini, section, name) ?? ''
      const value = raw ? stored : interpolated(ini, section, stored)
      return { kind: 'tuple', items: [string(name), value === undefined ? py.unknown(node, `${name} is put together from others`) : string(value)] }
    }),
  )
}

/** ConfigParser.BOOLEAN_STATES */
const BOOLEANS = new Map(Object.entries({ 1: true, yes: true, true: true, on: true, 0: false, no: false, false: false, off: false }))

function optionOf(
  py: Interpreter,
  { ini, raw }: State,
  { method, section, option, keywords }: { method: string; section: string; option: string; keywords: ReadonlyMap<string, Value> },
  node: SyntaxNode,
): Value {
  if (keywords.has('vars')) return py.unknown(node, 'it depends on vars')
  const stored = ini.has(section) ? iniOption(ini, section, option) : undefined
  if (stored === undefined) {
    const fallback = keywords.get('fallback')
    if (fallback) return fallback
    return ini.has(section) ? raise(py, 'NoOptionError', option, node) : raise(py, 'NoSectionError', section, node)
  }
  const isRaw = raw || keywords.get('raw')?.kind === 'boolean'
  const value = isRaw ? stored : interpolated(ini, section, stored)
  if (value === undefined) return py.unknown(node, `${option} is put together from others`)
  if (method === 'get') return string(value)
  if (method === 'getboolean') {
    const decided = BOOLEANS.get(value.toLowerCase())
    return decided === undefined ? raise(py, 'ValueError', `Not a boolean: ${value}`, node) : boolean(decided)
  }
  const parsed = /^\s*[-+]?\d+(\.\d*)?\s*$/.test(value) ? Number(value) : Number.NaN
  if (Number.isNaN(parsed)) return py.unknown(node, `${option} is no number`)
  return method === 'getfloat' ? { kind: 'number', value: parsed, float: true } : number(parsed)
}

/** configparser's own exceptions derive from its Error. */
function raise(py: Interpreter, exception: string, what: string, node: SyntaxNode): Value {
  const ancestors = /^No/.test(exception) ? ['Error'] : undefined
  const raised = new Raised(exception, what, py.line(node), ancestors)
  if (py.catching.some((clause) => isCaught(raised, clause))) throw raised
  return py.unknown(node, `the ini file has no "${what}", and without it Python fails here too`)
}
