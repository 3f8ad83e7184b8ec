import { createHash } from 'node:crypto'
import { readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MigstateError } from '../errors/index.js'
import type { ConfigFile } from './config-file.js'
import { foreignHand, makeFolder } from './own-folder.js'
import { readPlainFile } from './plain-file.js'
import type { SettingKey } from './settings.js'
import { userFolder } from './user-folder.js'

/** What starts a program or names a database to write to. Whoever can put a file into a checkout must not decide that. */
export const NEEDS_TRUST: readonly SettingKey[] = ['python', 'managePy', 'manage', 'askDjango', 'url']

type Environment = Readonly<Record<string, string | undefined>>

/** An entry is a file named by the digest of path and text, as direnv keeps them: a file that changes is another one. */
const ENTRY = /^[0-9a-f]{64}$/
const MAX_BYTES = 10_000

export function trustFolder(env: Environment): string {
  return join(userFolder('config', 'migstate', { env }), 'trusted')
}

/** Whether this user has trusted just this text at this place. What others could have written there is no trust. */
export function isTrusted(file: ConfigFile, env: Environment): boolean {
  const folder = trustFolder(env)
  if (foreignHand(folder) !== null) return false
  const place = realPlace(file)
  const entry = readPlainFile(join(folder, digestOf(place, file.text)), MAX_BYTES)
  return !('refusal' in entry) && entry.text === `${place}\n`
}

/** @throws MigstateError `bad-file` where it cannot be remembered */
export function trust(file: ConfigFile, env: Environment): void {
  const folder = trustFolder(env)
  const refuse = (why: string, cause?: unknown) =>
    new MigstateError('bad-file', `That ${file.path} is trusted cannot be remembered in ${folder}: ${why}.`, {
      hint: 'Set XDG_CONFIG_HOME to a folder that only this user may write, or use flags and MIGSTATE_… variables in place of the file.',
      ...(cause === undefined ? {} : { cause }),
    })
  const foreign = foreignHand(folder)
  if (foreign !== null) throw refuse(foreign)
  const place = realPlace(file)
  try {
    makeFolder(folder)
    forget(folder, place)
    writeFileSync(join(folder, digestOf(place, file.text)), `${place}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw refuse((error as Error).message, error)
  }
}

/** @returns whether it was trusted before, with this text or another */
export function revoke(file: Pick<ConfigFile, 'path'>, env: Environment): boolean {
  return forget(trustFolder(env), realPlace(file))
}

function forget(folder: string, place: string): boolean {
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => ENTRY.test(name))
  } catch {
    return false
  }
  const own = names.filter((name) => {
    const entry = readPlainFile(join(folder, name), MAX_BYTES)
    return !('refusal' in entry) && entry.text === `${place}\n`
  })
  for (const name of own) rmSync(join(folder, name))
  return own.length > 0
}

function digestOf(place: string, text: string): string {
  return createHash('sha256').update(`${place}\0${text}`).digest('hex')
}

/** Through another name of the folder it is the same file; of one that is gone, as it is written. */
function realPlace({ path }: Pick<ConfigFile, 'path'>): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
