import type { SyntaxNode } from '@lezer/common'
import { payValues } from '../budget.js'
import { type Interpreter, isCaught, Raised } from '../evaluate/interpreter.js'
import type { EntryPoint } from '../modules/distributions.js'
import { type Call, list, string, textOf, type Value } from '../evaluate/value.js'

const POINTS = new WeakMap<Call, EntryPoint>()
const METADATA = /^(?:importlib\.metadata|importlib_metadata|backports\.entry_points_selectable)\.(entry_points|version)$/

/** `entry_points(group="x")`, `iter_entry_points("x")`, `version("x")`: what the metadata of installed distributions says. */
export function metadataCall(py: Interpreter, name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value | undefined {
  const method = METADATA.exec(name)?.[1]
  if (method === 'version') return versionOf(py, args[0], node)
  if (method === 'entry_points') {
    // Without a group: what is picked out of it says which.
    if (args.length === 0 && keywords.size === 0) return undefined
    return pointsOf(py, textOf(keywords.get('group')), keywords.get('name'), node)
  }
  if (name === 'pkg_resources.iter_entry_points') return pointsOf(py, textOf(args[0] ?? keywords.get('group')), args[1] ?? keywords.get('name'), node)
  return undefined
}

/** `entry_points()["x"]`, `entry_points().get("x", [])`, `.select(group="x")`, and `load()` of one. */
export function metadataMethod(
  py: Interpreter,
  object: Value,
  method: string,
  args: readonly Value[],
  keywords: ReadonlyMap<string, Value>,
  node: SyntaxNode,
): Value | undefined {
  if (object.kind !== 'call') return undefined
  const point = POINTS.get(object)
  if (point) return method === 'load' || method === 'resolve' ? { kind: 'reference', name: point.value.replace(':', '.') } : undefined
  if (METADATA.exec(object.callee)?.[1] !== 'entry_points') return undefined
  if (method === 'select') return pointsOf(py, textOf(keywords.get('group')), keywords.get('name'), node)
  return method === 'get' || method === '__getitem__' ? pointsOf(py, textOf(args[0]), undefined, node) : undefined
}

/** `.name`, `.value`, `.module`, `.module_name` of an entry point. */
export function metadataAttribute(object: Call, name: string): Value | undefined {
  const point = POINTS.get(object)
  if (!point) return undefined
  const [module = '', attribute = ''] = point.value.split(':').map((part) => part.trim())
  switch (name) {
    case 'name':
    case 'group':
    case 'value':
      return string(point[name])
    case 'module':
    case 'module_name':
      return string(module)
    case 'attr':
      return string(attribute)
    default:
      return undefined
  }
}

function pointsOf(py: Interpreter, group: string | undefined, name: Value | undefined, node: SyntaxNode): Value | undefined {
  if (group === undefined || (name !== undefined && name.kind !== 'string' && name.kind !== 'none')) return undefined
  const found = py.host.entryPoints(group)
  if (found === null)
    return py.unknown(node, `which packages have entry points of "${group}" is not known: the project's environment is not, or a file of it is not read`)
  payValues(8 * found.length)
  const wanted = found.filter((one) => name?.kind !== 'string' || one.name === name.value)
  return list(
    wanted.map((point) => {
      const call: Call = { kind: 'call', callee: 'importlib.metadata.EntryPoint', args: [], keywords: new Map(), line: py.line(node), node, file: py.file }
      POINTS.set(call, point)
      return call
    }),
  )
}

function versionOf(py: Interpreter, given: Value | undefined, node: SyntaxNode): Value | undefined {
  if (given?.kind !== 'string') return undefined
  const version = py.host.distributionVersion(given.value)
  if (version !== null) return string(version)
  if (py.catching.some((clause) => isCaught({ exception: 'PackageNotFoundError', ancestors: ['ModuleNotFoundError'] }, clause)))
    throw new Raised('PackageNotFoundError', given.value, py.line(node), ['ModuleNotFoundError'])
  return undefined
}
