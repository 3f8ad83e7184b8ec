import { dirname, resolve, sep } from 'node:path'
import type { PythonEnvironment } from '../environment/index.js'
import { pureLibrary, readPathFiles, sysPrefix } from '../environment/index.js'
import type { Files } from '../files.js'
import { callLibrary, enterContext } from '../libraries/index.js'
import { includedFiles } from '../libraries/split-settings.js'
import { Availability } from './availability.js'
import type { Places } from '../places.js'
import { payLook, payScan, Pool } from '../budget.js'
import { Evaluator } from '../evaluate/evaluator.js'
import type { Caller, Environment, Failure, Host, Included } from '../evaluate/host.js'
import { classAttribute } from '../evaluate/class-attribute.js'
import { attribute } from '../evaluate/members.js'
import { starIn } from '../evaluate/stars.js'
import { type Call, type ClassValue, Scope, type Value } from '../evaluate/value.js'
import { Distributions, type EntryPoint } from './distributions.js'
import { Evaluations } from './evaluations.js'
import { type Located, prefixesOf, SearchPath } from './search-path.js'
import { Variables } from './variables.js'

/** What Django itself answers for the project, once its settings have been read: `settings.X`, `connection.vendor`. */
export type DjangoNames = (dotted: string) => Value | undefined

export interface ModulesRequest {
  /** Folders of the project, before the environment's. */
  folders: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  environment: PythonEnvironment
  files: Files
  /** What may be opened; the folders that the environment adds come to it. */
  places: Places
}

/** Python's own library, Django's and what is known by name rather than by its source. */
const BY_NAME =
  /^(os|sys|pathlib|django|environ|environs|decouple|dj_database_url|split_settings|configurations|swapper|logging|datetime|warnings|typing|six|celery|kombu)(\.|$)/

/** Each import looks into all of them; where there are more, what is not found may be in one. */
const MOST_FOLDERS = 300

/** Finds and evaluates modules on a search path, as `import` would, without running them. */
export class Modules implements Host {
  readonly variables: Variables
  /** What all its files may cost together. */
  readonly pool = new Pool()
  /** How often a file needed more than itself: another module, a setting, the environment. */
  consulted = 0
  readonly files: Files
  readonly environment: PythonEnvironment
  readonly path: SearchPath
  /** What the environment's `.pth` files do that cannot be followed. */
  readonly unread: readonly string[]
  readonly #projectFolders: string[]
  readonly #cwd: string
  readonly #evaluations: Evaluations
  readonly #values = new Map<string, Value | undefined>()
  #djangoNames: DjangoNames | undefined
  #settingOfApps: ((name: string) => Value | undefined) | undefined
  /** What apps set by themselves, or a program without a settings module. */
  readonly ownSettings = new Scope()
  /** Whether `settings.configure(…)` was called; null: perhaps. */
  configured: boolean | null = false
  readonly #availability: Availability
  /** A package that is surely not there, met by an import that runs. */
  readonly missing: { file: string; module: string; line: number }[] = []
  readonly #distributions: Distributions
  #watched: Set<string> | undefined
  #pathLost = false
  readonly #replaced = new Set<string>()

  constructor({ folders, env, environment, files, places }: ModulesRequest) {
    this.variables = new Variables(env, () => this.consulted++)
    const additions = readPathFiles(environment.sitePackages, files)
    places.addPackages([...additions.folders, ...additions.mapped.values()])
    this.files = files
    this.environment = environment
    this.unread = additions.unread
    this.#projectFolders = [...folders]
    this.#cwd = folders[0] ?? process.cwd()
    this.path = new SearchPath([...folders, ...environment.sitePackages, ...additions.folders], files, additions.mapped)
    this.#distributions = new Distributions(() => this.path.folders, files)
    this.#evaluations = new Evaluations(this, files, this.pool, (file) => this.isOfProject(file))
    this.#availability = new Availability(this.path, environment, files, additions.unread)
  }

  get env(): Environment {
    return this.variables
  }

  /** Collects the modules that are imported until the returned function is called. */
  watchImports(): () => string[] {
    const imports = new Set<string>()
    this.#watched = imports
    return () => [...imports]
  }

  /** @param settingOfApps what an app sets where the settings say nothing */
  useDjangoNames(names: DjangoNames, settingOfApps: (name: string) => Value | undefined): void {
    this.#djangoNames = names
    this.#settingOfApps = settingOfApps
    this.#values.clear()
  }

  locate(dotted: string): Located | null {
    return this.path.locate(dotted)
  }

  findFile(dotted: string): string | null {
    return this.path.findFile(dotted)
  }

  /** The folder of a package, also one without `__init__.py`. */
  findFolder(dotted: string): string | null {
    return this.locate(dotted)?.folders[0] ?? null
  }

