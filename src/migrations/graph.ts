import type { MigrationFile } from '../project/types.js'
import { appOf, type Key } from './key.js'

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

  addNode(key: Key, file: MigrationFile): void {
    this.nodes.set(key, file)
    this.#touch(key)
  }

  /** @param origin the migration that says so, for the message about a node that is not there */
  addDependency(origin: MissingNode['origin'], child: Key, parent: Key): void {
    if (!this.nodes.has(child)) this.#addMissing({ origin, missing: child, role: 'child' })
    if (!this.nodes.has(parent)) this.#addMissing({ origin, missing: parent, role: 'parent' })
    this.#parentsOf(child).add(parent)
    this.#childrenOf(parent).add(child)
  }

  has(key: Key): boolean {
    return this.nodes.has(key) || this.missing.has(key)
  }

  hasNode(key: Key): boolean {
    return this.nodes.has(key)
  }

  /** Sorted. */
  parents(key: Key): Key[] {
    return [...(this.#parents.get(key) ?? [])].sort()
  }

  /** Sorted. */
  children(key: Key): Key[] {
    return [...(this.#children.get(key) ?? [])].sort()
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
    return this.#walk(key, (node) => this.parents(node))
  }

  /** Dependants first, the node itself last. */
  backwardsPlan(key: Key): Key[] {
    return this.#walk(key, (node) => this.children(node))
  }

  /** Nodes without a parent in their own app, sorted. @param dummies missing ones too, which Django keeps as nodes until it validates */
  roots(app?: string, dummies = false): Key[] {
    return this.#edgeNodes(app, this.#parents, dummies)
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
    const cycle = this.#anyCycle(along)
    if (cycle === null) return null
    const first = cycle.indexOf([...cycle].sort()[0] as Key)
    return [...cycle.slice(first), ...cycle.slice(0, first)]
  }

  #anyCycle(along: 'children' | 'parents'): Key[] | null {
    const done = new Set<Key>()
    for (const start of [...this.nodes.keys()].sort()) {
      const path: Key[] = []
      const onPath = new Set<Key>()
      const stack: { key: Key; leave: boolean }[] = [{ key: start, leave: false }]
      while (stack.length > 0) {
        const { key, leave } = stack.pop() as { key: Key; leave: boolean }
        if (leave) {
          onPath.delete(key)
          path.pop()
          done.add(key)
        } else if (onPath.has(key)) return path.slice(path.indexOf(key))
        else if (!done.has(key)) {
          onPath.add(key)
          path.push(key)
          stack.push({ key, leave: true })
          for (const next of along === 'parents' ? this.parents(key) : this.children(key)) stack.push({ key: next, leave: false })
        }
      }
    }
    return null
  }

  /** Post-order depth-first walk without recursion (`iterative_dfs`): each node once, the highest neighbour first. */
  #walk(start: Key, neighbours: (key: Key) => Key[]): Key[] {
    const order: Key[] = []
    const visited = new Set<Key>()
    // A node that is open already is met again only in a cycle, which the gates report; the walk must end all the same.
    const open = new Set<Key>()
    const stack: [Key, boolean][] = [[start, false]]
    while (stack.length > 0) {
      const [key, processed] = stack.pop() as [Key, boolean]
      if (visited.has(key)) continue
      if (processed) {
        visited.add(key)
        order.push(key)
        continue
      }
      if (open.has(key)) continue
      open.add(key)
      stack.push([key, true])
      for (const neighbour of neighbours(key)) if (!visited.has(neighbour) && this.nodes.has(neighbour)) stack.push([neighbour, false])
    }
    return order
  }

  #edgeNodes(app: string | undefined, neighbours: ReadonlyMap<Key, ReadonlySet<Key>>, dummies: boolean): Key[] {
    const found: Key[] = []
    for (const key of dummies ? [...this.nodes.keys(), ...this.missing.keys()] : this.nodes.keys()) {
      if (app !== undefined && appOf(key) !== app) continue
      const own = appOf(key)
      let inside = false
      for (const neighbour of neighbours.get(key) ?? []) if (appOf(neighbour) === own) inside = true
      if (!inside) found.push(key)
    }
    return found.sort()
  }

  #addMissing(node: MissingNode): void {
    if (!this.missing.has(node.missing)) this.missing.set(node.missing, node)
    this.#touch(node.missing)
  }

  #link(child: Key, parent: Key): void {
    this.#parentsOf(child).add(parent)
    this.#childrenOf(parent).add(child)
  }

  #drop(key: Key): void {
    this.nodes.delete(key)
    this.missing.delete(key)
    this.#parents.delete(key)
    this.#children.delete(key)
  }

  #touch(key: Key): void {
    this.#parentsOf(key)
    this.#childrenOf(key)
  }

  #parentsOf(key: Key): Set<Key> {
    const known = this.#parents.get(key)
    if (known) return known
    const fresh = new Set<Key>()
    this.#parents.set(key, fresh)
    return fresh
  }

  #childrenOf(key: Key): Set<Key> {
    const known = this.#children.get(key)
    if (known) return known
    const fresh = new Set<Key>()
    this.#children.set(key, fresh)
    return fresh
  }
}
