import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskUrl } from '../../src/config/index.js'

/** The definition, as one regular expression: it says what is masked, and takes a time that grows with the square of the text. */
function byDefinition(text: string): string {
  return text
    .replace(/\b([a-zA-Z][a-zA-Z0-9+._-]*:(?:\/\/)?)([^\s:@/"']*):([^\n]*)@/g, (_all, scheme: string, user: string) => `${scheme}${user}:***@`)
    .replace(/([?&](?:password|passwd|sslpassword)=)[^&#\s"']*/gi, '$1***')
}

describe('masking', () => {
  it('masks what the definition masks', () => {
    const piece = fc.constantFrom(
      'a',
      'B',
      '9',
      '_',
      '+',
      '.',
      '-',
      ':',
      '/',
      '//',
      '@',
      '"',
      "'",
      ' ',
      '\n',
      '\r',
      'é',
      '?password=',
      '&passwd=x',
      'mysql://',
      'u:p@',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('')
        expect(maskUrl(text)).toBe(byDefinition(text))
      }),
      { numRuns: 20_000, seed: 7 },
    )
  })

  it('masks a password that holds every mark of a URL', () => {
    expect(maskUrl('x postgres://me:p@s:s/w"o@db/name y')).toBe('x postgres://me:***@db/name y')
  })

  it.each([
    ['colons', 'a:b:'.repeat(500_000)],
    ['colons before an @', `${'a:b/'.repeat(500_000)}@`],
    ['words', `${'a.'.repeat(1_000_000)}@`],
    ['users', `${'a:bbbb '.repeat(300_000)}@`],
    ['schemes', `${'a://'.repeat(500_000)}@`],
    ['lines', 'a:b:c@\n'.repeat(300_000)],
  ])('takes time by the length of the text: two megabytes of %s', (_what, text) => {
    const start = performance.now()
    maskUrl(text)
    expect(performance.now() - start).toBeLessThan(30_000)
  })
})
