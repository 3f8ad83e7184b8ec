import { distance } from 'fastest-levenshtein'

/**
 * What was probably meant: names that hold the text (`fill_slugs` for `0003_fill_slugs`), then names a few typing mistakes away, the
 * nearest first; at most five.
 */
export function didYouMean(typed: string, names: Iterable<string>): string[] {
  const text = typed.toLowerCase()
  if (text === '') return []
  // Two letters in the wrong order are two changes.
  const reach = text.length < 3 ? 1 : Math.max(2, Math.floor(text.length / 3))
  const rated = [...new Set(names)].flatMap((name) => {
    const lower = name.toLowerCase()
    const away = distance(text, lower)
    if (text.length > 1 && lower.includes(text)) return [{ name, rank: 0, away }]
    // A longer name that begins nearly like this: `0003_fil_slugs` for `0003_fill_slugs_again`.
    const begins = text.length > 5 && lower.length > text.length ? distance(text, lower.slice(0, text.length)) : away
    const near = Math.min(away, begins)
    return near <= reach ? [{ name, rank: 1, away: near }] : []
  })
  return rated
    .sort((left, right) => left.rank - right.rank || left.away - right.away || (left.name < right.name ? -1 : 1))
    .slice(0, 5)
    .map(({ name }) => name)
}

/** `a, b, c and 4 more`. */
export function inShort(names: readonly string[], most = 3): string {
  return names.length <= most + 1 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}
