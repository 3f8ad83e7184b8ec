import type { MigrationFile } from '../project/types.js'
import { appOf, isOfApp, type Key } from './key.js'
import { anyCycle, hasCycle, walk } from './walks.js'

/** A node that something refers to but no file defines (Django's DummyNode). */
export interface MissingNode {
  /** The migration that refers to it, by the label that it goes by itself. */
  origin: Pick<MigrationFile, 'app' | 'name' | 'recordedAs'>
  missing: Key
  role: 'parent' | 'child'
}

/** Mirrors django/db/migrations/graph.py: nodes and edges, no files and no rows. An edge goes from a child to its parent. */
export class MigrationGraph {
  readonly nodes = new Map<Key, MigrationFile>()
  readonly missing = new Map<Key, MissingNode>()
  readonly #parents = new Map<Key, Set<Key>>()
  readonly #children = new Map<Key, Set<Key>>()
  /** Nodes and missing ones of each app. */
  readonly #ofApp = new Map<string, Set<Key>>()
  /** Of each app those with a node that depends on one of its nodes; null: not made yet, or no longer right. */
  #appsAbove: Map<string, Set<string>> | null = null

  addNode(key: Key, file: MigrationFile): void {
    this.nodes.set(key, file)
    this.#touch(key)
  }

  /** @param origin the migration that says so, for the message about a node that is not there */
  addDependency(origin: MissingNode['origin'], child: Key, parent: Key): void {
    if (!this.nodes.has(child)) this.#addMissing({ origin, missing: child, role: 'child' })
    if (!this.nodes.has(parent)) this.#addMissing({ origin, missing: parent, role: 'parent' })
    this.#link(child, parent)
  }

  has(key: Key): boolean {
    return this.nodes.has(key) || this.missing.has(key)
  }

  hasNode(key: Key): boolean {
    return this.nodes.has(key)
  }

