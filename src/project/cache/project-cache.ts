import { type Files, type Signature, unchanged } from '../../python/files.js'
import type { MigrationFile, ProjectFiles } from '../types.js'
import { digest, type Store } from './store.js'

/** What was read of a project, with everything that the answer rests on. */
interface Entry {
  /** Paths and what was there. */
  seen: [string, Signature][]
  /** Names of the environment that were asked for, with digests of their values. */
  env: [string, string][]
  files: ProjectFiles
  /** Files that say everything by themselves, by path: what they were, and the modules that they import. */
  alone: [path: string, signature: Signature, imports: string[]][]
}

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
  #entry: Entry | null | undefined

  /** @param question everything that the user has said about the project */
  constructor(store: Store, question: string) {
    this.#store = store
    this.#question = question
  }

  /** @returns null when anything has changed */
  whole(env: ReadonlyMap<string, string>): ProjectFiles | null {
    const entry = this.#read()
    if (!entry || entry.env.some(([name, value]) => digest(env.get(name)) !== value)) return null
    return unchanged(entry.seen) ? entry.files : null
  }

  /** By path. */
  remembered(): Map<string, Remembered> {
    const entry = this.#read()
    if (!entry) return new Map()
    const files = new Map(entry.files.apps.flatMap((app) => app.migrations.map((file) => [file.file, file])))
    return new Map(
      entry.alone.flatMap(([path, signature, imports]) => {
        const file = files.get(path)
        return file ? [[path, { file, signature, imports }]] : []
      }),
    )
  }

  keep(files: ProjectFiles, rest: Rest, alone: ReadonlyMap<string, { signature: Signature; imports: string[] }>): void {
    const env = [...rest.asked].map(([name, value]): [string, string] => [name, digest(value)])
    const entry: Entry = {
      seen: [...rest.files.seen],
      env,
      files,
      alone: [...alone].map(([path, { signature, imports }]) => [path, signature, imports]),
    }
    this.#store.write(this.#question, entry)
  }

  #read(): Entry | null {
    if (this.#entry !== undefined) return this.#entry
    const stored = this.#store.read(this.#question) as Entry | null
    this.#entry = isEntry(stored) ? stored : null
    return this.#entry
  }
}

/** JSON of another shape is no entry. */
function isEntry(stored: Entry | null): stored is Entry {
  if (stored === null || typeof stored !== 'object') return false
  const pairs = (list: unknown) => Array.isArray(list) && list.every((one) => Array.isArray(one) && typeof one[0] === 'string')
  if (!pairs(stored.seen) || !pairs(stored.env) || !pairs(stored.alone) || !Array.isArray(stored.files?.apps)) return false
  const { apps, notFound, problems } = stored.files
  const isFile = (file: MigrationFile) =>
    typeof file?.name === 'string' && [file.dependencies, file.runBefore, file.replaces, file.problems].every(Array.isArray)
  return (
    Array.isArray(notFound) &&
    Array.isArray(problems) &&
    apps.every((app) => typeof app?.label === 'string' && Array.isArray(app.migrations) && app.migrations.every(isFile))
  )
}
