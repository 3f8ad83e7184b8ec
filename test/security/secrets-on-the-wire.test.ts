import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type ConnectionSpec, parseDatabaseUrl, type ServerSpec, withClientEnvironment } from '../../src/config/index.js'
import { authPlugins, type Driver } from '../../src/database/mysql/login.js'
import { fromSetting } from '../../src/api/connection.js'
import { ownFamily } from '../../src/django/backends.js'
import { migstate } from '../support/cli.js'
import { files } from '../support/fake-project.js'
import { lyingServer } from '../support/lying-server.js'
import { tlsFile, type TlsServer, tlsServer } from '../support/tls-server.js'

const setting = (engine: string, options: Record<string, unknown>) =>
  fromSetting(
    {
      engine: `django.db.backends.${engine}`,
      family: ownFamily(`django.db.backends.${engine}`) ?? null,
      name: 'shop',
      host: 'db.example',
      port: '',
      user: 'me',
      password: 'pw',
      options,
      timeZone: null,
    },
    'default',
    { folder: '/nowhere' } as never,
  ) as ServerSpec

const thrown = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('TLS words', () => {
  it.each([['verify_full'], ['VERIFY-FULL'], ['required'], ['on'], ['']])('PostgreSQL, sslmode "%s": an error, never something weaker', (word) => {
    expect(thrown(() => parseDatabaseUrl(`postgresql://h/d?sslmode=${word}`))).toMatchObject({ code: 'bad-url' })
    expect(thrown(() => setting('postgresql', { sslmode: word }))).toMatchObject({ code: 'database-unknown' })
    if (word)
      expect(thrown(() => withClientEnvironment(parseDatabaseUrl('postgresql://h/d'), { PGSSLMODE: word }, 'person'))).toMatchObject({
        code: 'database-unknown',
      })
  })

  it.each([['disable'], ['allow'], ['prefer'], ['require'], ['verify-ca'], ['verify-full']])('PostgreSQL, sslmode %s is itself from everywhere', (mode) => {
    expect(parseDatabaseUrl(`postgresql://h/d?sslmode=${mode}`)).toMatchObject({ tls: { mode } })
    expect(setting('postgresql', { sslmode: mode }).tls).toEqual({ mode })
    expect(withClientEnvironment(parseDatabaseUrl('postgresql://h/d'), { PGSSLMODE: mode }, 'person')).toMatchObject({ tls: { mode } })
  })

  it('the environment counts where URL and settings say nothing', () => {
    const env = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: '/ca', PGSSLCERT: '/cert', PGSSLKEY: '/key' }
    expect(withClientEnvironment(parseDatabaseUrl('postgresql://h/d'), env, 'person')).toMatchObject({
      tls: { mode: 'verify-full', ca: '/ca', cert: '/cert', key: '/key' },
    })
    expect(withClientEnvironment(setting('postgresql', { sslmode: 'verify-ca', sslrootcert: '/mine' }), env, 'project')).toMatchObject({
      tls: { mode: 'verify-ca', ca: '/mine', cert: '/cert', key: '/key' },
    })
  })

  it('sslrootcert=system asks for verify-full, and fits nothing weaker', () => {
    expect(parseDatabaseUrl('postgresql://h/d?sslrootcert=system')).toMatchObject({ tls: { mode: 'verify-full', ca: 'system' } })
    expect(thrown(() => parseDatabaseUrl('postgresql://h/d?sslrootcert=system&sslmode=require'))).toMatchObject({ code: 'bad-url' })
    expect(thrown(() => setting('postgresql', { sslrootcert: 'system', sslmode: 'prefer' }))).toMatchObject({ code: 'database-unknown' })
    expect(thrown(() => withClientEnvironment(parseDatabaseUrl('postgresql://h/d?sslmode=require'), { PGSSLROOTCERT: 'system' }, 'person'))).toMatchObject({
      code: 'database-unknown',
    })
  })

  it.each([
    [{}, {}],
    [{ ssl: null }, {}],
    [{ ssl: true }, { mode: 'require' }],
    [{ ssl: {} }, { mode: 'require' }],
    [{ ssl: false }, { mode: 'disable' }],
    [{ ssl: { ca: '/ca' } }, { mode: 'verify-ca', ca: '/ca' }],
    [{ ssl: { ca: '/ca', check_hostname: true } }, { mode: 'verify-full', ca: '/ca' }],
    [{ ssl: { ca: '/ca', verify_mode: 'none' } }, { mode: 'require', ca: '/ca' }],
    [{ ssl: { cert: '/cert', key: '/key' } }, { mode: 'require', cert: '/cert', key: '/key' }],
    [
      { ssl: { ca: '/ca' }, ssl_mode: 'VERIFY_IDENTITY' },
      { mode: 'verify-full', ca: '/ca' },
    ],
    [{ ssl_mode: 'REQUIRED' }, { mode: 'require' }],
    [{ ssl_ca: '/ca' }, { mode: 'verify-ca', ca: '/ca' }],
    [
      { ssl_ca: '/ca', ssl_verify_identity: true },
      { mode: 'verify-full', ca: '/ca' },
    ],
    [
      { ssl_ca: '/ca', ssl_verify_cert: false },
      { mode: 'require', ca: '/ca' },
    ],
    [{ ssl_disabled: true }, { mode: 'disable' }],
  ])('MySQL, OPTIONS %j', (options, tls) => {
    expect(setting('mysql', options).tls).toEqual(tls)
  })

  it.each([
    [{ ssl_mode: 'VERIFY_IDENTITTY' }],
    [{ ssl_mode: 'verify-full' }],
    [{ ssl_mode: true }],
    [{ ssl: { ssl_ca: '/ca' } }],
    [{ ssl: { capath: '/certs' } }],
    [{ ssl: 'yes' }],
    [{ ssl: { ca: true } }],
    [{ ssl: { verify_mode: 'sometimes' } }],
    [{ ssl: undefined }],
    [{ ssl: { ca: undefined } }],
    [{ ssl_mode: undefined }],
  ])('MySQL, OPTIONS %j: an error, never something weaker', (options) => {
    expect(thrown(() => setting('mysql', options))).toMatchObject({ code: 'database-unknown', exitCode: 2 })
  })

  it('an option that cannot be read is not one that is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'migstate-options-'))
    const settings = (options: string) => ({
      'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
      'settings.py': `import vault\nINSTALLED_APPS = []\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": "127.0.0.1", "PORT": "1", "OPTIONS": ${options}}}\n`,
    })
    for (const options of ['{"sslmode": vault.mode()}', 'vault.options()']) {
      files(folder, settings(options))
      expect((await migstate(['status', '--json', '--no-cache', '--project', folder])).json.error, options).toMatchObject({ code: 'database-unknown' })
    }
    files(folder, settings('{"connect_timeout": 1}'))
    expect((await migstate(['status', '--json', '--no-cache', '--project', folder])).json.error).toMatchObject({ code: 'cannot-connect' })
    rmSync(folder, { recursive: true })
  })
})

