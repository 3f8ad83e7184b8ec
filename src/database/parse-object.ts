/** A JSON object of text and null. @throws Error for anything else: nothing that somebody else has written is taken for a row's values */
export function parseObject(json: string): Record<string, string | null> {
  const found: unknown = JSON.parse(json)
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw new Error('not an object')
  for (const value of Object.values(found)) if (value !== null && typeof value !== 'string') throw new Error('not text')
  return found as Record<string, string | null>
}
