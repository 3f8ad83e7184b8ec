import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { childEnvironment } from '../../config/index.js'
import { type DjangoAnswer, isAnswer } from './answer.js'
import { PROGRAM } from './program.js'

export interface AskRequest {
  /** The interpreter with its words, split. */
  command: readonly string[]
  folder: string
  /** As it is to be named from the folder; null where there is none. */
  manage: string | null
  /** null: manage.py configures them itself. */
  settings: string | null
  env: Readonly<Record<string, string | undefined>>
  /** Milliseconds; without it two minutes. */
  patience?: number
}

/** Why there is no answer: in a sentence without its full stop, and the last lines of Python. */
export interface AskFailure {
  reason: string
  tail: string[]
}

const PATIENCE = 120_000
/** Ten times what the largest site known answers; whoever writes more is ended. */
const MAX_BYTES = 64_000_000

/**
 * Starts the project's Python once, with the question on standard input, so that it works through `docker compose exec -T` too. What the
 * project itself prints goes to standard error; the answer stands between two marks that it cannot know.
 */
export function askDjango({ command, folder, manage, settings, env, patience = PATIENCE }: AskRequest): DjangoAnswer | AskFailure {
  const mark = `migstate-${randomUUID()} `
  const request = ascii(JSON.stringify({ settings, mark, manage }))
  const [program, ...words] = command as [string, ...string[]]
  const asked = spawnSync(program, [...words, '-'], {
    cwd: folder,
    env: childEnvironment(env),
    input: asOneLine(`import json\nrequest = json.loads(${JSON.stringify(request)})\n${PROGRAM}`),
    encoding: 'utf8',
    timeout: patience,
    // It may ask to be left alone.
    killSignal: 'SIGKILL',
    maxBuffer: MAX_BYTES,
  })
  const [, text] = (asked.stdout ?? '').split(mark)
  const answer = text === undefined ? undefined : parsed(text)
  if (isAnswer(answer)) return answer
  const tail = (asked.stderr ?? '').trim().split('\n').slice(-10)
  return { reason: reasonOf(asked, text, tail, patience), tail: tail.filter(Boolean) }
}

/** Cut short anywhere it is no valid Python, so that half of a program never runs. */
function asOneLine(program: string): string {
  const code = program.replace('\nfrom __future__ import print_function', '')
  return `from __future__ import print_function; exec(compile(__import__('base64').b64decode('${Buffer.from(code).toString('base64')}'), 'migstate', 'exec'))\n`
}

/** Python 2 takes nothing else in a program that does not name its encoding. */
function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf({ error, status, signal }: ReturnType<typeof spawnSync>, text: string | undefined, tail: readonly string[], patience: number): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ETIMEDOUT') return `it did not answer within ${patience / 1000} s and was ended`
  if (code === 'ENOBUFS') return `it wrote more than ${MAX_BYTES / 1_000_000} MB and was ended`
  if (error) return error.message
  if (text !== undefined) return 'its answer is not as it was asked for'
  return tail.at(-1) || `it ended with ${status ?? signal}`
}