  replaceModule(dotted: string, from: string): boolean {
    const file = this.findFile(dotted)
    if (file !== null && (dirname(file) !== dirname(from) || file.endsWith('__init__.py') || file === from || this.#evaluations.has(file))) return false
    this.consulted++
    this.#replaced.add(dotted)
    this.forgetLookUps()
    return true
  }

  importModule(dotted: string, from: string, doubtful = false): Scope | null {
    this.consulted++
    if (this.#replaced.has(dotted)) return null
    if (BY_NAME.test(dotted) && dotted !== 'django.conf.global_settings') return null
    const file = this.findFile(dotted)
    return file === null || file === from ? null : this.evaluate(file, undefined, undefined, doubtful)
  }

  isEager(dotted: string): boolean {
    const file = this.findFile(dotted)
    return file !== null && this.isOfProject(file)
  }

  isOfProject(file: string): boolean {
    return (
      this.#projectFolders.some((folder) => file.startsWith(folder + sep)) && !this.environment.sitePackages.some((folder) => file.startsWith(folder + sep))
    )
  }

  lookUp(dotted: string): Value | undefined {
    const value = this.#lookUp(dotted)
    if (value) this.consulted++
    return value
  }

  #lookUp(dotted: string): Value | undefined {
    if (this.#values.has(dotted)) return this.#values.get(dotted)
    this.#values.set(dotted, undefined)
    const setting = /^django\.conf\.settings\.([A-Z][A-Z0-9_]*)$/.exec(dotted)?.[1]
    const found = setting === undefined ? (this.#djangoNames?.(dotted) ?? this.#find(dotted)) : (this.setting(setting) ?? this.#settingOfApps?.(setting))
    this.#values.set(dotted, found)
    return found
  }

  setting(name: string): Value | undefined {
    this.consulted++
    return this.#djangoNames?.(`django.conf.settings.${name}`) ?? this.ownSettings.names.get(name)
  }

  setSetting(name: string, value: Value): void {
    this.ownSettings.set(name, value)
  }

  configure(options: ReadonlyMap<string, Value>, doubtful: boolean): void {
    this.configured = doubtful ? null : true
    for (const [name, value] of options) this.setSetting(name, value)
    this.forgetLookUps()
  }

  worthOf(callee: string, args: readonly Value[]): Value | undefined {
    const [model] = args
    if (!/^django\.db\.migrations\.(migration\.)?swappable_dependency$/.test(callee) || model?.kind !== 'string') return undefined
    return {
      kind: 'tuple',
      items: [
        { kind: 'string', value: model.value.split('.')[0] as string },
        { kind: 'string', value: '__first__' },
      ],
    }
  }

  listFolder(path: string): string[] | null {
    this.consulted++
    const folder = this.#whole(path)
    const names = this.files.listAsFound(folder)
    return this.files.refusal(folder) === null ? names : null
  }

  #find(dotted: string): Value | undefined {
    if ((BY_NAME.test(dotted) && !dotted.startsWith('django.conf.global_settings.') && !dotted.startsWith('django.contrib.')) || this.#evaluations.isTooDeep)
      return undefined
    const prefixes = prefixesOf(dotted)
    for (let length = prefixes.length; length > 0; length--) {
      const module = prefixes[length - 1] as string
      if (this.#replaced.has(module)) return undefined
      const file = this.findFile(module)
      if (file === null) continue
      const rest = dotted.split('.').slice(length)
      if (rest.length === 0)
        return this.#evaluations.has(file) || this.isOfProject(file) ? { kind: 'module', name: module, scope: this.evaluate(file) } : undefined
      return this.#member({ kind: 'module', name: module, scope: this.evaluate(file) }, rest)
    }
    return undefined
  }

  #member(start: Value, names: readonly string[]): Value | undefined {
    let value: Value | undefined = start
    for (const name of names) {
      if (value?.kind === 'module' && name === '__dict__') return { kind: 'names', scope: value.scope }
      if (value?.kind === 'reference') value = this.lookUp(`${value.name}.${name}`)
      else if (value?.kind === 'module') value = value.scope.names.get(name) ?? this.#byModule(value.scope, name) ?? starIn(value.scope)
      else if (value?.kind === 'class')
        value = classAttribute({ resolve: (one) => (one.kind === 'reference' ? (this.lookUp(one.name) ?? one) : one) }, value, name)
      else if (value?.kind === 'call' && value.target?.kind === 'class') value = this.#attributeOf(value, value.target, name)
      else return undefined
    }
    return value?.kind === 'reference' ? (this.lookUp(value.name) ?? value) : value
  }

  /** A module's own `__getattr__` (PEP 562). */
  #byModule(scope: Scope, name: string): Value | undefined {
    const fallback = scope.names.get('__getattr__')
    if (fallback?.kind !== 'function') return undefined
    const { file, node } = fallback
    const value = new Evaluator(file, this).callFunction(fallback, [{ kind: 'string', value: name }], new Map(), node)
    return value.kind === 'unknown' ? undefined : value
  }

  #attributeOf(object: Call, owner: ClassValue, name: string): Value | undefined {
    const value = attribute(new Evaluator(owner.file, this), object, name, owner.file.tree.topNode)
    return value.kind === 'unknown' ? undefined : value
  }

  get python(): PythonEnvironment['python'] {
    return this.environment.python
  }

  get prefix(): string | null {
    return sysPrefix(this.environment, this.files)
  }

  get pureLibrary(): string | null {
    return pureLibrary(this.environment, this.files)
  }

  mayImport(dotted: string): boolean {
    this.#watched?.add(dotted)
    // A folder that is not known may hold packages; the modules of one that was found are where it is.
    if (this.#replaced.has(dotted)) return true
    const isOpen = this.#pathLost && this.locate(dotted.split('.')[0] as string) === null
    return isOpen || this.#availability.mayImport(dotted)
  }

  findsModule(dotted: string): boolean {
    return this.locate(dotted) !== null
  }

  mayHave(module: string, name: string): boolean {
    return this.#availability.mayHave(module, name)
  }

  get knowsPackages(): boolean {
    return this.#availability.knowsPackages
  }

  reportMissing(module: string, file: string, line: number): void {
    // Python 2 imports beside the file too.
    if (this.knowsPackages && this.environment.python?.[0] !== 2) this.missing.push({ file, module, line })
  }

  includes(name: string, args: readonly Value[], file: string): Included[] | null {
    return includedFiles(name, args, file, this.files)
  }

  runIn(file: string, scope: Scope): string | null {
    return this.#evaluations.runIn(file, scope)
  }

  resolveRelative(level: number, dotted: string, from: string): string | null {
    return this.path.resolveRelative(level, dotted, from)
  }

  callLibrary(name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, by: Caller): Value | undefined {
    return callLibrary({ ...by, name, args, keywords, host: this })
  }

  enter(object: Value, method: string, args: readonly Value[]): (() => void) | null {
    return enterContext(object, method, args, this)
  }

  /** A method of an object whose class was read. */
  callMethodOf(object: Call, method: string, args: readonly Value[]): Value | undefined {
    const { target } = object
    if (target?.kind !== 'class') return undefined
    const py = new Evaluator(target.file, this)
    const found = attribute(py, object, method, target.file.tree.topNode)
    return found.kind === 'function' ? py.callFunction(found, [object, ...args], new Map(), target.file.tree.topNode) : undefined
  }

  addPath(written: string, first = true): void {
    const folder = this.#whole(written)
    payLook(this.path.folders.length)
    if (this.path.folders.includes(folder)) return
    if (this.path.folders.length > MOST_FOLDERS) return this.forgetPath()
    this.#projectFolders.push(folder)
    if (first) this.path.addFirst(folder)
    else this.path.addLast(folder)
  }

  forgetPath(): void {
    this.#pathLost = true
  }

  *moduleScopes(): Iterable<Scope> {
    yield* this.#evaluations.projectScopes
    yield this.ownSettings
  }

  raisedIn(file: string): Failure | null {
    return this.#evaluations.raisedIn(file)
  }

  syntaxErrorOf(file: string): number | null {
    return this.#evaluations.syntaxErrorOf(file)
  }

  failureOf(dotted: string): Failure | null {
    const file = this.findFile(dotted)
    if (file === null) return null
    const raised = this.raisedIn(file)
    if (raised) return { ...raised, file: raised.file ?? file }
    const line = this.syntaxErrorOf(file)
    if (line !== null) return { exception: 'SyntaxError', message: 'invalid syntax', file, line }
    payLook(this.missing.length)
    const missing = this.missing.find((one) => one.file === file)
    return missing ? { exception: 'ModuleNotFoundError', message: `No module named '${missing.module}'`, file, line: missing.line } : null
  }

  reportFailure(file: string, failure: Failure): void {
    this.#evaluations.reportFailure(file, failure)
  }

  setEnvironment(name: string, value: string | null | undefined, override = false): void {
    this.variables.set(name, value, override)
  }

  variableDoubt(name: string): string | null {
    return this.variables.doubt(name)
  }

  forgetEnvironment(overrides: boolean, reason?: string): void {
    this.variables.forget(overrides, reason)
  }

  forgetLookUps(): void {
    this.#values.clear()
  }

  entryPoints(group: string): EntryPoint[] | null {
    this.consulted++
    return this.knowsPackages ? this.#distributions.entryPoints(group) : null
  }

  distributionVersion(name: string): string | null {
    this.consulted++
    return this.#distributions.version(name)
  }

  get cwd(): string {
    return this.#cwd
  }

  /** A path counts from the folder where the program runs. */
  #whole(path: string): string {
    payLook(60)
    payScan(8 * path.length)
    return resolve(this.#cwd, path)
  }

  exists(path: string): boolean {
    this.consulted++
    return this.files.exists(this.#whole(path))
  }
  isFolder(path: string): boolean {
    this.consulted++
    return this.files.isFolder(this.#whole(path))
  }

  readFile(path: string): string | null {
    return this.files.read(this.#whole(path))
  }

  refusal(path: string): string | null {
    return this.files.refusal(this.#whole(path))
  }

  evaluate(file: string, name?: string, scope?: Scope, doubtful?: boolean): Scope {
    return this.#evaluations.evaluate(file, name, scope, doubtful)
  }
}
