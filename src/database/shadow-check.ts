/** A question that the child's own session must answer as expected before the shadow is made. */
export interface ShadowCheck {
  reason: 'other-database' | 'rights' | 'temporary-tables' | 'binary-log' | 'pooler' | 'read-only'
  /** Said when the answer is another one. */
  text: string
  sql: string
  /** Statements before it that fail without a right, and leave nothing behind. */
  tries?: string[]
  /** The first column of the first row, as text. */
  want: string
  /** `inode`: that of the file in the third column; `pid`: whether the driver was told the same process id. */
  as?: 'inode' | 'pid'
  /** `pid` counts as the same through this pooler, which keeps sessions together: `host:port:role`. */
  through?: string
  /** Statements to try, and to ask again after each. */
  otherwise?: string[]
}
