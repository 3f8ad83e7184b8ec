/** A migration's identity as one string that sorts as Django's tuple (app, name) does: by app label, then by name. */
export type Key = string

const SEPARATOR = '\0'

export function keyOf(migration: { app: string; name: string }): Key {
  return migration.app + SEPARATOR + migration.name
}

export function makeKey(app: string, name: string): Key {
  return app + SEPARATOR + name
}

export function pairOf(key: Key): [app: string, name: string] {
  const at = key.indexOf(SEPARATOR)
  return [key.slice(0, at), key.slice(at + 1)]
}

export function appOf(key: Key): string {
  return key.slice(0, key.indexOf(SEPARATOR))
}

/** appOf(key) === app, without making a text. */
export function isOfApp(key: Key, app: string): boolean {
  return key.charCodeAt(app.length) === 0 && key.startsWith(app)
}

export function nameOf(key: Key): string {
  return key.slice(key.indexOf(SEPARATOR) + 1)
}

/** Django's own way to write a migration in messages. */
export function dotted(key: Key): string {
  return pairOf(key).join('.')
}
