import type { FunctionValue } from './python/value.js'
import type { Hazard } from './types.js'

/** What a data migration does that a second run may do again: evidence for a person to weigh, by line, never a verdict. */
const PATTERNS: { code: string; pattern: RegExp; unless?: RegExp; message: string }[] = [
  {
    code: 'inserts',
    pattern: /\.(?:create|bulk_create)\(/,
    unless: /ignore_conflicts|update_conflicts/,
    message: 'inserts without a guard: a second run adds rows again',
  },
  { code: 'accumulates', pattern: /\bF\(|\.\w+\s*\+=/, message: 'changes a value from itself: a second run changes it again' },
  { code: 'deletes', pattern: /\.delete\(/, message: 'deletes rows' },
  { code: 'raw-sql', pattern: /\.execute(?:many)?\(|\.raw\(/, message: 'runs SQL of its own' },
  { code: 'mail', pattern: /\bsend_mail\(|EmailMessage\(/, message: 'sends e-mail' },
  { code: 'http', pattern: /\b(?:requests|httpx)\.\w+\(|urlopen\(/, message: 'talks to another server' },
  { code: 'tasks', pattern: /\.(?:delay|apply_async)\(/, message: 'starts a background task' },
  { code: 'command', pattern: /\bcall_command\(/, message: 'runs a management command' },
]

/** Read off the source of the function itself, line by line. */
export function hazardsOf({ node, file }: FunctionValue): Hazard[] {
  const first = file.lineAt(node.from)
  return file.source
    .slice(node.from, node.to)
    .split('\n')
    .flatMap((text, index) =>
      PATTERNS.filter(({ pattern, unless }) => pattern.test(text) && !unless?.test(text) && !/^\s*#/.test(text)).map(({ code, message }) => ({
        code,
        message,
        line: first + index,
      })),
    )
}
