import { realpathSync } from 'node:fs'
import { type Asked, homeFolder } from '../../config/user-folder.js'

/** `~` and `$NAME` as `expanduser` and `expandvars` read them. */
export function expand(path: string, asked: Asked): string {
  const variables = new Map(Object.entries(asked.env))
  const named = path.replace(/\$(?:(\w+)|\{(\w+)\})/g, (text, plain?: string, braced?: string) => variables.get(plain ?? braced ?? '') ?? text)
  return named.replace(/^~(?=$|[/\\])/, () => homeFolder(asked))
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
