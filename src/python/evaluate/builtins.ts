import type { SyntaxNode } from '@lezer/common'
import { anyOf, mapEither } from './alternatives.js'
import { itemsOf } from './collections.js'
import { payCopy, payLook, payStep, payText, payValues } from '../budget.js'
import { hasGap } from './floors.js'
import type { Host } from './host.js'
import { importNow } from './import-outcome.js'
import { type Interpreter, Raised } from './interpreter.js'
import { getAttribute, setAttribute } from './get-attribute.js'
import { openFile } from './open-files.js'
import { callOsPath } from './os-path.js'
import { callMethod, hasMethod } from './methods.js'
import { namesAsDict } from './names.js'
import { runsFile } from './running.js'
import { sorted, sortedBy } from './sorting.js'
import { dedented } from './text-methods.js'
import { matchesWildcard } from './wildcard.js'
import { distinct, merged } from './keys.js'
import { boolean, list, NONE, number, plainText, Scope, string, textOf, truth, type Value } from './value.js'

/** Attributes of modules that are worth a value. */
export function referenceValue(name: string, host: Host): Value | undefined {
  if (/^sys\.version_info(\.|$)/.test(name) && host.python) {
    const [major, minor] = host.python
    // The rest is not known, but it is there: (3, 13, …) is more than (3, 13).
    const rest: Value[] = [3, 4, 5].map(() => ({ kind: 'unknown', reason: 'the last part of the version is not known', file: '', line: 0 }))
    if (name === 'sys.version_info') return { kind: 'tuple', items: [number(major), number(minor), ...rest] }
    return name.endsWith('.major') ? number(major) : name.endsWith('.minor') ? number(minor) : undefined
  }
  if (/^(django\.utils\.)?six\.PY[23]$/.test(name) && host.python) return boolean(host.python[0] === Number(name.at(-1)))
  if (name === 'typing.TYPE_CHECKING') return boolean(false)
  if (name === 'os.sep' || name === 'os.path.sep') return string('/')
  if (name === 'os.name') return string('posix')
  if (name === 'sys.platform') return string(process.platform)
  if (name === 'os.pardir') return string('..')
  if (name === 'os.curdir') return string('.')
  // What decides by the command line decides as for `manage.py migrate`.
  if (name === 'sys.argv') return list(['manage.py', 'migrate'].map(string))
  return undefined
}