describe('passwords of the environment', () => {
  const given = (url: string, env: Record<string, string>, namedBy: 'person' | 'project') => {
    const spec = withClientEnvironment(parseDatabaseUrl(url), env, namedBy) as ServerSpec
    return spec.password ?? (spec.passwordKept ? 'kept' : 'none')
  }

  it.each([
    ['postgresql', 'PGPASSWORD', 'PGHOST'],
    ['mysql', 'MYSQL_PWD', 'MYSQL_HOST'],
  ])('%s', (scheme, password, host) => {
    const alone = { [password]: 'secret' }
    const named = { [password]: 'secret', [host]: 'db.example' }
    // A host that the person has named: as psql and mysql do.
    expect(given(`${scheme}://other.example/d`, alone, 'person')).toBe('secret')
    // One that the environment names for this password: only there.
    expect(given(`${scheme}://db.example/d`, named, 'person')).toBe('secret')
    expect(given(`${scheme}://other.example/d`, named, 'person')).toBe('kept')
    expect(given(`${scheme}://db.example/d`, named, 'project')).toBe('secret')
    expect(given(`${scheme}://127.0.0.1/d`, named, 'project')).toBe('kept')
    // Without a host libpq goes to the one of the environment, MySQL's clients do not.
    expect(given(`${scheme}:///d`, named, 'project')).toBe(scheme === 'postgresql' ? 'secret' : 'kept')
    // One that only a file of the project names: not off this machine.
    expect(given(`${scheme}://other.example/d`, alone, 'project')).toBe('kept')
    expect(given(`${scheme}://localhost.evil.example/d`, alone, 'project')).toBe('kept')
    expect(given(`${scheme}://127.0.0.1.evil.example/d`, alone, 'project')).toBe('kept')
    expect(given(`${scheme}://localhost/d`, alone, 'project')).toBe('secret')
    expect(given(`${scheme}:///d`, alone, 'project')).toBe('secret')
    // One with a password of its own.
    expect(given(`${scheme}://me:own@other.example/d`, named, 'person')).toBe('own')
  })
})

