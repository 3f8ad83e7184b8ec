import { type Files, type Signature, unchanged } from '../../python/files.js'
import type { MigrationFile, ProjectFiles } from '../types.js'
import { filesFrom, isKeptFiles, keepFiles, type KeptFiles, type KeptOperations, operationsOf } from './kept-files.js'
import { digest, type Parts, type Store } from './store.js'

/** What was read of a project, with everything that the answer rests on: the first part. */
interface Entry {
  seen: PackedSeen
  /** Names of the environment that were asked for, with digests of their values. */
  env: [string, string][]
  files: KeptFiles
}

/** Paths and what was there, by the folders that they lie in. */
type PackedSeen = [folder: string, [name: string, signature: Signature][]][]

/** Files that say everything by themselves, by path, and the modules that they import: the second part. Operations are those that follow. */
type Alone = [path: string, imports: string[]][]
const [ENTRY, ALONE, OPERATIONS] = [0, 1, 2]

export interface Rest {
  files: Files
  /** The environment as it was asked for. */
  asked: ReadonlyMap<string, string | undefined>
}

/** A migration that was read before and says everything by itself. */
export interface Remembered {
  file: MigrationFile
  signature: Signature
  imports: string[]
}

/** Keeps what was read of one project: as a whole while nothing has changed, file by file when something has. */
export class ProjectCache {
  readonly #store: Store
  readonly #question: string
  readonly #again: (file: MigrationFile) => MigrationFile
  #read: { entry: Entry; files: ProjectFiles; parts: Parts } | null | undefined

  /**
   * @param question everything that the user has said about the project
   * @param again reads a migration, where its operations are lost
   */
  constructor(store: Store, question: string, again: (file: MigrationFile) => MigrationFile) {
    this.#store = store
    this.#question = question
    this.#again = again
  }

  /** @returns null when anything has changed */
  whole(env: ReadonlyMap<string, string>): ProjectFiles | null {
    const read = this.#stored()
    if (!read || read.entry.env.some(([name, value]) => digest(env.get(name)) !== value)) return null
    return unchanged(unpacked(read.entry.seen)) ? read.files : null
  }

  /** By path. */
  remembered(): Map<string, Remembered> {
    const read = this.#stored()
    if (!read) return new Map()
    const files = new Map(read.files.apps.flatMap((app) => app.migrations.map((file) => [file.file, file])))
    const signatures = new Map(unpacked(read.entry.seen))
    const alone = read.parts.at(ALONE)
    return new Map(
      (areNamed(alone) ? (alone as Alone) : []).flatMap(([path, imports]) => {
        const [file, signature] = [files.get(path), signatures.get(path)]
        return file && signature !== undefined ? [[path, { file, signature, imports }]] : []
      }),
    )
  }

  /** @param alone the modules that files import which say everything by themselves, by path */
  keep(files: ProjectFiles, rest: Rest, alone: ReadonlyMap<string, { imports: string[] }>): void {
    const env = [...rest.asked].map(([name, value]): [string, string] => [name, digest(value)])
    const partsOf = function* () {
      yield { seen: packed(rest.files.seen), env, files: keepFiles(files) } satisfies Entry
      yield [...alone].map(([path, { imports }]) => [path, imports]) satisfies Alone
      for (const app of files.apps) yield operationsOf(app)
    }
    this.#store.write(this.#question, partsOf())
  }

  #stored() {
    if (this.#read !== undefined) return this.#read
    const parts = this.#store.read(this.#question)
    const entry = parts?.at(ENTRY) as Entry | null | undefined
    const operations = new Map<number, KeptOperations>()
    const read = (app: number) => {
      const known = operations.get(app) ?? ((parts as Parts).at(OPERATIONS + app) as KeptOperations | null)
      if (known) operations.set(app, known)
      return known
    }
    this.#read = parts && isEntry(entry) ? { entry, parts, files: filesFrom(entry.files, read, this.#again) } : null
    return this.#read
  }
}

function packed(seen: ReadonlyMap<string, Signature>): PackedSeen {
  const folders = new Map<string, [string, Signature][]>()
  for (const [path, signature] of seen) {
    // The names in a folder stand under its path with a slash at the end.
    const at = path.lastIndexOf('/', path.length - 2) + 1
    const names = folders.get(path.slice(0, at))
    if (names) names.push([path.slice(at), signature])
    else folders.set(path.slice(0, at), [[path.slice(at), signature]])
  }
  return [...folders]
}

function unpacked(seen: PackedSeen): [path: string, signature: Signature][] {
  return seen.flatMap(([folder, names]) => names.map(([name, signature]): [string, Signature] => [folder + name, signature]))
}

/** JSON of another shape is no entry. */
function isEntry(stored: Entry | null | undefined): stored is Entry {
  return areNamed(stored?.seen) && areNamed(stored?.env) && stored?.seen.every(([, names]) => areNamed(names)) === true && isKeptFiles(stored.files)
}

/** Lists that begin with a text each. */
function areNamed(list: unknown): boolean {
  return Array.isArray(list) && list.every((one) => Array.isArray(one) && typeof one[0] === 'string')
}
