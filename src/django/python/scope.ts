import type { Value } from './value.js'

/** Names of a module, class or function. Values are immutable, so a copy of the map is a copy of the state. */
export class Scope {
  readonly names: Map<string, Value>
  readonly parent: Scope | undefined

  constructor(parent?: Scope, names: Map<string, Value> = new Map()) {
    this.parent = parent
    this.names = names
  }

  get(name: string): Value | undefined {
    return this.names.get(name) ?? this.parent?.get(name)
  }

  set(name: string, value: Value): void {
    this.names.set(name, value)
  }

  copy(): Scope {
    return new Scope(this.parent, new Map(this.names))
  }

  replaceWith(other: Scope): void {
    this.names.clear()
    for (const [name, value] of other.names) this.names.set(name, value)
  }
}
