import { isTrusted, maskUrl, NEEDS_TRUST, nearestConfigFile, revoke, type Settings, trust } from '../config/index.js'
import { MigstateError } from '../errors/index.js'

export interface TrustResult {
  /** The migstate.json of this project. */
  file: string
  trusted: boolean
  /** It was so before: nothing was done. */
  unchanged: boolean
  /** What counts only by trust, and what it says; passwords masked. */
  settings: Record<string, string | boolean>
}

/**
 * Remembers for this user that migstate.json, as it is now, may name programs and databases; or no longer.
 * @throws MigstateError `bad-file` `usage` `no-project`
 */
export function changeTrust(flags: Settings, wants: { revoke: boolean }, { env, cwd }: { env: NodeJS.ProcessEnv; cwd: string }): TrustResult {
  const file = nearestConfigFile(flags, env, cwd, { evenBroken: wants.revoke })
  if (file === null)
    throw new MigstateError('bad-file', `There is no migstate.json here, so there is nothing to ${wants.revoke ? 'revoke' : 'trust'}.`, {
      hint: 'Go to the folder of manage.py, or name it with --project.',
    })
  const settings = Object.fromEntries(
    NEEDS_TRUST.flatMap((key): [string, string | boolean][] => {
      const value = file.settings[key]
      return typeof value === 'string' ? [[key, maskUrl(value)]] : typeof value === 'boolean' ? [[key, value]] : []
    }),
  )
  if (wants.revoke) return { file: file.path, trusted: false, unchanged: !revoke(file, env), settings }
  const unchanged = isTrusted(file, env)
  if (!unchanged) trust(file, env)
  return { file: file.path, trusted: true, unchanged, settings }
}
