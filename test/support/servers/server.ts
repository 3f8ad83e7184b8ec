/** A database server of a test run: where it is, and how it is stopped. */
export interface Server {
  url: string
  /** How it was found, for the first lines of the run. */
  from: string
  stop(): Promise<void>
}

export interface Missing {
  missing: string
}

export type Engine = 'postgresql' | 'mysql' | 'mariadb' | 'sqlite'

export const ENGINES: readonly Engine[] = ['sqlite', 'postgresql', 'mariadb', 'mysql']
