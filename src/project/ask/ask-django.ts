import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { childEnvironment } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import { PROGRAM } from './program.js'

/** What the project's own Python answered. */
export interface DjangoAnswer {
  version: string
  /** In the order of INSTALLED_APPS; `migrations` is the dotted package, null where MIGRATION_MODULES says None. */
  apps: { label: string; name: string; migrations: string | null }[]
  settings: Record<string, unknown>
  /** Files of the project that were opened on the way; null where this Python cannot tell. */
  opened?: string[] | null
  /** DATABASES as plain values; absent in a kept answer: it may hold passwords, and a write must never follow an old one. */
  databases?: Record<string, Record<string, unknown>>
}

export interface AskRequest {
  /** The interpreter with its words, split. */
  command: readonly string[]
  folder: string
  settings: string
  env: Readonly<Record<string, string | undefined>>
}

const PATIENCE = 120_000

/**
 * Starts the project's Python once, with the question on standard input, so that it works through `docker compose exec -T` too.
 * @throws MigstateError `django-does-not-start`
 */
export function askDjango({ command, folder, settings, env }: AskRequest): DjangoAnswer {
  const mark = `migstate-${randomUUID()} `
  const request = JSON.stringify({ settings, mark })
  const [program, ...words] = command as [string, ...string[]]
  const line = `import os; os.environ["MIGSTATE_ASK"] = ${JSON.stringify(request)}\n${PROGRAM}`
  const asked = spawnSync(program, [...words, '-'], {
    cwd: folder,
    env: childEnvironment(env),
    input: line,
    encoding: 'utf8',
    timeout: PATIENCE,
    maxBuffer: 64_000_000,
  })
  const answer = asked.stdout?.split('\n').find((one) => one.startsWith(mark))
  if (answer !== undefined) return JSON.parse(answer.slice(mark.length)) as DjangoAnswer
  const reason = asked.error ? asked.error.message : (asked.stderr ?? '').trim().split('\n').at(-1) || `it ended with ${asked.status ?? asked.signal}`
  throw new MigstateError('django-does-not-start', `The project's Python (${command.join(' ')}) did not answer: ${reason}.`, {
    details: { exitCode: asked.status, tail: (asked.stderr ?? '').trim().split('\n').slice(-10) },
  })
}
