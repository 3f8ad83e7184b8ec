import { type Signature, unchanged } from '../../python/files.js'
import type { MigrationFile } from '../types.js'
import { isKeptDetails, type KeptDetails } from './kept-details.js'
import type { Rest } from './project-cache.js'
import { digest, type Store } from './store.js'

interface Entry {
  /** Paths and what was there, of all that these details rest on. */
  seen: [string, Signature][]
  /** Names of the environment that were asked for, with digests of their values. */
  env: [string, string][]
  /** By path, in the order of the operations. */
  files: [string, KeptDetails[]][]
}

/**
 * Keeps what operations are given, which `ProjectCache` leaves out because most commands do not ask for it. All of it goes when anything that it
 * rests on has changed: a class of a field may lie in any file.
 */
export class DetailCache {
  readonly #store: Store
  readonly #question: string
  readonly #env: ReadonlyMap<string, string>
  #entry: { seen: Map<string, Signature>; env: Map<string, string>; files: Map<string, KeptDetails[]> } | undefined
  #grown = false

  /** @param env the environment of this run */
  constructor(store: Store, question: string, env: ReadonlyMap<string, string>) {
    this.#store = store
    this.#question = `details ${question}`
    this.#env = env
  }

  /** undefined: not kept, or no longer right. */
  of({ file, operations }: MigrationFile): KeptDetails[] | undefined {
    const found = this.#read().files.get(file)
    return found?.length === operations?.length ? found : undefined
  }

  add({ file }: MigrationFile, details: KeptDetails[]): void {
    this.#read().files.set(file, details)
    this.#grown = true
  }

  /** Where something has come. */
  keep({ files, asked }: Rest): void {
    if (!this.#grown) return
    const { seen, env, files: details } = this.#read()
    const entry: Entry = {
      seen: [...new Map([...seen, ...files.seen])],
      env: [...new Map([...env, ...[...asked].map(([name, value]): [string, string] => [name, digest(value)])])],
      files: [...details],
    }
    this.#store.write(this.#question, [entry])
    this.#grown = false
  }

  #read() {
    if (this.#entry) return this.#entry
    const stored = (this.#store.read(this.#question)?.at(0) ?? null) as Entry | null
    const fits = isEntry(stored) && stored.env.every(([name, value]) => digest(this.#env.get(name)) === value) && unchanged(stored.seen)
    const { seen, env, files } = fits ? stored : { seen: [], env: [], files: [] }
    this.#entry = { seen: new Map(seen), env: new Map(env), files: new Map(files) }
    return this.#entry
  }
}

/** JSON of another shape is no entry. */
function isEntry(stored: Entry | null): stored is Entry {
  if (stored === null || typeof stored !== 'object') return false
  const pairs = (list: unknown) => Array.isArray(list) && list.every((one) => Array.isArray(one) && typeof one[0] === 'string')
  return (
    pairs(stored.seen) &&
    pairs(stored.env) &&
    pairs(stored.files) &&
    stored.files.every(([, details]) => Array.isArray(details) && details.every(isKeptDetails))
  )
}