describe('what a server gets', () => {
  const folders: string[] = []
  let server: TlsServer | undefined
  afterEach(() => {
    server?.stop()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })
  const home = (entries: Record<string, string> = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'migstate-home-'))
    folders.push(folder)
    mkdirSync(join(folder, '.postgresql'))
    for (const [name, text] of Object.entries(entries)) {
      writeFileSync(join(folder, name), text)
      chmodSync(join(folder, name), 0o600)
    }
    return folder
  }
  const status = async (host: string, query: string, env: Record<string, string | undefined> = {}) => {
    const url = `postgresql://me@${host}:${server?.port}/shop?connect_timeout=3${query}`
    return migstate(['status', '--no-files', '--json', '--url', url], { env: { HOME: home(), PGPASSWORD: 'SECRET', ...env } })
  }
  const ca = () => tlsFile('ca.crt')

  it.each([
    ['verify-full with the right root and name', 'localhost', `&sslmode=verify-full&sslrootcert=CA`, {}, 'tls'],
    ['verify-full with another name', '127.0.0.1', `&sslmode=verify-full&sslrootcert=CA`, {}, 'nothing'],
    ['verify-full of the environment, with another name', '127.0.0.1', '', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'CA' }, 'nothing'],
    ['verify-full of the environment', 'localhost', '', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'CA' }, 'tls'],
    ['verify-ca with another name', '127.0.0.1', '&sslmode=verify-ca&sslrootcert=CA', {}, 'tls'],
    ['verify-ca with another root', '127.0.0.1', '&sslmode=verify-ca&sslrootcert=OTHER', {}, 'nothing'],
    ['verify-ca without a root', '127.0.0.1', '&sslmode=verify-ca', {}, 'nothing'],
    ['the roots of the machine', 'localhost', '&sslrootcert=system', {}, 'nothing'],
    ['require with a root', '127.0.0.1', '&sslmode=require&sslrootcert=OTHER', {}, 'nothing'],
    ['require', '127.0.0.1', '&sslmode=require', {}, 'tls'],
    ['prefer', '127.0.0.1', '', {}, 'tls'],
    ['disable', '127.0.0.1', '&sslmode=disable', {}, 'plain'],
  ])('PostgreSQL with TLS, %s', async (_what, host, query, env, wanted) => {
    server = await tlsServer()
    const fill = (text: string) => text.replace('CA', ca()).replace('OTHER', tlsFile('server.crt'))
    const result = await status(host, fill(query), Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)])))
    expect(server.passwords.map(({ tls, text }) => `${tls ? 'tls' : 'plain'} ${text}`)).toEqual(wanted === 'nothing' ? [] : [`${wanted} SECRET`])
    expect(result.json.error.code).toBe(wanted === 'nothing' ? 'cannot-connect' : 'wrong-password')
  })

  it('require with a root certificate in its standard place verifies', async () => {
    server = await tlsServer()
    const folder = home()
    writeFileSync(join(folder, '.postgresql', 'root.crt'), 'no certificate')
    expect((await status('127.0.0.1', '&sslmode=require', { HOME: folder })).json.error.code).toBe('cannot-connect')
    expect(server.passwords).toEqual([])
  })

  it.each([
    ['require', '&sslmode=require', {}],
    ['PGSSLMODE=verify-full', '', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'CA' }],
    ['PGSSLMODE=require', '', { PGSSLMODE: 'require' }],
  ])('PostgreSQL without TLS, %s: no password', async (_what, query, env) => {
    server = await tlsServer({ offersTls: false })
    const result = await status('127.0.0.1', query, Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value === 'CA' ? ca() : value])))
    expect(server.passwords).toEqual([])
    expect(result.json.error.code).toBe('cannot-connect')
  })

  it('a password of the environment that belongs to another host is not sent, and it is said why', async () => {
    server = await tlsServer()
    const { error } = (await status('127.0.0.1', '', { PGHOST: 'db.example' })).json
    expect(server.passwords).toEqual([])
    expect(error).toMatchObject({ code: 'wrong-password', message: expect.stringContaining('PGPASSWORD is for PGHOST, which is db.example') })
  })

  it('the password file gives the password of just this host', async () => {
    server = await tlsServer()
    const line = (host: string, password: string) => `${host}:${server?.port}:shop:me:${password}\n`
    const env = { PGPASSWORD: undefined, HOME: home({ '.pgpass': `# a comment\n${line('db.example', 'OTHER')}${line('127.0.0.1', 'a\\:b\\\\c')}` }) }
    await status('127.0.0.1', '', env)
    expect(server.passwords).toEqual([{ tls: true, text: 'a:b\\c' }])
    chmodSync(join(env.HOME, '.pgpass'), 0o644)
    expect((await status('127.0.0.1', '', env)).json.error.message).toContain('none was given')
    expect(server.passwords).toHaveLength(1)
  })
})

