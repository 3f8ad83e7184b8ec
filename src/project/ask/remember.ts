import { digest, type Store } from '../cache/store.js'
import { unchanged, type Signature } from '../../python/files.js'
import type { Modules } from '../../python/modules/modules.js'
import { withoutDatabases } from './answered.js'
import { askDjango, type AskRequest, type DjangoAnswer } from './ask-django.js'

interface Kept {
  /** Files of the settings, of the environment, and whatever Python opened. */
  seen: [string, Signature][]
  answer: DjangoAnswer
}

/** Variables of a terminal, which say nothing to a project. */
const OF_TERMINALS = new Set([
  'PWD',
  'OLDPWD',
  'SHLVL',
  '_',
  'TERM',
  'COLUMNS',
  'LINES',
  'TMUX',
  'TMUX_PANE',
  'WINDOWID',
  'SSH_TTY',
  'SSH_CLIENT',
  'SSH_CONNECTION',
])

/** The answer of the project's Python: the kept one until a file or the environment changes; anew wherever it names the database. */
export function askOrRemember(
  ask: { command: readonly string[]; needsDatabase: boolean },
  request: Omit<AskRequest, 'command'>,
  { store, question, modules }: { store: Store | null; question: string; modules: Modules },
): DjangoAnswer {
  const environment = Object.entries(request.env).filter(([name]) => !OF_TERMINALS.has(name))
  const name = `ask ${question} ${digest(JSON.stringify(environment.sort()))}`
  const kept = ask.needsDatabase ? null : (store?.read(name) as Kept | null | undefined)
  if (kept && Array.isArray(kept.seen) && unchanged(kept.seen)) return kept.answer
  const answer = askDjango({ ...request, command: ask.command })
  if (!answer.opened) return answer
  for (const folder of modules.environment.sitePackages) modules.files.list(folder)
  for (const file of answer.opened) modules.files.signature(file)
  store?.write(name, { seen: [...modules.files.seen], answer: withoutDatabases(answer) } satisfies Kept)
  return answer
}
