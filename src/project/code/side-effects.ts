import { payScan } from '../../python/budget.js'
import type { FunctionValue } from '../../python/evaluate/value.js'
import type { Hazard } from './facts.js'

/** What a migration does outside of its models: evidence by line, never a verdict. */
const PATTERNS: { code: string; pattern: RegExp; message: string }[] = [
  { code: 'raw-sql', pattern: /\.execute(?:many)?\(|\.raw\(/, message: 'runs SQL of its own' },
  {
    code: 'own-table',
    pattern: /\bdjango_migrations\b|\bMigrationRecorder\b/,
    message: 'works on django_migrations itself: in shadow mode it meets a temporary table, and writing to it is refused',
  },
  { code: 'mail', pattern: /\bsend_mail\(|\bmail_admins\(|EmailMessage\(|EmailMultiAlternatives\(/, message: 'sends e-mail' },
  { code: 'http', pattern: /\b(?:requests|httpx)\.\w+\(|urlopen\(|\bsession\.(?:get|post|put)\(/, message: 'talks to another server' },
  { code: 'tasks', pattern: /\.(?:delay|apply_async|enqueue)\(/, message: 'starts a background task' },
  { code: 'command', pattern: /\bcall_command\(/, message: 'runs a management command' },
  {
    code: 'files',
    pattern: /\bopen\([^)]{0,200}["'][wax]b?\+?["']|\bos\.(?:remove|unlink|rename|makedirs)\(|\bshutil\.\w+\(|\bdefault_storage\.(?:save|delete)\(/,
    message: 'writes or removes files',
  },
]

/** Read off the source of the function itself, line by line. */
export function sideEffectsOf({ node, file }: FunctionValue): Hazard[] {
  payScan(64 * (node.to - node.from))
  const first = file.lineAt(node.from)
  return file.source
    .slice(node.from, node.to)
    .split('\n')
    .flatMap((text, index) =>
      PATTERNS.filter(({ pattern }) => pattern.test(text) && !/^\s*#/.test(text)).map(({ code, message }) => ({ code, message, line: first + index })),
    )
}
