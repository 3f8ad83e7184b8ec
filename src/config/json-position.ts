/** One token of JSON with the blanks before it (RFC 8259). */
const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.]))/y

/** Line and column, from 1, where a text stops being JSON. What stands there is not said: it may be anybody's file. */
export function jsonErrorPlace(text: string): string {
  const before = text.slice(0, errorPosition(text))
  const line = before.split('\n').length
  return `line ${line}, column ${before.length - before.lastIndexOf('\n')}`
}

type Awaited = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma' | 'end'

function errorPosition(text: string): number {
  const open: string[] = []
  let awaited: Awaited = 'value'
  let at = 0
  for (;;) {
    TOKEN.lastIndex = at
    const [whole = '', mark = '', string, plain] = TOKEN.exec(text) ?? []
    const next: Awaited | null = whole === '' ? null : step(awaited, mark, string !== undefined, plain !== undefined, open)
    if (next === null) return at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0)
    awaited = next
    at += whole.length
  }
}

/** What has to follow a token; null where the token may not stand. */
function step(awaited: Awaited, mark: string, isString: boolean, isPlain: boolean, open: string[]): Awaited | null {
  const closed = (): Awaited => (open.length === 0 ? 'end' : 'comma')
  if (mark === (open.at(-1) === '{' ? '}' : ']') && open.length > 0 && (awaited === 'comma' || awaited.endsWith(mark))) {
    open.pop()
    return closed()
  }
  switch (awaited) {
    case 'value':
    case 'value or ]':
      if (isString || isPlain) return closed()
      if (mark !== '{' && mark !== '[') return null
      open.push(mark)
      return mark === '{' ? 'key or }' : 'value or ]'
    case 'key':
    case 'key or }':
      return isString ? 'colon' : null
    case 'colon':
      return mark === ':' ? 'value' : null
    case 'comma':
      return mark === ',' ? (open.at(-1) === '{' ? 'key' : 'value') : null
    case 'end':
      return null
  }
}
