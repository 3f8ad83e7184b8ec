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

/**
 * A driver's words for a session that is gone: (2006, 'Server has gone away') of mysqlclient and PyMySQL, InterfaceError(0, '') of PyMySQL, what
 * libpq says of a closed connection, and the server itself to one that it ends (57P01).
 */
const LOST =
  /^\S*(?:OperationalError|InterfaceError|AdminShutdown|DatabaseError): (?:\((?:2006|2013|2055|1053|1927|3169|4031|0), |.*(?:server closed the connection|terminating connection|connection (?:is|was|already|has been) (?:closed|lost)|consuming input failed|SSL SYSCALL error))/m

/** Ctrl-C while Django waited for the answer to COMMIT (django/db/backends/base/base.py, `_commit`). */
const [COMMITTING, STOPPED] = [/^ +File "[^"]*", line \d+, in _?commit$/m, /^KeyboardInterrupt$/m]

/** Whether the traceback that a child has left says that it never heard what became of the last thing that it had sent: that may be committed. */
export function leftUnanswered(lines: readonly string[]): boolean {
  const text = lines.join('\n')
  return LOST.test(text) || (COMMITTING.test(text) && STOPPED.test(text))
}

/** One sentence, or null when the cause is not recognised. */
export function recogniseCause(output: string): string | null {
  for (const [pattern, say] of CAUSES) {
    const match = pattern.exec(output)
    if (match) return say(match)
  }
  return null
}
