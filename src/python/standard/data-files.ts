import type { SyntaxNode } from '@lezer/common'
import { payText, payValues } from '../budget.js'
import { readWholeToml, type TomlTable, type TomlValue } from '../environment/toml.js'
import type { Interpreter } from '../evaluate/interpreter.js'
import { isOpenFile, openFile, textIn } from '../evaluate/open-files.js'
import { boolean, list, NONE, string, type Value } from '../evaluate/value.js'
import { NotPlainYaml, readYaml, type YamlValue } from './yaml.js'

type Format = 'json' | 'toml' | 'yaml'

/** Functions that read a whole document, by what they are given: an open file, its text, or a path. */
const READERS = new Map<string, { format: Format; from: 'file' | 'text' | 'path' }>([
  ['json.load', { format: 'json', from: 'file' }],
  ['json.loads', { format: 'json', from: 'text' }],
  ['tomllib.load', { format: 'toml', from: 'file' }],
  ['tomllib.loads', { format: 'toml', from: 'text' }],
  ['tomli.load', { format: 'toml', from: 'file' }],
  ['tomli.loads', { format: 'toml', from: 'text' }],
  ['toml.load', { format: 'toml', from: 'path' }],
  ['toml.loads', { format: 'toml', from: 'text' }],
  ['yaml.safe_load', { format: 'yaml', from: 'file' }],
  ['yaml.load', { format: 'yaml', from: 'file' }],
  ['yaml.full_load', { format: 'yaml', from: 'file' }],
])

/** `json.load(open(…))`, `tomllib.load`, `yaml.safe_load`: the documents that settings are read from. */
export function dataCall(py: Interpreter, name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value | undefined {
  const reader = READERS.get(name)
  const [given] = args
  if (!reader || !given || [...keywords.keys()].some((one) => one !== 'Loader')) return undefined
  const loader = args[1] ?? keywords.get('Loader')
  if (loader && !isPlainLoader(loader)) return py.unknown(node, 'what this loader makes of the file is not known')
  const file = reader.from === 'path' && (given.kind === 'string' || given.kind === 'path') ? openFile(py, 'open', [given], new Map(), node) : given
  if (file?.kind === 'unknown') return file
  const text = isOpenFile(file) ? textIn(py, file, node) : file
  if (text?.kind === 'unknown') return text
  if (text?.kind !== 'string' && text?.kind !== 'bytes') return undefined
  return documentIn(py, reader.format, text.value, node)
}

/** PyYAML's own that make text, numbers and the like; `BaseLoader` makes text of everything, and a class of the project what it likes. */
function isPlainLoader(loader: Value): boolean {
  const name = loader.kind === 'reference' || loader.kind === 'class' ? loader.name : ''
  const isOwn = loader.kind !== 'class' || /[/\\]yaml[/\\]\w+\.py$/.test(loader.file.file)
  return isOwn && /^(?:yaml\.)?(?:\w+\.)?C?(?:Safe|Full|Unsafe)?Loader$/.test(name)
}

function documentIn(py: Interpreter, format: Format, text: string, node: SyntaxNode): Value {
  payText(4 * text.length)
  try {
    if (format === 'json') return plainValue(JSON.parse(text) as YamlValue, 0)
    if (format === 'yaml') return plainValue(readYaml(text), 0)
    const table = readWholeToml(text)
    return table === null ? py.unknown(node, 'this TOML file is not read whole') : tomlValue(table, 0)
  } catch (error) {
    if (error instanceof NotPlainYaml) return py.unknown(node, `this YAML file is not read: ${error.message}`)
    if (error instanceof SyntaxError) return py.unknown(node, 'it is not valid JSON')
    throw error
  }
}

/** Deeper than any file that a person writes. */
const DEEPEST = 60
const TOO_DEEP: Value = { kind: 'unknown', reason: 'a document that is nested too deeply', file: '', line: 0 }

function plainValue(value: YamlValue | { [key: string]: YamlValue }, depth: number): Value {
  payValues(1)
  if (depth > DEEPEST) return TOO_DEEP
  if (value === null) return NONE
  if (typeof value === 'string') return string(value)
  if (typeof value === 'boolean') return boolean(value)
  if (typeof value === 'number') return Number.isInteger(value) ? { kind: 'number', value } : { kind: 'number', value, float: true }
  if (Array.isArray(value)) return list(value.map((one) => plainValue(one, depth + 1)))
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return { kind: 'dict', entries: entries.map(([key, one]): [Value, Value] => [string(key), plainValue(one, depth + 1)]) }
}

function tomlValue(value: TomlValue | TomlTable, depth: number): Value {
  payValues(1)
  if (depth > DEEPEST) return TOO_DEEP
  if (typeof value === 'boolean') return boolean(value)
  if (typeof value === 'string') return value.startsWith('\0') ? bare(value.slice(1)) : string(value)
  if (Array.isArray(value)) return list(value.map((one) => tomlValue(one, depth + 1)))
  return { kind: 'dict', entries: [...value].map(([key, one]): [Value, Value] => [string(key), tomlValue(one, depth + 1)]) }
}

/** Numbers; dates and times are objects of Python. */
function bare(text: string): Value {
  const digits = text.replaceAll('_', '')
  if (/^[-+]?\d+$/.test(digits)) return { kind: 'number', value: Number(digits) }
  if (/^[-+]?\d+\.\d+$/.test(digits)) return { kind: 'number', value: Number(digits), float: true }
  return { kind: 'unknown', reason: `${text} is a value of TOML that is not read`, file: '', line: 0 }
}
