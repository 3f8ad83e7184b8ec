import { homedir } from 'node:os'
import { isAbsolute, join, sep } from 'node:path'

/** Whose folders: the environment of the run, and the system where that is not this one. */
export interface Asked {
  env: Readonly<Record<string, string | undefined>>
  platform?: NodeJS.Platform | undefined
}

export function platformOf({ platform }: Asked): NodeJS.Platform {
  return platform ?? process.platform
}

/** As `os.path.expanduser`: HOME, on Windows USERPROFILE; the root folder for a user id that has neither a name nor a home (containers). */
export function homeFolder(asked: Asked): string {
  const { env } = asked
  try {
    return (platformOf(asked) === 'win32' ? env.USERPROFILE : env.HOME) || homedir() || sep
  } catch {
    return sep
  }
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

/** Of migstate: `$XDG_CACHE_HOME/migstate`, else below `~/.cache`, on Windows below `%LOCALAPPDATA%`. A relative XDG_CACHE_HOME is none: it could lie in a checkout. */
export function cacheFolder(env: Asked['env']): string {
  const named = env.XDG_CACHE_HOME
  return join((named && isAbsolute(named) ? named : env.LOCALAPPDATA) || join(homeFolder({ env }), '.cache'), 'migstate')
}
