import type { Modules } from '../python/modules/modules.js'
import { prefixesOf } from '../python/modules/search-path.js'
import { addDependency, elements, keepVariants, type Pairs, readEdges, reasonOf, type Report, stringPair } from './migration-edges.js'
import { dataOf } from './data-of.js'
import { readOperations } from './operations.js'
import { exhaustion, payStep, spending } from '../python/budget.js'
import { Evaluator } from '../python/evaluate/evaluator.js'
import { starIn } from '../python/evaluate/stars.js'
import { fieldsOf } from '../python/evaluate/object-fields.js'
import { classAttribute } from '../python/evaluate/class-attribute.js'
import { findIndentationFault } from '../python/grammar/indentation.js'
import { type ParsedFile, parsePython } from '../python/grammar/parse.js'
import { type Call, type ClassValue, Scope, type Value } from '../python/evaluate/value.js'
import type { Rules } from '../django/rules.js'
import type { DjangoSettings } from './settings.js'
import type { MigrationFile, Problem } from './types.js'

export interface MigrationContext {
  app: string
  modules: Modules
  settings: DjangoSettings
  rules: Rules
  /** `--migrations`: place by label. */
  overrides?: ReadonlyMap<string, string>
  /** Labels by package that Django itself has told (`--ask-django`). */
  labels?: ReadonlyMap<string, string>
}

/** Reads one migration file. Never throws for what is in the file: what cannot be read is said in `problems` or `broken`. */
export function readMigration(file: string, name: string, context: MigrationContext): MigrationFile {
  const read = readOne(file, name, context)
  return { ...read, data: dataOf(read.operations) }
}

function readOne(file: string, name: string, context: MigrationContext): MigrationFile {
  const { modules, app } = context
  const empty = emptyMigration(file, name, app)
  const { python } = modules.environment
  const importError = python === null || (python[0] === 3 && python[1] >= 6) ? 'ModuleNotFoundError' : 'ImportError'
  if (name.includes('.')) return broken(empty, importError, `No module named ${name}: a dot in the file's name`)
  if (!file.endsWith('.py')) return unreadable(empty, 'it is compiled, and its source is not there')
  const text = modules.files.readOnce(file)
  if (text === null) return unreadable(empty, modules.files.refusal(file) ?? 'it cannot be opened')
  try {
    return spending(modules.pool, text.length, () => readCarefully(empty, text, importError, context))
  } catch (error) {
    const reason = exhaustion(error)
    if (reason === null) throw error
    return unreadable(emptyMigration(file, name, app), reason)
  }
}

function emptyMigration(file: string, name: string, app: string): MigrationFile {
  return {
    app,
    name,
    file,
    dependencies: [],
    runBefore: [],
    replaces: [],
    initial: null,
    atomic: true,
    operations: [],
    data: false,
    problems: [],
    broken: null,
  }
}

function readCarefully(result: MigrationFile, text: string, importError: string, context: MigrationContext): MigrationFile {
  const { modules } = context
  const { file, name } = result
  const parsed = parsePython(file, text, modules.environment.python)
  if (parsed.syntaxError !== null) {
    const fault = findIndentationFault(parsed.source, parsed.syntaxError)
    const [exception, said, line] = fault ? ['IndentationError', fault.message, fault.line] : ['SyntaxError', 'invalid syntax', parsed.syntaxError]
    return broken(result, exception, `${said} (${name}.py, line ${line})`)
  }
  if (isSouth(parsed)) return broken(result, importError, "No module named 'south': this is a migration of South, not of Django")
  const scope = new Scope(undefined, new Map([['__name__', { kind: 'string', value: modules.resolveRelative(1, name, file) ?? name }]]))
  const before = modules.missing.length
  const raised = new Evaluator(parsed, modules).run(scope)
  if (raised) return broken(result, raised.exception, `${raised.message} (${name}.py, line ${raised.line})`)
  const missing = modules.missing.slice(before).find((one) => one.file === file)
  if (missing) return broken(result, importError, noModule(missing.module, modules))
  fillFrom(result, scope, context)
  return result
}

function headOf({ file, line }: ClassValue): string {
  return file.source.split('\n')[line - 1] ?? ''
}