/** Python's own functions, as settings and migrations use them. Undefined: not one of them, or not with known arguments. */
export function callBuiltin(name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, py: Interpreter, node: SyntaxNode): Value | undefined {
  const [first, second] = args
  switch (name) {
    case 'os.environ.get':
    case 'os.getenv': {
      if (first?.kind !== 'string') return undefined
      const doubt = py.host.variableDoubt(first.value)
      if (doubt !== null) return py.unknown(node, doubt)
      const value = py.host.env.get(first.value)
      return value === undefined ? (second ?? keywords.get('default') ?? NONE) : string(value)
    }
    case 'getattr':
      return getAttribute(py, args, node)
    case 'hasattr': {
      const isMethod = first && second?.kind === 'string' ? hasMethod(first, second.value) : undefined
      if (isMethod !== undefined) return boolean(isMethod)
      const value = getAttribute(py, [first as Value, second as Value, { kind: 'reference', name: '(absent)' }], node)
      if (!value || value.kind === 'unknown' || value.kind === 'either') return undefined
      return boolean(!(value.kind === 'reference' && value.name === '(absent)'))
    }
    case 'dir':
    case 'vars': {
      if (first?.kind === 'call' && first.target?.kind === 'class' && args.length === 1 && name === 'vars') return py.attribute(first, '__dict__', node)
      const scope = first?.kind === 'module' && args.length === 1 ? first.scope : undefined
      if (name === 'vars' || scope === undefined) return scope && { kind: 'names', scope }
      const names = namesAsDict(scope)
      if (names.kind !== 'dict') return names
      return list(sorted(names.entries.map(([key]) => key as Value & { kind: 'string' })))
    }
    case 'copy.copy':
      return first && ('items' in first || first.kind === 'dict' ? callMethod(first, 'copy', [], NO_KEYWORDS) : undefined)
    case 'copy.deepcopy':
      return first && ('items' in first || first.kind === 'dict') ? deepCopy(first, 0) : undefined
    case 'filter':
    case 'map':
      return mapped(py, name, args, node)
    case 'sum': {
      const numbers = first && args.length === 1 ? itemsOf(first)?.map((one) => (one.kind === 'number' && !one.float ? one.value : undefined)) : undefined
      if (numbers?.every((one) => one !== undefined)) return number(numbers.reduce((sum, one) => sum + one, 0))
      const lists = first && itemsOf(first)?.map((one) => ('items' in one ? one.items : undefined))
      const all = second?.kind === 'list' && lists ? flattened([second.items, ...lists]) : undefined
      return all && list(all)
    }
    case 'sorted': {
      const items = first && itemsOf(first)
      const ordered = items && sortedWith(py, items, keywords, node)
      return ordered && list(ordered)
    }
    case 'collections.defaultdict': {
      const made = callPlain('dict', args.slice(1), keywords)
      return made?.kind === 'dict' ? { ...made, missing: first ?? NONE } : undefined
    }
    case 'list':
    case 'tuple':
      if (first?.kind === 'either' && args.length === 1) return mapEither(py, first, (option) => ofEach(py, name, option, node), node)
      return callPlain(name, args, keywords)
    case 'textwrap.dedent':
      return first?.kind === 'string' && args.length === 1 ? string(dedented(first.value)) : undefined
    case 'isinstance':
      return isInstance(first, second)
    case 'type':
      return args.length === 1 && first ? typeOf(first) : undefined
    case 'setattr':
      return setAttribute(py, args, node)
    case 'fnmatch.filter':
      return first && 'items' in first && second?.kind === 'string'
        ? list(first.items.filter((item) => item.kind === 'string' && matchesWildcard(second.value, item.value)))
        : undefined
    case 'os.listdir': {
      const folder = textOf(first)
      const names = folder === undefined ? null : py.host.listFolder(folder)
      return names === null ? undefined : list(names.map(string))
    }
    case 'importlib.import_module':
    case 'import_module':
    case '__import__':
      if (first?.kind !== 'string' || (args.length > 1 && name !== '__import__') || first.value.startsWith('.')) return undefined
      importNow(py, node, first.value)
      return { kind: 'reference', name: name === '__import__' ? (first.value.split('.')[0] as string) : first.value }
    case 'importlib.util.find_spec':
    case 'pkgutil.find_loader':
    case 'importlib.find_loader':
      if (first?.kind !== 'string' || args.length > 1) return undefined
      if (!py.host.mayImport(first.value)) return NONE
      return py.host.findsModule(first.value) ? { kind: 'module', name: first.value, scope: new Scope() } : undefined
    case 'django.utils.module_loading.import_string':
      return first?.kind === 'string' ? { kind: 'reference', name: first.value } : undefined
    case 'sys.exit':
    case 'exit':
    case 'quit':
      if (py.isDoubtful) return undefined
      throw new Raised('SystemExit', plainText(first) ?? '', py.line(node))
    default:
      if ([...keywords.keys()].includes('**')) return undefined
      if (RUNS_FILES.test(name)) return openFile(py, name, args, keywords, node) ?? runsFile(py, name, args, keywords, node)
      return name.startsWith('os.') || name.startsWith('pathlib.') || name.startsWith('posixpath.')
        ? callOsPath(name, args, py.host)
        : callPlain(name, args, keywords)
  }
}

