import { describe, expect, it } from 'vitest'
import { Redactor } from '../../src/config/index.js'
import { MigstateError } from '../../src/errors/index.js'

const SECRET = 'hunter2!x'

function knowing(...secrets: string[]): Redactor {
  const redactor = new Redactor()
  for (const secret of secrets) redactor.learn(secret)
  return redactor
}

describe('what a run knows to be secret', () => {
  it.each([
    ['as it is', `Access denied (using ${SECRET}).`, 'Access denied (using ***).'],
    ['as a URL has it', `postgres://h/${encodeURIComponent(SECRET)}`, 'postgres://h/***'],
    ['inside of other text', `x${SECRET}y`, 'x***y'],
  ])('is masked %s', (_how, text, masked) => expect(knowing(SECRET).text(text)).toBe(masked))

  it('a word is masked only where it stands alone', () => {
    expect(knowing('postgres').text('postgresql of postgres, "postgres"')).toBe('postgresql of ***, "***"')
  })

  it('what everybody sees is no secret, and neither is a short word, a path or a number', () => {
    const redactor = knowing('postgres', 'shop', '/run/secrets/key', '5432000', 'true')
    redactor.allow('postgres')
    const text = 'postgres shop /run/secrets/key 5432000 true'
    expect(redactor.text(text)).toBe(text)
  })

  it('of the environment: names that say so, and URLs', () => {
    const redactor = new Redactor()
    redactor.learnEnvironment({
      EMAIL_HOST_PASSWORD: 'mailmail1',
      CACHE: 'redis://:cachecache1@h/0',
      DATABASE_URL: 'postgres://u:p%40ssword@h/d',
      PWD: '/work/place',
      HOME: 'homehome1',
    })
    expect(redactor.text('mailmail1 cachecache1 p@ssword /work/place homehome1')).toBe('*** *** *** /work/place homehome1')
  })

  it('rows of the history stay exact, and so does what an undo needs', () => {
    const redactor = knowing(SECRET)
    const row = { id: '1', app: 'shop', name: `0001_${SECRET}`, applied: SECRET }
    expect(redactor.data({ rows: [row], note: SECRET })).toEqual({ rows: [row], note: '***' })
    expect(redactor.detail({ changes: { added: [row] }, engine: SECRET, tail: [`a ${SECRET}`], command: SECRET })).toEqual({
      changes: { added: [row] },
      engine: SECRET,
      tail: ['a ***'],
      command: '***',
    })
  })

  it('an error: its fact, hint and details, and the messages and stacks of its causes', () => {
    const cause = new Error(`driver: ${SECRET}`, { cause: new Error(`socket: ${SECRET}`) })
    const error = new MigstateError('cannot-connect', `No ${SECRET}`, { hint: SECRET, more: SECRET, details: { tail: [SECRET] }, cause })
    const redacted = error.redacted(knowing(SECRET))
    expect(JSON.stringify([redacted, redacted.message, redacted.stack, cause.message, cause.stack, (cause.cause as Error).stack])).not.toContain(SECRET)
    expect(redacted).toMatchObject({ code: 'cannot-connect', fact: 'No ***', message: 'No ***. Nothing was changed. ***', consequence: 'nothing' })
  })
})

describe('a stream', () => {
  const through = (chunks: readonly string[], redactor = knowing(SECRET)) => {
    const next = redactor.stream()
    return [...chunks, ''].map((chunk) => next(chunk)).join('')
  }
  const TEXT = `Applying shop.0003... OK\nusing ${SECRET} and API_TOKEN=abc123 of postgres://u:other@h/d\nPASSWORD="two words" rest\n`

  it('is the same text in whatever pieces it comes', () => {
    const whole = through([TEXT])
    expect(whole).toBe('Applying shop.0003... OK\nusing *** and API_TOKEN=*** of postgres://u:***@h/d\nPASSWORD=*** rest\n')
    for (let size = 1; size < TEXT.length; size++) {
      const pieces = TEXT.match(new RegExp(`[^]{1,${size}}`, 'g')) as string[]
      expect(through(pieces), `pieces of ${size}`).toBe(whole)
    }
  })

  it('shows a line that is not ended, as progress is', () => {
    const next = knowing(SECRET).stream()
    expect(next('  Applying shop.0003_fill_slugs...')).toBe('  Applying shop.0003_fill_slugs...')
    expect(next(' OK')).toBe(' ')
    expect(next('\n 10%')).toBe('OK\n 10%')
    expect(next(' hunt')).toBe(' ')
    expect(next('ing. ')).toBe('hunting. ')
  })

  it('does not keep for ever what never ends', () => {
    const next = knowing(SECRET).stream()
    expect(next('KEY='.padEnd(70_000, 'x')).length).toBeGreaterThan(0)
  })
})
