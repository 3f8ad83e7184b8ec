import type { SyntaxNode } from '@lezer/common'
import { payCopy, payStep } from '../budget.js'
import { childrenOf, parsePython } from '../grammar/parse.js'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { namesAsDict } from './names.js'
import { refused } from './open-files.js'
import { NONE, Scope, string, textOf, type Unknown, type Value } from './value.js'

/**
 * `exec(code)`, `exec(code, globals())`, `exec(code, names)`, `execfile(path)`: the text runs in the names that it is given, as a star
 * import does. What it is, is known where it is written out or is the text of a file.
 * @param argument the node of the second argument, the names that it runs in
 * @returns why it was not followed, or null
 */
export function runExec(
  py: Interpreter,
  call: { node: SyntaxNode; name: string; args: readonly Value[]; argument: SyntaxNode | undefined },
  scope: Scope,
): string | null {
  const { node, name, args, argument } = call
  const code = name === 'execfile' ? sourceOfFile(py, args[0], node) : sourceOf(py, args[0])
  if (code === undefined || code.kind === 'unknown') return code?.reason ?? `${name}() may change it`
  const given = args[1] && py.resolve(args[1])
  const own = argument === undefined ? scope : given?.kind === 'names' ? given.scope : undefined
  if (own !== undefined) {
    if (py.mayHaveEnded && own !== scope) return `${name}() in a branch that may not be taken`
    return py.execute(code.file, code.text, own)
  }
  if (given?.kind !== 'dict' || !argument) return `${name}() may change it`
  const inner = scopeOf(given)
  if (!inner) return `${name}() may change it`
  const reason = py.execute(code.file, code.text, inner)
  py.change(argument, given, reason === null ? namesAsDict(inner) : py.unknown(node, reason), scope)
  return null
}

/** What a literal is written with; a name, a call or an operator would be refused. */
const LITERAL = /^(?:String|ContinuedString|Number|Boolean|None|(?:Array|Tuple|Set|Dictionary|Parenthesized)Expression|[[\](){},:])$/

/** `ast.literal_eval(text)`; undefined for anything else than a plain literal. */
export function literalIn(py: Interpreter, text: string, node: SyntaxNode): Value | undefined {
  if (text.length > MOST_OF_LITERAL) return undefined
  const parsed = parsePython(py.file.file, text.trim(), py.host.python)
  const [statement, ...more] = childrenOf(parsed.tree.topNode)
  if (parsed.syntaxError !== null || more.length > 0 || statement?.name !== 'ExpressionStatement') return undefined
  const [expression, ...others] = childrenOf(statement)
  if (!expression || others.length > 0 || !isLiteral(expression, 0)) return undefined
  const value = py.in(parsed).expression(expression, new Scope())
  return value.kind === 'unknown' ? py.unknown(node, value.reason) : value
}

function isLiteral(node: SyntaxNode, depth: number): boolean {
  payStep()
  return depth < 40 && LITERAL.test(node.name) && childrenOf(node).every((child) => isLiteral(child, depth + 1))
}

const MOST_OF_LITERAL = 20_000

interface Source {
  kind: 'source'
  file: string
  text: string
}

function sourceOf(py: Interpreter, given: Value | undefined): Source | Unknown | undefined {
  const code = given && py.resolve(given)
  if (code?.kind === 'call' && code.callee === 'compile') return sourceOf(py, code.args[0])
  if (code?.kind === 'unknown') return code
  return code?.kind === 'string' || code?.kind === 'bytes' ? { kind: 'source', file: code.from ?? py.file.file, text: code.value } : undefined
}

function sourceOfFile(py: Interpreter, given: Value | undefined, node: SyntaxNode): Source | Unknown | undefined {
  const path = textOf(given && py.resolve(given))
  if (path === undefined) return undefined
  if (py.host.python?.[0] === 3 && py.catching.some((clause) => isCaught({ exception: 'NameError' }, clause)))
    throw new Raised('NameError', "name 'execfile' is not defined", py.line(node))
  if (!py.host.exists(path) || py.host.isFolder(path)) return refused(py, 'FileNotFoundError', `there is no ${path}`, node) as Unknown
  const text = py.host.readFile(path)
  return text === null ? py.unknown(node, py.host.refusal(path) ?? `${path} cannot be opened`) : { kind: 'source', file: path, text }
}

/** A file that is run in names of its own: `runpy.run_path`, `imp.load_source`, a spec from a file location. */
export function runFile(py: Interpreter, path: string, name: string, node: SyntaxNode): Scope | Unknown {
  if (!py.host.exists(path) || py.host.isFolder(path)) return refused(py, 'FileNotFoundError', `there is no ${path}`, node) as Unknown
  const text = py.host.readFile(path)
  if (text === null) return py.unknown(node, py.host.refusal(path) ?? `${path} cannot be opened`)
  const scope = new Scope(
    undefined,
    new Map<string, Value>([
      ['__name__', string(name)],
      ['__file__', string(path)],
    ]),
  )
  const reason = py.execute(path, text, scope)
  return reason === null ? scope : py.unknown(node, reason)
}

/** Functions that run a file by its path, by their dotted names. */
export function runsFile(py: Interpreter, name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value | undefined {
  switch (name) {
    case 'runpy.run_path': {
      const path = textOf(args[0] ?? keywords.get('path_name'))
      const name = textOf(keywords.get('run_name') ?? args[2]) ?? '<run_path>'
      if (path === undefined || args[1] !== undefined || keywords.has('init_globals')) return undefined
      const names = runFile(py, path, name, node)
      return names instanceof Scope ? namesAsDict(names) : names
    }
    case 'imp.load_source':
      return moduleAt(py, args, node)
    case 'importlib.util.module_from_spec': {
      const [spec] = args
      if (spec?.kind !== 'call' || spec.callee !== 'importlib.util.spec_from_file_location') return undefined
      return moduleAt(
        py,
        [spec.args[0] ?? NONE, spec.args[1] ?? spec.keywords.get('location') ?? NONE].map((one) => py.resolve(one)),
        node,
      )
    }
    // The module was run when it was made.
    case 'importlib.util.spec_from_file_location().loader.exec_module':
      return NONE
    case 'importlib.machinery.SourceFileLoader().load_module':
      return moduleAt(py, args[0]?.kind === 'call' ? args[0].args.map((one) => py.resolve(one)) : [], node)
    default:
      return undefined
  }
}

function moduleAt(py: Interpreter, [name, place]: readonly Value[], node: SyntaxNode): Value | undefined {
  const path = textOf(place)
  if (name?.kind !== 'string' || path === undefined) return undefined
  const scope = runFile(py, path, name.value, node)
  return scope instanceof Scope ? { kind: 'module', name: name.value, scope } : scope
}

function scopeOf(dict: Value & { kind: 'dict' }): Scope | undefined {
  payCopy(4 * dict.entries.length)
  const names = dict.entries.flatMap(([key, value]): [string, Value][] => (key.kind === 'string' ? [[key.value, value]] : []))
  return names.length === dict.entries.length ? new Scope(undefined, new Map(names)) : undefined
}