/** What `sorted()` and `list.sort()` are given by name: `key`, a function that was read or one of Python's own, and `reverse`. */
export function sortedWith(py: Interpreter, items: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value[] | undefined {
  const key = keywords.get('key')
  return sortedBy(items, keywords.get('reverse'), (item) => {
    if (key === undefined || key.kind === 'none') return py.resolve(item)
    if (key.kind === 'function') return py.resolve(py.callFunction(key, [item], new Map(), node))
    return key.kind === 'reference' ? callBuiltin(key.name, [py.resolve(item)], new Map(), py, node) : undefined
  })
}

/** `list(…)` and `tuple(…)` of one of the values that are meant. */
function ofEach(py: Interpreter, name: 'list' | 'tuple', option: Value, node: SyntaxNode): Value {
  const made = callPlain(name, [option], new Map())
  if (made) return made
  const isOpen = option.kind === 'unknown' || option.kind === 'call' || option.kind === 'reference'
  return isOpen ? { kind: name, items: [anyOf(py, option, node)] } : py.unknown(node, `${name}() of it is not evaluated`)
}

const RUNS_FILES = /^(?:(?:io\.|codecs\.)?open$|file$|runpy\.|imp\.|importlib\.(?:util|machinery)\.)/

function callPlain(name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | undefined {
  const [first] = args
  const items = first && itemsOf(first)
  payCopy(items?.length ?? 0)
  switch (name) {
    case 'str':
    case 'six.text_type':
    case 'django.utils.encoding.force_str':
    case 'django.utils.encoding.force_text': {
      const text = args.length === 0 ? '' : plainText(first)
      if (text !== undefined) return string(text)
      return first?.kind === 'boolean' ? string(first.value ? 'True' : 'False') : undefined
    }
    case 'int':
      if (args.length > 1 || keywords.size > 0) return undefined
      if (first === undefined) return number(0)
      if (first?.kind === 'boolean') return number(first.value ? 1 : 0)
      return first?.kind === 'string' && /^\s*-?\d+\s*$/.test(first.value)
        ? number(Number(first.value))
        : first?.kind === 'number'
          ? number(Math.trunc(first.value))
          : undefined
    case 'float':
      if (first?.kind === 'string' && args.length === 1 && /^\s*-?\d+(?:\.\d+)?\s*$/.test(first.value))
        return { kind: 'number', value: Number(first.value), float: true }
      return first?.kind === 'number' ? first : undefined
    case 'bool': {
      const decided = first ? truth(first) : false
      return decided === undefined ? undefined : boolean(decided)
    }
    case 'list':
    case 'tuple':
    case 'set':
    case 'frozenset': {
      const kind = name === 'frozenset' ? 'set' : name
      return first === undefined ? { kind, items: [] } : items && { kind, items: kind === 'set' ? distinct(items) : items }
    }
    case 'collections.OrderedDict':
    case 'dict': {
      const base = first === undefined ? [] : first.kind === 'dict' ? first.entries : pairsOf(items)
      return (
        base && {
          kind: 'dict',
          entries: merged(
            base,
            [...keywords].map(([key, value]): [Value, Value] => [string(key), value]),
          ),
        }
      )
    }
    case 'dict.fromkeys':
    case 'collections.OrderedDict.fromkeys':
      return items && { kind: 'dict', entries: distinct(items).map((key) => [key, args[1] ?? NONE]) }
    case 'len':
      if (items && hasGap(items)) return undefined
      return first?.kind === 'string' ? number(first.value.length) : items && number(items.length)
    case 'range': {
      const [from, to, step] = args.length === 1 ? [number(0), first, number(1)] : [first, args[1], args[2] ?? number(1)]
      if (from?.kind !== 'number' || to?.kind !== 'number' || step?.kind !== 'number' || step.value === 0) return undefined
      const count = Math.max(0, Math.ceil((to.value - from.value) / step.value))
      if (!(count <= MOST_OF_RANGE)) return undefined
      payValues(count)
      return list(Array.from({ length: count }, (_unused, index) => number(from.value + index * step.value)))
    }
    case 'reversed':
      return items && list([...items].reverse())
    case 'enumerate': {
      if (items && hasGap(items)) return undefined
      const start = args[1] ?? keywords.get('start') ?? number(0)
      if (start.kind !== 'number') return undefined
      payValues(2 * (items?.length ?? 0))
      return items && list(items.map((item, index) => ({ kind: 'tuple', items: [number(start.value + index), item] })))
    }
    case 'zip': {
      const lists = args.map(itemsOf)
      if (lists.some((one) => one === undefined || hasGap(one))) return undefined
      const length = lists.reduce((least, one) => Math.min(least, one?.length ?? 0), lists[0]?.length ?? 0)
      payValues(length * (lists.length + 1))
      return list(
        Array.from({ length: lists.length > 0 ? length : 0 }, (_unused, index) => ({ kind: 'tuple', items: lists.map((one) => one?.[index] as Value) })),
      )
    }
    case 'itertools.chain': {
      const all = flattened(args.map(itemsOf))
      return all && list(all)
    }
    case 'itertools.chain.from_iterable': {
      const all = items && flattened(items.map(itemsOf))
      return all && list(all)
    }
    case 'distutils.version.LooseVersion':
    case 'looseversion.LooseVersion':
    case 'packaging.version.Version':
    case 'packaging.version.parse':
    case 'pkg_resources.parse_version':
      if (first?.kind === 'string') payText(8 * first.value.length)
      return first?.kind === 'string' && /^\d+(\.\d+)*$/.test(first.value)
        ? { kind: 'tuple', items: first.value.split('.').map((part) => number(Number(part))) }
        : undefined
    case 'any':
    case 'all': {
      const truths = items?.map(truth)
      if (!truths || truths.includes(undefined)) return undefined
      return boolean(name === 'any' ? truths.includes(true) : !truths.includes(false))
    }
    default:
      return undefined
  }
}

const NO_KEYWORDS: ReadonlyMap<string, Value> = new Map()

/** A longer range is not written out. */
const MOST_OF_RANGE = 10_000

function flattened(lists: readonly (readonly Value[] | undefined)[]): Value[] | undefined {
  const all: Value[] = []
  for (const one of lists) {
    if (!one) return undefined
    payCopy(one.length)
    for (const item of one) all.push(item)
  }
  return all
}

function deepCopy(value: Value, depth: number): Value {
  if (depth > 8) return value
  payStep()
  if (value.kind === 'dict') return { kind: 'dict', entries: value.entries.map(([key, entry]) => [key, deepCopy(entry, depth + 1)]) }
  return 'items' in value ? { ...value, items: value.items.map((item) => deepCopy(item, depth + 1)) } : value
}

/** `filter(function, items)` and `map(function, items)` of functions that were read. */
function mapped(py: Interpreter, name: string, [callee, given]: readonly Value[], node: SyntaxNode): Value | undefined {
  const items = given && itemsOf(given)
  if (!items || items.length > 2000) return undefined
  payLook(items.length)
  const known = callee?.kind === 'function' ? callee : undefined
  if (!known && !(name === 'filter' && callee?.kind === 'none')) return undefined
  const results = items.map((item) => (known ? py.resolve(py.callFunction(known, [item], new Map(), node)) : item))
  if (name === 'map') return list(results)
  const keep = results.map(truth)
  return keep.includes(undefined) ? undefined : list(items.filter((_item, index) => keep[index]))
}

function pairsOf(items: Value[] | undefined): [Value, Value][] | undefined {
  const pairs = items?.map((item) => ('items' in item && item.items.length === 2 ? (item.items as [Value, Value]) : undefined))
  return pairs?.every((pair) => pair !== undefined) ? (pairs as [Value, Value][]) : undefined
}

/** Python's own types go by their names. */
function typeOf(value: Value): Value | undefined {
  if (value.kind === 'call') return value.target?.kind === 'class' ? value.target : undefined
  const names: Partial<Record<Value['kind'], string>> = {
    string: 'str',
    bytes: 'bytes',
    list: 'list',
    tuple: 'tuple',
    set: 'set',
    dict: 'dict',
    boolean: 'bool',
  }
  const name = names[value.kind]
  return name === undefined ? undefined : { kind: 'reference', name }
}

const TYPES = new Map<string, readonly Value['kind'][]>([
  ['str', ['string']],
  ['basestring', ['string']],
  ['list', ['list']],
  ['tuple', ['tuple']],
  ['dict', ['dict']],
  ['bool', ['boolean']],
  ['int', ['number', 'boolean']],
])

function isInstance(value: Value | undefined, type: Value | undefined): Value | undefined {
  const names = type?.kind === 'tuple' ? type.items : type ? [type] : []
  const kinds = names.map((one) => (one.kind === 'reference' ? TYPES.get(one.name) : undefined))
  if (!value || kinds.length === 0 || kinds.includes(undefined) || ['unknown', 'either', 'call', 'reference'].includes(value.kind)) return undefined
  return boolean(kinds.some((kind) => kind?.includes(value.kind)))
}