/** An import of South at the level of the module, not in a text or a `try`. */
function isSouth({ source, tree }: ParsedFile): boolean {
  return tree.topNode.getChildren('ImportStatement').some((node) => /^(from|import) south\b/.test(source.slice(node.from, node.to)))
}

function noModule(dotted: string, modules: Modules): string {
  const first = prefixesOf(dotted).find((prefix) => modules.locate(prefix) === null) ?? dotted
  return modules.environment.python?.[0] === 2 ? `No module named ${dotted}` : `No module named '${first}'`
}

function fillFrom(result: MigrationFile, scope: Scope, context: MigrationContext): void {
  const written = scope.names.get('Migration')
  if (!written) {
    if (starIn(scope)) Object.assign(result, unreadable(result, 'the class Migration may come from an import'))
    else Object.assign(result, broken(result, 'BadMigrationError', `Migration ${result.name} in app ${context.app} has no Migration class`))
    return
  }
  const found = written.kind === 'reference' ? (context.modules.lookUp(written.name) ?? written) : written
  if (found.kind !== 'class') Object.assign(result, unreadable(result, 'the class Migration cannot be read'))
  else fill(result, found, context)
}

function fill(result: MigrationFile, migration: ClassValue, context: MigrationContext): void {
  const { modules } = context
  const resolve = (value: Value): Value => (value.kind === 'reference' ? (modules.lookUp(value.name) ?? value) : value)
  const attributeOf = (name: string): Value | undefined => {
    const value = classAttribute({ resolve }, migration, name)
    return value && resolve(value)
  }
  const problem = problemsOf(result)
  if (migration.decorated) problem(undefined, 'the class is decorated, and a decorator may change it', migration.line)
  if (migration.scope.names.has('__new__') || /^class\s+\w+\s*\([^)]*metaclass\s*=/.test(headOf(migration)))
    problem(undefined, 'how the class is made may change it', migration.line)
  if ([...migration.scope.names.keys()].some((name) => name.startsWith('*')))
    problem(undefined, 'the body of the class hands its names to other code', migration.line)
  const base = unknownBase(migration, resolve)
  if (base !== undefined) problem(undefined, `its base class ${base} was not found and may set dependencies`, migration.line)
  const pairs = { resolve, python2: modules.environment.python?.[0] === 2 }
  const parents = readEdges(result, { name: 'dependencies', list: result.dependencies }, attributeOf('dependencies'), pairs, problem)
  const children = readEdges(result, { name: 'run_before', list: result.runBefore }, attributeOf('run_before'), pairs, problem)
  keepVariants(result, parents, children)
  for (const value of elements(attributeOf('replaces'), 'replaces', problem, resolve)) {
    const pair = stringPair(value, pairs)
    if (pair) result.replaces.push(pair)
    else problem(value, 'an entry of replaces is not a pair of strings')
  }
  const initial = attributeOf('initial')
  if (initial?.kind === 'boolean') result.initial = initial.value
  else if (initial && initial.kind !== 'none') problem(initial, 'initial cannot be read')
  const atomic = attributeOf('atomic')
  if (atomic) result.atomic = atomic.kind === 'boolean' ? atomic.value : null
  result.operations = readOperations(attributeOf('operations'), resolve)
  applyInit(result, migration, context, problem)
}

/** Migration's own `__init__(name, app_label)`, where a class overrides it: it may pass another label on, or change its attributes. */
function applyInit(result: MigrationFile, migration: ClassValue, { app, modules }: MigrationContext, problem: Report): void {
  const init = classAttribute({ resolve: (value) => (value.kind === 'reference' ? (modules.lookUp(value.name) ?? value) : value) }, migration, '__init__')
  if (init?.kind !== 'function') return
  const py = new Evaluator(init.file, modules)
  const given: Value[] = [result.name, app].map((text) => ({ kind: 'string', value: text }))
  const { node, file } = init
  const self: Call = { kind: 'call', callee: 'Migration', target: migration, args: given, keywords: new Map(), line: migration.line, node, file }
  const fields = fieldsOf(py, self, node)
  const passed = fields.get('__init_arguments__')
  const label = fields.get('app_label') ?? (passed?.kind === 'tuple' ? passed.items[1] : undefined)
  if (label?.kind === 'string' && label.value !== app) result.recordedAs = label.value
  else if (label !== undefined && label.kind !== 'string') problem(label, 'the label that __init__ passes on cannot be read', migration.line)
  applyFields(
    result,
    fields,
    py.text(init.node),
    { line: migration.line, python2: modules.environment.python?.[0] === 2, resolve: (value) => py.resolve(value) },
    problem,
  )
}

