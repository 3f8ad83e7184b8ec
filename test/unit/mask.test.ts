import { describe, expect, it } from 'vitest'
import { maskedWords, maskSecrets, maskUrl, parseDatabaseUrl } from '../../src/config/index.js'

const SECRET = 's3cr3t'

describe('a password in a URL', () => {
  it.each([
    [`postgresql://user:${SECRET}@host/db`, 'postgresql://user:***@host/db'],
    [`mysql://user:${SECRET}@host:3306/db?ssl-mode=REQUIRED`, 'mysql://user:***@host:3306/db?ssl-mode=REQUIRED'],
    [`postgresql://host/db?user=u&password=${SECRET}`, 'postgresql://host/db?user=u&password=***'],
    [`postgresql://host/db?password=${SECRET}&user=u`, 'postgresql://host/db?password=***&user=u'],
    [`postgresql://host/db?PASSWORD=${SECRET}#x`, 'postgresql://host/db?PASSWORD=***#x'],
    [`postgresql://host/db?sslpassword=${SECRET}`, 'postgresql://host/db?sslpassword=***'],
    [`mysql://host/db?passwd=${SECRET}`, 'mysql://host/db?passwd=***'],
    [`two: postgresql://a:${SECRET}@h/x and mysql://h/y?password=${SECRET} end`, undefined],
  ])('%s is masked', (text, masked) => {
    expect(maskUrl(text)).not.toContain(SECRET)
    if (masked !== undefined) expect(maskUrl(text)).toBe(masked)
  })

  it.each([
    `postgresql://u:${SECRET}@host:99999/x`,
    `postgresql://host:99999/x?user=u&password=${SECRET}`,
    `postgresql://host/x?sslmode=odd&password=${SECRET}`,
    `mysql://[::1/x?passwd=${SECRET}`,
    `postgresql://u:${SECRET}%zz@host/x`,
  ])('is not told where the URL cannot be read: %s', (url) => {
    let said = ''
    try {
      parseDatabaseUrl(url)
    } catch (error) {
      said = `${(error as Error).message} ${(error as { hint?: string }).hint}`
    }
    expect(said).toContain('cannot be read')
    expect(said).not.toContain(SECRET)
  })
})

describe('a secret in a command or in what a program prints', () => {
  it.each([
    [`API_TOKEN=${SECRET}`, 'API_TOKEN=***'],
    [`docker exec -e DB_PASSWORD=${SECRET} web python`, 'docker exec -e DB_PASSWORD=*** web python'],
    [`sh -c "SECRET_KEY='${SECRET} more' python"`, 'sh -c "SECRET_KEY=*** python"'],
    [`--password=${SECRET} --verbosity=2`, '--password=*** --verbosity=2'],
    [`connect(passwd="${SECRET}", host="db")`, 'connect(passwd=***, host="db")'],
    [`DATABASE_URL=postgres://app:${SECRET}@db/shop`, 'DATABASE_URL=postgres://app:***@db/shop'],
    ['manage.py migrate --settings=shop.settings', 'manage.py migrate --settings=shop.settings'],
    ['a = b, c==d, =', 'a = b, c==d, ='],
  ])('%s', (text, masked) => expect(maskSecrets(text)).toBe(masked))

  it('word by word, so that a user and a host after a URL stay', () => {
    expect(maskedWords(['env', `URL=postgres://app:${SECRET}@db/shop`, 'ssh', 'deploy@web'])).toBe('env URL=postgres://app:***@db/shop ssh deploy@web')
  })

  it('takes time by the length of the text', () => {
    const began = performance.now()
    for (const text of ['x'.repeat(2_000_000), `${'key='.repeat(500_000)}`, '='.repeat(2_000_000), `token="${'a='.repeat(1_000_000)}`]) maskSecrets(text)
    expect(performance.now() - began).toBeLessThan(60_000)
  })
})
