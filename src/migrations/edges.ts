import type { Dependency, MigrationFile, ProjectFiles } from '../project/types.js'
import type { Gate } from './gate.js'
import { appOf, type Key, keyOf, pairOf } from './key.js'
import type { LoaderView } from './loader-view.js'

/** Turns what files say they depend on into edges of the graph: `add_internal_dependencies`, `add_external_dependencies`, `check_key`. */
export class EdgeReader {
  readonly #view: LoaderView
  readonly #project: ProjectFiles
  readonly #apps: ReadonlyMap<string, ProjectFiles['apps'][number]>

  constructor(view: LoaderView, project: ProjectFiles) {
    this.#view = view
    this.#project = project
    this.#apps = new Map(project.apps.map((app) => [app.label, app]))
  }

  /**
   * Same-app edges first, so that `__first__` and `__latest__` see whole apps.
   * @param dependencies what each migration depends on, where that is no longer what its file says
   */
  add(files: ReadonlyMap<Key, MigrationFile>, dependencies?: ReadonlyMap<Key, Dependency[]>): void {
    const { graph } = this.#view
    const parentsOf = (key: Key, file: MigrationFile) => dependencies?.get(key) ?? file.dependencies
    for (const [key, file] of files)
      for (const parent of parentsOf(key, file)) if (parent.app === appOf(key) && parent.name !== '__first__') graph.addDependency(file, key, keyOf(parent))
    for (const [key, file] of files) {
      // What is named twice is one edge.
      const seen = new Set<Key>()
      for (const parent of parentsOf(key, file)) {
        if (parent.app === appOf(key) || seen.has(keyOf(parent))) continue
        seen.add(keyOf(parent))
        const resolved = this.#checkKey(key, parent)
        if (resolved !== null) graph.addDependency(file, key, resolved)
      }
      for (const child of file.runBefore) {
        const resolved = this.#checkKey(key, child)
        if (resolved !== null) graph.addDependency(file, resolved, key)
      }
    }
  }

  /** `check_key`: resolves `__first__` and `__latest__`; null where there is no edge. */
  #checkKey(origin: Key, other: Dependency): Key | null {
    const key = keyOf(other)
    const { graph, uncertain } = this.#view
    const app = this.#apps.get(other.app)
    const literal = other.name !== '__first__' && other.name !== '__latest__'
    if (graph.has(key) || (literal && app)) return key
    if (!app && this.#mayExist()) {
      uncertain.push(`the app "${other.app}" was not found, so ${appOf(origin)} depends on something that cannot be checked`)
      return null
    }
    if (literal) return key
    if (other.app === appOf(origin)) return null
    if (!app) return this.#refuse(origin, `Dependency on unknown app: ${other.app}`)
    if (!app.migrated) return null
    const [found] = other.name === '__first__' ? graph.roots(other.app, true) : graph.leaves(other.app, true)
    return found ?? this.#refuse(origin, `Dependency on app with no migrations: ${other.app}`)
  }

  /** An app that INSTALLED_APPS may contain although it was not found: then a missing node proves nothing. */
  #mayExist(): boolean {
    return !this.#project.complete || this.#project.notFound.length > 0
  }

  #refuse(origin: Key, message: string): null {
    const gate: Gate = { gate: 'bad-reference', exception: 'ValueError', message, migrations: [pairOf(origin)] }
    this.#view.gates.push(gate)
    return null
  }
}
