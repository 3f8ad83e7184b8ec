import { describe, expect, it } from 'vitest'
import { maskUrl, parseDatabaseUrl } from '../../src/config/index.js'

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
