import { MigstateError } from '../errors/index.js'

/** OPTIONS of an entry of DATABASES, asked for by name. A value that could not be read is never taken for one that is not there. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #alias: string
  readonly #path: string

  constructor(values: Readonly<Record<string, unknown>>, alias: string, path = 'OPTIONS') {
    this.#values = values
    this.#alias = alias
    this.#path = path
  }

  get names(): string[] {
    return Object.keys(this.#values)
  }

  /** @returns undefined where it is absent or None */
  value(name: string): unknown {
    if (!Object.hasOwn(this.#values, name)) return undefined
    const value = this.#values[name]
    if (value === undefined) throw this.wrong(name, 'cannot be read without running the settings')
    return value ?? undefined
  }

  text(name: string): string | undefined {
    const value = this.value(name)
    if (value === undefined || typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
    throw this.wrong(name, 'is neither a string nor a number')
  }

  truth(name: string): boolean | undefined {
    const value = this.value(name)
    if (value === undefined || typeof value === 'boolean') return value
    throw this.wrong(name, 'is neither True nor False')
  }

  within(name: string, values: Readonly<Record<string, unknown>>): Options {
    return new Options(values, this.#alias, `${this.#path}["${name}"]`)
  }

  /** @returns MigstateError `database-unknown` */
  wrong(name: string, why: string): MigstateError {
    return new MigstateError('database-unknown', `DATABASES["${this.#alias}"]: ${this.#path}["${name}"] ${why}. No database was opened.`)
  }
}
