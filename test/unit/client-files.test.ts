import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { withOptionFile } from '../../src/api/mysql-file.js'
import { parseDatabaseUrl, readMysqlOptions, type ServerSpec, withClientEnvironment } from '../../src/config/index.js'

const folder = mkdtempSync(join(tmpdir(), 'migstate-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const written = (text: string) => {
  const path = join(folder, 'file')
  writeFileSync(path, text)
  return path
}

describe('an option file of MySQL', () => {
  it.each([
    ['[client]\nuser=me', { user: 'me' }],
    ['[client]\n  user  =  me  # who\n; no\n# no', { user: 'me' }],
    ['[client]\npassword = "a # b"', { password: 'a # b' }],
    ["[client]\npassword = 'it''s'", { password: "it''s" }],
    ['[client]\npassword = a\\sb\\\\c', { password: 'a b\\c' }],
    ['[client]\nssl_ca=/ca.pem\nskip-auto-rehash', { 'ssl-ca': '/ca.pem', 'skip-auto-rehash': '' }],
    ['[mysqld]\nuser=mysql\n[client]\nuser=a\n[shop]\nuser=b\n[mysql]\nuser=c', { user: 'b' }],
    ['user=nobody', {}],
    ['[client]\r\nuser=me\r\n', { user: 'me' }],
  ])('%j', (text, expected) => {
    expect(Object.fromEntries(readMysqlOptions(written(text), 'shop'))).toEqual(expected)
  })

  it('that includes others is not half read, and nothing of it is shown', () => {
    expect(() => readMysqlOptions(written('!includedir /etc/mysql/conf.d\n[client]\nuser=me'), undefined)).toThrowError(
      /line 1 includes other files, which migstate does not follow/,
    )
    expect(() => of({}, '[client]\nport = s3cret')).toThrowError(/^(?!.*s3cret).*is not a number/)
  })

  const of = (given: Partial<ServerSpec>, text: string) =>
    withOptionFile({ family: 'mysql', tls: {}, ...given }, readMysqlOptions(written(text), undefined), 'my.cnf')

  it('says what the settings leave out, and nothing else', () => {
    const text = '[client]\nhost=db.example\nport=3307\nuser=me\npassword=secret\ndatabase=shop\nssl-mode=VERIFY_IDENTITY\nssl-ca=/ca.pem'
    expect(of({}, text)).toEqual({
      family: 'mysql',
      host: 'db.example',
      port: 3307,
      user: 'me',
      password: 'secret',
      database: 'shop',
      tls: { mode: 'verify-full', ca: '/ca.pem' },
    })
    expect(of({ database: 'other', user: 'you', password: 'mine' }, text)).toMatchObject({
      host: 'db.example',
      database: 'other',
      user: 'you',
      password: 'mine',
    })
  })

  it.each([
    ['its own host', 'db.example', true],
    ['this machine', '127.0.0.1', true],
    ['a host that only the settings name', 'evil.example', false],
  ])('its password goes to %s: %s %s', (_name, host, goes) => {
    const spec = of({ host }, '[client]\nhost=db.example\npassword=secret')
    expect([spec.password, spec.passwordKept !== undefined]).toEqual(goes ? ['secret', false] : [undefined, true])
  })
})

describe('a connection service of libpq', () => {
  const env = (text: string) => ({ PGSERVICEFILE: written(text), PGSYSCONFDIR: folder })
  const of = (url: string, text: string, namedBy: 'person' | 'project' = 'project') =>
    withClientEnvironment(parseDatabaseUrl(url), { ...env(text), PGSERVICE: 'shop', PGUSER: 'of-environment' }, namedBy) as ServerSpec

  it('stands behind the URL and before the environment', () => {
    expect(
      of('postgresql://@/mine', '[shop]\nhost=a,b\nport=5433\nuser=me\ndbname=shop\nsslmode=require\nconnect_timeout=7\ntarget_session_attrs=primary'),
    ).toEqual({
      family: 'postgresql',
      host: 'a',
      port: 5433,
      others: [{ host: 'b', port: 5433 }],
      user: 'me',
      database: 'mine',
      connectTimeout: 7,
      target: 'primary',
      tls: { mode: 'require' },
    })
  })

  it.each([
    ['its own host', 'postgresql:///shop', 'project', true],
    ['its own host, which the settings name too', 'postgresql://db.example/shop', 'project', true],
    ['this machine', 'postgresql://localhost/shop', 'project', true],
    ['a host that the person has named', 'postgresql://other.example/shop', 'person', true],
    ['a host that only the settings name', 'postgresql://evil.example/shop', 'project', false],
  ] as const)('its password goes to %s', (_name, url, namedBy, goes) => {
    const spec = of(url, '[shop]\nhost=db.example\npassword=secret', namedBy)
    expect([spec.password, spec.passwordKept !== undefined]).toEqual(goes ? ['secret', false] : [undefined, true])
  })
})
