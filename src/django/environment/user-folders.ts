import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { EnvironmentRequest } from './types.js'

type Asked = Pick<EnvironmentRequest, 'env' | 'platform'>

export function platformOf({ platform }: Asked): NodeJS.Platform {
  return platform ?? process.platform
}

/** As `os.path.expanduser`: HOME, on Windows USERPROFILE. */
export function homeFolder(asked: Asked): string {
  const { env } = asked
  return (platformOf(asked) === 'win32' ? env.USERPROFILE : env.HOME) || homedir()
}

/** `~` and `$NAME` as `expanduser` and `expandvars` read them. */
export function expand(path: string, asked: Asked): string {
  const variables = new Map(Object.entries(asked.env))
  const named = path.replace(/\$(?:(\w+)|\{(\w+)\})/g, (text, plain?: string, braced?: string) => variables.get(plain ?? braced ?? '') ?? text)
  return named.replace(/^~(?=$|[/\\])/, () => homeFolder(asked))
}

/** The folder of a program's caches, configuration or data, as the package platformdirs knows it (unix.py, macos.py, windows.py). */
export function userFolder(kind: 'cache' | 'config' | 'data', program: string, asked: Asked): string {
  const { env } = asked
  const home = homeFolder(asked)
  if (platformOf(asked) === 'win32') {
    if (kind === 'config') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), program)
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), program, ...(kind === 'cache' ? ['Cache'] : []))
  }
  const named = { cache: env.XDG_CACHE_HOME, config: env.XDG_CONFIG_HOME, data: env.XDG_DATA_HOME }[kind]
  if (named && isAbsolute(named)) return join(named, program)
  if (platformOf(asked) === 'darwin') return join(home, 'Library', kind === 'cache' ? 'Caches' : 'Application Support', program)
  return join(home, { cache: '.cache', config: '.config', data: join('.local', 'share') }[kind], program)
}

/** Without symbolic links; the path itself where it cannot be followed. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** `1`, `true`, `yes`, `on`. */
export function isOn(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(1|true|yes|on|y|t)$/i.test(value))
}
