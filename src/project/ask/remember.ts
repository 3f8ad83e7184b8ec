import { join } from 'node:path'
import { digest, type Store } from '../cache/store.js'
import { unchanged, type Signature } from '../../python/files.js'
import type { Modules } from '../../python/modules/modules.js'
import { type DjangoAnswer, isAnswer } from './answer.js'
import { withoutDatabases } from './answered.js'
import { askDjango, type AskFailure, type AskRequest } from './ask-django.js'

interface Kept {
  /** Files of the settings, of the migrations, of the environment, and whatever Python opened. */
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
): DjangoAnswer | AskFailure {
  const environment = Object.entries(request.env).filter(([name]) => !OF_TERMINALS.has(name))
  const name = `ask ${question} ${digest(JSON.stringify(environment.sort()))}`
  const kept = ask.needsDatabase ? null : (store?.read(name)?.at(0) as Kept | null | undefined)
  if (kept && Array.isArray(kept.seen) && isAnswer(kept.answer) && unchanged(kept.seen)) return kept.answer
  const answer = askDjango({ ...request, command: ask.command })
  if ('reason' in answer || !isOfThisMachine(answer, modules)) return answer
  for (const folder of [...modules.environment.sitePackages, ...answer.folders, ...(answer.loader?.folders ?? [])]) modules.files.list(folder)
  // An app that has no migrations now may get some.
  for (const { path } of answer.apps) modules.files.signature(join(path, 'migrations', '__init__.py'))
  store?.write(name, [{ seen: [...modules.files.seen], answer: withoutDatabases(answer) } satisfies Kept])
  return answer
}

/** In a container the same path may be another file, or none: then nothing here would tell that it has changed. */
function isOfThisMachine({ files }: DjangoAnswer, { files: own }: Modules): boolean {
  return files.every(([path, size, seconds]) => {
    const signature = own.signature(path)
    if (size === null || signature === 'folder') return signature === '' || signature === 'folder'
    const [ownSize, ownTime] = signature.split(' ')
    return Number(ownSize) === size && Math.floor(Number(ownTime) / 1000) === seconds
  })
}
