import type { Key } from './key.js'

/** What a repair does to rows of the history, as a value: nothing of it is done here. */
export type RowEdit =
  /** Writes the rows of these migrations that are missing, and those of what a squash among them replaces. */
  | { do: 'record'; keys: readonly Key[] }
  /** Deletes the rows of these migrations. */
  | { do: 'unrecord'; keys: readonly Key[] }
  /** Gives single rows another app, name or time; what is not named stays as it is, the id always. */
  | { do: 'rewrite'; rows: readonly { id: string; app?: string; name?: string; applied?: string }[] }
  /** Deletes single rows. */
  | { do: 'delete'; ids: readonly string[] }
  /** Several that belong together. */
  | { do: 'together'; edits: readonly RowEdit[] }
