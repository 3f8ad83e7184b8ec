import type { Store } from '../cache/store.js'
import { unchanged, type Signature } from '../files.js'
import type { Modules } from '../modules/modules.js'
import { withoutSecrets } from './answered.js'
import { askDjango, type AskRequest, type DjangoAnswer } from './ask-django.js'

interface Kept {
  /** Files of the settings and of the environment. */
  seen: [string, Signature][]
  answer: DjangoAnswer
}

/** The answer of the project's Python: the kept one until a file of the settings or of the environment changes, else a new one. */
export function askOrRemember(
  ask: { command: readonly string[]; needsDatabase: boolean },
  request: Omit<AskRequest, 'command'>,
  { store, question, modules }: { store: Store | null; question: string; modules: Modules },
): DjangoAnswer {
  const name = `ask ${question}`
  const kept = store?.read(name) as Kept | null | undefined
  if (kept && Array.isArray(kept.seen) && unchanged(kept.seen) && (!ask.needsDatabase || kept.answer.databases)) return kept.answer
  const answer = askDjango({ ...request, command: ask.command })
  for (const folder of modules.environment.sitePackages) modules.files.list(folder)
  store?.write(name, { seen: [...modules.files.seen], answer: withoutSecrets(answer) } satisfies Kept)
  return answer
}
