import type { SyntaxNode } from '@lezer/common'
import { payText, payValues } from '../budget.js'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { list, NONE, string, textOf, type Value } from './value.js'

/** A longer text is no value; what reads a file by itself reads on. */
const MAX_TEXT = 1_000_000

const OPENERS: ReadonlySet<string> = new Set(['open', 'io.open', 'codecs.open', 'file'])

/**
 * `open(path)` of a file that is only read: an object that gives its text. Whether the file is there is known, and so is what Python raises.
 * @returns undefined where it is not `open`, or not for reading a known path
 * @throws Raised where a `try` waits for it
 */
export function openFile(py: Interpreter, name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value | undefined {
  if (!OPENERS.has(name)) return undefined
  const path = textOf(args[0] ?? keywords.get('file'))
  const mode = args[1] ?? keywords.get('mode')
  if (path === undefined || (mode !== undefined && (mode.kind !== 'string' || /[wax+]/.test(mode.value)))) return undefined
  return opened(py, path, mode?.kind === 'string' && mode.value.includes('b'), node)
}

/** `path.open()`, `path.read_text()`, `path.read_bytes()`; `file.read()`, `file.readlines()`. */
export function readingMethod(py: Interpreter, object: Value, method: string, args: readonly Value[], node: SyntaxNode): Value | undefined {
  if (object.kind === 'path') {
    if (method === 'iterdir') return missingFolder(py, object.value, node)
    if (method === 'open') return openFile(py, 'open', [object, ...args], new Map(), node)
    if (method !== 'read_text' && method !== 'read_bytes') return undefined
    const file = opened(py, object.value, method === 'read_bytes', node)
    return file.kind === 'call' ? textIn(py, file, node) : file
  }
  if (!isOpenFile(object)) return undefined
  if (method === 'close') return NONE
  if (method === 'read' && args.length === 0) return textIn(py, object, node)
  return method === 'readlines' && args.length === 0 ? linesIn(py, object, node) : undefined
}

/** What `os.listdir` and `iterdir` raise where there is no such folder. */
export function missingFolder(py: Interpreter, path: string, node: SyntaxNode): Value | undefined {
  if (py.host.isFolder(path)) return undefined
  return py.host.exists(path)
    ? refused(py, 'NotADirectoryError', `${path} is no folder`, node)
    : refused(py, 'FileNotFoundError', `there is no folder ${path}`, node)
}

/** What opened file this is. */
export function isOpenFile(value: Value | undefined): value is Value & { kind: 'call' } {
  return value?.kind === 'call' && value.callee === 'open' && value.target === undefined && value.args[0]?.kind === 'path'
}

/** The lines that a loop over an open file goes through. */
export function linesIn(py: Interpreter, file: Value & { kind: 'call' }, node: SyntaxNode): Value {
  const text = textIn(py, file, node)
  if (text.kind !== 'string' && text.kind !== 'bytes') return text
  const { kind } = text
  const lines = text.value.match(/[^\n]*\n|[^\n]+$/g) ?? []
  payValues(lines.length)
  return list(lines.map((value) => ({ kind, value })))
}

function opened(py: Interpreter, path: string, bytes: boolean, node: SyntaxNode): Value {
  if (!py.host.exists(path)) return refused(py, 'FileNotFoundError', `there is no ${path}`, node)
  if (py.host.isFolder(path)) return refused(py, 'IsADirectoryError', `${path} is a folder`, node)
  const args: Value[] = [{ kind: 'path', value: path }, string(bytes ? 'rb' : 'r')]
  payValues(8)
  return { kind: 'call', callee: 'open', args, keywords: new Map(), line: py.line(node), node, file: py.file }
}

/** OSError where something waits for it, else unknown: the real program may find it. */
export function refused(py: Interpreter, exception: string, fact: string, node: SyntaxNode): Value {
  if (py.catching.some((clause) => isCaught({ exception }, clause))) throw new Raised(exception, fact, py.line(node))
  return py.unknown(node, `${fact}, and without it Python fails here too`)
}

/** The whole text, and whose it is. */
export function textIn(py: Interpreter, file: Value & { kind: 'call' }, node: SyntaxNode): Value {
  const [place, mode] = file.args
  const path = textOf(place) as string
  const text = py.host.readFile(path)
  if (text === null) return py.unknown(node, py.host.refusal(path) ?? `${path} cannot be opened`)
  if (text.length > MAX_TEXT) return py.unknown(node, `${path} is too long`)
  payText(text.length)
  return { kind: textOf(mode) === 'rb' ? 'bytes' : 'string', value: text, from: path }
}
