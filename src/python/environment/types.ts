import type { PythonVersion } from '../grammar/syntax.js'

/** A place that may hold the project's Python packages. */
export interface Candidate {
  /** Folder of the environment, `sys.prefix`. */
  home: string
  /** What names it, as words for a person: `VIRTUAL_ENV`, `.venv in /src/shop`. */
  because: string
  /** Path of its interpreter, where that is known already: a folder of the system has several. */
  interpreter?: string
}

export interface PassedOver extends Candidate {
  /** Words that follow "it": `has no Django`. */
  reason: string
}

/** Where the project's Python packages lie, found without starting Python. */
export interface PythonEnvironment {
  /** null where none is known. */
  home: string | null
  /** Path of its interpreter, for starting Django; null where there is none on this machine. */
  interpreter: string | null
  /** What names it; null where none is known. */
  because: string | null
  /** Looked at before it, and not taken. */
  passedOver: PassedOver[]
  sitePackages: string[]
  /** Folder of Python's own library, or null. */
  standardLibrary: string | null
  python: PythonVersion
  /** Version of the Django found there, or null. */
  djangoVersion: string | null
}

export interface EnvironmentRequest {
  folder: string
  /** Where a relative path of `--python` is looked for first; else the process's. */
  cwd?: string | undefined
  /** `--python`: a command; only a single path or name says where packages lie. */
  python: string | undefined
  env: Readonly<Record<string, string | undefined>>
  /** This machine's, unless a test says otherwise. */
  platform?: NodeJS.Platform
}