  /** Sorted. */
  parents(key: Key): Key[] {
    return sorted(this.#parents.get(key))
  }

  /** Sorted. */
  children(key: Key): Key[] {
    return sorted(this.#children.get(key))
  }

  /** The replacement takes the place of all it replaces: `remove_replaced_nodes`. */
  removeReplacedNodes(replacement: Key, replaced: readonly Key[]): void {
    const gone = new Set(replaced)
    gone.delete(replacement)
    for (const key of gone) {
      if (!this.nodes.has(key) && !this.missing.has(key)) continue
      for (const child of this.#children.get(key) ?? []) {
        this.#parents.get(child)?.delete(key)
        // A replaced node's edges to other replaced nodes vanish with them.
        if (!gone.has(child)) this.#link(child, replacement)
      }
      for (const parent of this.#parents.get(key) ?? []) {
        this.#children.get(parent)?.delete(key)
        if (!gone.has(parent)) this.#link(replacement, parent)
      }
      this.#drop(key)
    }
  }

  /** The replacement leaves; what depended on it depends on the last of those it replaces: `remove_replacement_node`. */
  removeReplacementNode(replacement: Key, replaced: readonly Key[]): void {
    if (!this.nodes.has(replacement)) return
    const present = new Set(replaced.filter((key) => this.nodes.has(key) || this.missing.has(key)))
    const parentsOfReplaced = new Set([...present].flatMap((key) => [...(this.#parents.get(key) ?? [])]))
    const last = [...present].filter((key) => !parentsOfReplaced.has(key))
    for (const child of this.#children.get(replacement) ?? []) {
      this.#parents.get(child)?.delete(replacement)
      for (const key of last) this.#link(child, key)
    }
    for (const parent of this.#parents.get(replacement) ?? []) this.#children.get(parent)?.delete(replacement)
    this.#drop(replacement)
  }

  /** Ancestors first, the node itself last; parents in descending order of key, as Django's iterative walk visits them. */
  forwardsPlan(key: Key): Key[] {
    return this.forwardsPlans([key])
  }

  /**
   * The plans of several, one after the other, each node where it comes first.
   * @param before nodes of earlier plans, which are left out; those of this one come to them
   */
  forwardsPlans(keys: readonly Key[], before?: Set<Key>): Key[] {
    return walk(keys, (node) => this.parents(node).filter((one) => this.nodes.has(one)), before)
  }

  /** The same, of one app: nothing is visited from which no way leads down to it, and which so stands before none of its nodes. */
  forwardsPlansWithin(app: string, keys: readonly Key[]): Key[] {
    const above = this.#above(app)
    return walk(keys, (node) => this.parents(node).filter((one) => this.nodes.has(one) && above.has(appOf(one)))).filter((key) => isOfApp(key, app))
  }

  /** Dependants first, the node itself last. */
  backwardsPlan(key: Key): Key[] {
    return walk([key], (node) => this.children(node).filter((one) => this.nodes.has(one)))
  }

  /** Nodes without a parent in their own app, sorted. @param dummies missing ones too, which Django keeps as nodes until it validates */
  roots(app?: string, dummies = false): Key[] {
    return this.#edgeNodes(app, this.#parents, dummies)
  }

  /** Sorted. */
  nodesOf(app: string): Key[] {
    return sorted(this.#ofApp.get(app)).filter((key) => this.nodes.has(key))
  }

  /** Nodes without a child in their own app, sorted. */
  leaves(app?: string, dummies = false): Key[] {
    return this.#edgeNodes(app, this.#children, dummies)
  }

  /**
   * The members of one cycle, or null: each next one is a child, or a parent, of the one before, and the last leads to the first. Django
   * begins where a set does; here the first in order does, so that the answer is always the same one.
   */
  findCycle(along: 'children' | 'parents'): Key[] | null {
    if (!hasCycle(this.#children)) return null
    const cycle = anyCycle([...this.nodes.keys()].sort(), (key) => (along === 'parents' ? this.parents(key) : this.children(key)))
    if (cycle === null) return null
    const first = cycle.indexOf([...cycle].sort()[0] as Key)
    return [...cycle.slice(first), ...cycle.slice(0, first)]
  }

  #edgeNodes(app: string | undefined, neighbours: ReadonlyMap<Key, ReadonlySet<Key>>, dummies: boolean): Key[] {
    const found: Key[] = []
    const isInside = (key: Key) => [...(neighbours.get(key) ?? [])].some((neighbour) => isOfApp(neighbour, appOf(key)))
    for (const key of app === undefined ? this.#all() : (this.#ofApp.get(app) ?? []))
      if ((dummies ? this.has(key) : this.nodes.has(key)) && !isInside(key)) found.push(key)
    return found.sort()
  }

  #all(): Key[] {
    return [...this.nodes.keys(), ...this.missing.keys()]
  }

  /** The apps with a way down to this one, itself included, by the edges between apps: some of their nodes may have none. */
  #above(app: string): ReadonlySet<string> {
    this.#appsAbove ??= this.#edgesOfApps()
    const above = new Set([app])
    for (const one of above) for (const other of this.#appsAbove.get(one) ?? []) above.add(other)
    return above
  }

  #edgesOfApps(): Map<string, Set<string>> {
    const above = new Map<string, Set<string>>()
    for (const [parent, children] of this.#children) for (const child of children) setOf(above, appOf(parent)).add(appOf(child))
    return above
  }

  #addMissing(node: MissingNode): void {
    if (!this.missing.has(node.missing)) this.missing.set(node.missing, node)
    this.#touch(node.missing)
  }

  #link(child: Key, parent: Key): void {
    this.#appsAbove = null
    this.#parentsOf(child).add(parent)
    this.#childrenOf(parent).add(child)
  }

  #drop(key: Key): void {
    this.nodes.delete(key)
    this.missing.delete(key)
    this.#ofApp.get(appOf(key))?.delete(key)
    this.#parents.delete(key)
    this.#children.delete(key)
  }

  #touch(key: Key): void {
    const app = appOf(key)
    const known = this.#ofApp.get(app)
    if (known) known.add(key)
    else this.#ofApp.set(app, new Set([key]))
    this.#parentsOf(key)
    this.#childrenOf(key)
  }

  #parentsOf(key: Key): Set<Key> {
    return setOf(this.#parents, key)
  }

  #childrenOf(key: Key): Set<Key> {
    return setOf(this.#children, key)
  }
}

function setOf(sets: Map<string, Set<string>>, name: string): Set<string> {
  const known = sets.get(name)
  if (known) return known
  const fresh = new Set<string>()
  sets.set(name, fresh)
  return fresh
}

function sorted(keys: ReadonlySet<Key> | undefined): Key[] {
  const list = keys ? [...keys] : []
  return list.length > 1 ? list.sort() : list
}
