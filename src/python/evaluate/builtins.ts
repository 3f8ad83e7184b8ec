import { callPlain, flattened } from './plain-calls.js'
import { classAsDict, namesOfClass } from './class-names.js'
import { isInstance, typeOf } from './types-of.js'
import type { SyntaxNode } from '@lezer/common'
import { anyOf, mapEither } from './alternatives.js'
import { itemsOf } from './collections.js'
import { payLook, payStep } from '../budget.js'
import { importedByName, importNow } from './import-outcome.js'
import { type Interpreter, Raised } from './interpreter.js'
import { getAttribute, setAttribute } from './get-attribute.js'
import { missingFolder, openFile } from './open-files.js'
import { callOsPath } from './os-path.js'
import { callMethod, hasMethod } from './methods.js'
import { namesAsDict } from './names.js'
import { literalIn, runsFile } from './running.js'
import { sorted, sortedBy } from './sorting.js'
import { dedented } from './text-methods.js'
import { matchesWildcard } from './wildcard.js'
import { boolean, list, NONE, number, plainText, Scope, string, textOf, truth, type Value } from './value.js'

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
    case 'vars':
      return first && args.length === 1 ? namesIn(py, name, first, node) : undefined
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
      return isInstance(py, first, second)
    case 'type':
      return args.length === 1 && first ? typeOf(first) : undefined
    case 'setattr':
      return setAttribute(py, args, node)
    case 'inspect.getfile':
    case 'inspect.getsourcefile':
    case 'inspect.getabsfile':
      // The file of the code that has asked for its own frame.
      return first?.kind === 'call' && first.callee === 'inspect.currentframe' ? string(first.file.file) : undefined
    case 'fnmatch.filter':
      return first && 'items' in first && second?.kind === 'string'
        ? list(first.items.filter((item) => item.kind === 'string' && matchesWildcard(second.value, item.value)))
        : undefined
    case 'os.listdir': {
      const folder = textOf(first)
      if (folder === undefined) return undefined
      const missing = missingFolder(py, folder, node)
      if (missing) return missing
      const names = py.host.listFolder(folder)
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
      if (first?.kind !== 'string') return undefined
      importedByName(py, node, first.value)
      return { kind: 'reference', name: first.value }
    case 'platform.system':
      return PLATFORMS[process.platform] === undefined ? undefined : string(PLATFORMS[process.platform] as string)
    case 'ast.literal_eval':
      return first?.kind === 'string' && args.length === 1 ? literalIn(py, first.value, node) : undefined
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

const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = { linux: 'Linux', darwin: 'Darwin', win32: 'Windows' }

/** `dir(x)` and `vars(x)` of a module, a class or an object of one. */
function namesIn(py: Interpreter, name: 'dir' | 'vars', object: Value, node: SyntaxNode): Value | undefined {
  if (object.kind === 'class') return name === 'vars' ? classAsDict(py, object, node) : namesOfClass(py, object)
  if (object.kind === 'call' && object.target?.kind === 'class' && name === 'vars') return py.attribute(object, '__dict__', node)
  if (object.kind !== 'module') return undefined
  if (name === 'vars') return { kind: 'names', scope: object.scope }
  const names = namesAsDict(object.scope)
  return names.kind === 'dict' ? list(sorted(names.entries.map(([key]) => key as Value & { kind: 'string' }))) : names
}

const NO_KEYWORDS: ReadonlyMap<string, Value> = new Map()

function deepCopy(value: Value, depth: number): Value {
  if (depth > 8) return value
  payStep()
  if (value.kind === 'dict') return { kind: 'dict', entries: value.entries.map(([key, entry]) => [key, deepCopy(entry, depth + 1)]) }
  return 'items' in value ? { ...value, items: value.items.map((item) => deepCopy(item, depth + 1)) } : value
}

/** A function that was read, one of Python's own, or a method of texts: `str.strip`. */
function applied(py: Interpreter, callee: Value, item: Value, node: SyntaxNode): Value | undefined {
  if (callee.kind === 'function') return py.resolve(py.callFunction(callee, [item], new Map(), node))
  if (callee.kind !== 'reference') return undefined
  const one = py.resolve(item)
  const method = /^str\.(\w+)$/.exec(callee.name)?.[1]
  if (method !== undefined) return one.kind === 'string' ? callMethod(one, method, [], NO_KEYWORDS) : undefined
  return callBuiltin(callee.name, [one], NO_KEYWORDS, py, node)
}

/** `filter(function, items)` and `map(function, items)`. */
function mapped(py: Interpreter, name: string, [callee, given]: readonly Value[], node: SyntaxNode): Value | undefined {
  const items = given && itemsOf(given)
  if (!items || items.length > 2000) return undefined
  payLook(items.length)
  if (!callee || (callee.kind === 'none' && name === 'map')) return undefined
  const results = items.map((item) => (callee.kind === 'none' ? item : applied(py, callee, item, node)))
  if (!results.every((one) => one !== undefined)) return undefined
  if (name === 'map') return list(results)
  const keep = results.map(truth)
  return keep.includes(undefined) ? undefined : list(items.filter((_item, index) => keep[index]))
}
