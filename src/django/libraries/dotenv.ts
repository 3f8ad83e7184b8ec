import { dirname, join } from 'node:path'

/** `KEY=value` lines as django-environ, python-decouple and dotenv read them. */
export function parseDotenv(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$/.exec(line)
    if (!match) continue
    const raw = match[2] as string
    const quoted = /^(['"])([\s\S]*?)\1\s*(?:#.*)?$/.exec(raw)
    const value = quoted ? (quoted[2] as string) : raw.replace(/\s+#.*$/, '')
    found.set(match[1] as string, quoted?.[1] === '"' ? value.replace(/\\(.)/g, '$1') : value)
  }
  return found
}

/** A file in the folder or the nearest one above it that has one. */
export function findUpwards(folder: string, names: readonly string[], exists: (path: string) => boolean): string | undefined {
  for (let current = folder; ; current = dirname(current)) {
    const found = names.map((name) => join(current, name)).find(exists)
    if (found !== undefined || dirname(current) === current) return found
  }
}
