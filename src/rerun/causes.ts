/** What manage.py's last lines mean, for the failures that a second run typically meets (docs/safety.md). */
const CAUSES: [RegExp, (match: RegExpExecArray) => string][] = [
  [/null value in column "([^"]+)" of relation "([^"]+)"/, (m) => `A later migration made ${m[2]}.${m[1]} NOT NULL, and this one inserts rows without it.`],
  [/NOT NULL constraint failed: (\S+)/, (m) => `A later migration made ${m[1]} NOT NULL, and this one inserts rows without it.`],
  [
    /Field '([^']+)' doesn't have a default value|Column '([^']+)' cannot be null/,
    (m) => `A later migration made the column ${m[1] ?? m[2]} NOT NULL, and this one inserts rows without it.`,
  ],
  [
    /column "?([\w.]+)"?(?: of relation "(\w+)")? does not exist/,
    (m) => `The column ${m[2] ? `${m[2]}.` : ''}${m[1]} is gone: a later migration removed or renamed it.`,
  ],
  [
    /no such column: (\S+)|has no column named (\S+)|Unknown column '([^']+)'/,
    (m) => `The column ${m[1] ?? m[2] ?? m[3]} is gone: a later migration removed or renamed it.`,
  ],
  [
    /relation "([^"]+)" does not exist|no such table: (\S+)|Table '([^']+)' doesn't exist/,
    (m) => `The table ${m[1] ?? m[2] ?? m[3]} is gone: a later migration removed or renamed it.`,
  ],
  [
    /duplicate key value violates unique constraint "([^"]+)"|UNIQUE constraint failed: ([^\n]+)|Duplicate entry '[^']*' for key '([^']+)'/,
    (m) => `The rows exist already (${m[1] ?? m[2] ?? m[3]}): this code is not safe to run twice.`,
  ],
  [/InconsistentMigrationHistory: ([^\n]+)/, (m) => `Django refuses the history: ${m[1]}`],
]

/** One sentence, or null when the cause is not recognised. */
export function recogniseCause(output: string): string | null {
  for (const [pattern, say] of CAUSES) {
    const match = pattern.exec(output)
    if (match) return say(match)
  }
  return null
}