/** `self.dependencies = […]` in `__init__`. */
function applyFields(result: MigrationFile, fields: ReadonlyMap<string, Value>, text: string, pairs: Pairs & { line: number }, problem: Report): void {
  // What is set before Django's own `__init__` runs is overwritten by it (migration.py, Migration.__init__).
  const after = text.slice(Math.max(0, text.search(/\bsuper\s*\(|\.__init__\s*\(/)))
  const given = (name: string) => (new RegExp(`self\\.${name}\\b`).test(after) ? (fields.get(name) ?? null) : undefined)
  if (/\bself\.(?!operations\b|dependencies\b|run_before\b|replaces\b|__init__\b)\w+\(/.test(text))
    problem(undefined, '__init__ calls methods that may change it', pairs.line)
  if (/(?<![\w.])self\s*[,)]/.test(text.replace(/\bdef\s+__init__\s*\([^()]*\)|super\([^()]*\)|\.__init__\s*\(\s*self/g, '')))
    problem(undefined, '__init__ hands itself to other code', pairs.line)
  for (const [name, list] of [
    ['dependencies', result.dependencies],
    ['run_before', result.runBefore],
  ] as const) {
    const value = given(name)
    if (value === undefined) continue
    list.length = 0
    if (value === null) problem(undefined, `__init__ changes ${name}`, pairs.line)
    else for (const element of elements(value, name, problem, pairs.resolve)) addDependency(list, element, name, pairs, problem)
  }
  if (given('replaces') !== undefined) problem(undefined, '__init__ changes replaces', pairs.line)
  const [atomic, initial] = [given('atomic'), given('initial')]
  if (atomic !== undefined) result.atomic = atomic?.kind === 'boolean' ? atomic.value : null
  if (initial?.kind === 'boolean') result.initial = initial.value
  const operations = given('operations')
  if (operations !== undefined) result.operations = operations === null ? null : readOperations(operations, pairs.resolve)
}

/** A base that is neither Django's Migration nor a class that was read: its attributes would be inherited. */
function unknownBase(migration: ClassValue, resolve: (value: Value) => Value, depth = 0): string | undefined {
  for (const written of migration.bases) {
    payStep()
    const base = resolve(written)
    if (base.kind === 'reference' && (/(^|\.)migrations(\.migration)?\.Migration$/.test(base.name) || base.name === 'object' || isOperation(base.name)))
      continue
    const inner = base.kind === 'class' && depth < 20 ? unknownBase(base, resolve, depth + 1) : base.kind === 'reference' ? base.name : '(computed)'
    if (inner !== undefined) return inner
  }
  return undefined
}

/** `class Migration(migrations.Migration, HStoreExtension)` exists. */
function isOperation(name: string): boolean {
  return /^django\.(contrib\.postgres\.operations|db\.migrations(\.operations)?)\./.test(name)
}

function problemsOf(result: MigrationFile): Report {
  return (value, message, fallback) => {
    const line = value?.kind === 'unknown' || value?.kind === 'call' ? value.line : (fallback ?? null)
    const file = value?.kind === 'unknown' ? value.file : result.file
    const reason = value === undefined ? '' : reasonOf(value)
    const problem: Problem = { code: value?.kind === 'either' ? 'depends-on-settings' : 'unreadable-file', file, line, message: message + reason }
    result.problems.push(problem)
  }
}

function broken(result: MigrationFile, exception: string, message: string): MigrationFile {
  return { ...result, operations: null, atomic: null, broken: { exception, message } }
}

function unreadable(result: MigrationFile, message: string): MigrationFile {
  return { ...result, operations: null, atomic: null, problems: [{ code: 'unreadable-file', file: result.file, line: null, message }] }
}