describe("MySQL's sha2 logins", () => {
  const { publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const driver = createRequire(import.meta.url)('mysql2') as Driver
  const scramble = Buffer.alloc(20, 'a')

  it.each([
    ['another machine', { remoteAddress: '192.0.2.7' }, {}, 'refused'],
    ['another machine, IPv6', { remoteAddress: '2001:db8::1' }, {}, 'refused'],
    ['this machine', { remoteAddress: '127.0.0.1' }, {}, 'key taken'],
    ['this machine, IPv6', { remoteAddress: '::1' }, {}, 'key taken'],
    ['a socket', {}, { socketPath: '/run/mysqld.sock' }, 'key taken'],
  ])('a key of the server at %s', (_what, stream, config, wanted) => {
    for (const [name, steps] of [
      ['caching_sha2_password', [scramble, Buffer.from([4])]],
      ['sha256_password', [scramble]],
    ] as const) {
      const plugin = authPlugins(driver)[name]?.({ connection: { stream, config: { password: 'SECRET', ...config } } as never, command: {} })
      for (const step of steps) plugin?.(step)
      const answer = thrown(() => plugin?.(Buffer.from(publicKey)))
      // Through a socket the first of the two needs no key, and takes none.
      if (wanted === 'refused') expect(answer).toMatchObject({ message: expect.stringContaining('not encrypted') })
      else if (!(name === 'caching_sha2_password' && 'socketPath' in config)) expect((answer as Buffer).length).toBe(256)
    }
  })

  it('on this machine, without TLS, the password goes encrypted', async () => {
    for (const mode of ['sha2full', 'sha256']) {
      const server = await lyingServer('mysql', mode, { PUBLIC_KEY: publicKey })
      const result = await migstate(['status', '--no-files', '--json', '--url', `mysql://me:SECRET@127.0.0.1:${server.port}/shop?connect_timeout=3`])
      expect(result.json.error.code).toBe('cannot-connect')
      expect(server.heard()).toMatch(/encrypted [0-9a-f]{512}/)
      expect(server.heard()).not.toContain('SECRET')
      server.stop()
    }
  })

  it('a spec is a value: what the environment adds is not written into it', () => {
    const spec: ConnectionSpec = parseDatabaseUrl('postgresql://h/d')
    withClientEnvironment(spec, { PGPASSWORD: 'secret', PGSSLMODE: 'require' }, 'person')
    expect(spec).toEqual({ family: 'postgresql', host: 'h', database: 'd', tls: {} })
  })
})
