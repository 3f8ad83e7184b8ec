import type { MigrationFile } from '../project/types.js'
import type { Gate } from './gate.js'
import type { MigrationGraph } from './graph.js'
import type { Key } from './key.js'

/** Rows x files after Django's squash rules: mirrors django/db/migrations/loader.py. */
export interface LoaderView {
  graph: MigrationGraph
  /** Every migration on disk, replaced ones included. */
  disk: Map<Key, MigrationFile>
  /** The migrations on disk that have a non-empty `replaces`, in an order in which Django may go through them. */
  replacements: Map<Key, MigrationFile>
  /** Keys of the rows as stored. */
  recorded: Set<Key>
  /** Keys that count as applied: the rows, with squashes added and taken out as Django does. */
  applied: Set<Key>
  /** What makes Django refuse to load at all, Django's first one first. */
  gates: Gate[]
  /** Edges that could not be read or lead to an app that was not found: verdicts that rest on them are weaker. */
  uncertain: string[]
}
