import { afterEach, describe, expect, it } from 'vitest'
import { built } from '../support/cli.js'
import { type LyingServer, lyingServer } from '../support/lying-server.js'

/** A lock time-out of one second and `connect_timeout=1`: an answer has two seconds, a login one; Node itself takes its time on a busy machine. */
const PATIENT = 12_000

describe('servers that lie', () => {
  let server: LyingServer | undefined
  afterEach(() => server?.stop())

  async function status(kind: 'postgresql' | 'mysql', mode: string, query = '') {
    server = await lyingServer(kind, mode, { PUBLIC_KEY: '' })
    const url = `${kind}://me:SECRETWORD@127.0.0.1:${server.port}/shop?connect_timeout=1${query}`
    const begin = performance.now()
    const result = await built(['status', '--no-files', '--json', '--url', url], { env: { HOME: '/nonexistent', MIGSTATE_LOCK_TIMEOUT: '1' } })
    return { ...result, json: result.json, milliseconds: performance.now() - begin }
  }

  it.each([
    ['esc', 'wrong-password'],
    ['bigerror', 'wrong-password'],
    ['bigerror2', 'cannot-connect'],
    ['notices', 'cannot-connect'],
    ['params', 'cannot-connect'],
    ['neglen', 'cannot-connect'],
    ['neglen2', 'cannot-connect'],
    ['hugelen', 'cannot-connect'],
    ['garbage', 'cannot-connect'],
    ['authunknown', 'cannot-connect'],
    ['sasl', 'cannot-connect'],
    ['saslbig', 'wrong-password'],
    ['silent', 'cannot-connect'],
    ['silentquery', 'cannot-connect'],
    ['manyrows', 'cannot-connect'],
    ['badrow', 'cannot-connect'],
    ['sslgarbage', 'cannot-connect'],
    ['sslerror', 'cannot-connect'],
    ['ssl_then_plain', 'cannot-connect'],
  ])('PostgreSQL, %s: one document with a code, in time, and the process ends', async (mode, code) => {
    const result = await status('postgresql', mode)
    expect(result.json.error).toMatchObject({ code, exitCode: 1 })
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toBe('')
    expect(result.milliseconds).toBeLessThan(PATIENT)
    expect(JSON.stringify(result.json)).not.toContain('SECRETWORD')
    expect(result.stdout.length).toBeLessThan(20_000)
  })

  it('PostgreSQL, stays: a server that does not let go keeps nobody', async () => {
    const result = await status('postgresql', 'stays')
    expect(result.exitCode).not.toBeNull()
    expect(result.milliseconds).toBeLessThan(PATIENT)
    expect(server?.heard()).toContain("b'X'")
  })

  it.each([
    ['hang', 'wrong-password'],
    ['bigerr', 'wrong-password'],
    ['clear', 'cannot-connect'],
    ['oldpw', 'cannot-connect'],
    ['silent', 'cannot-connect'],
    ['http', 'cannot-connect'],
    ['silentquery', 'cannot-connect'],
    ['manyrows', 'cannot-connect'],
    ['cols', 'cannot-connect'],
    ['garbage', 'cannot-connect'],
    ['local', 'database-error'],
  ])('MySQL, %s: one document with a code, in time, and the process ends', async (mode, code) => {
    const result = await status('mysql', mode)
    expect(result.json.error).toMatchObject({ code, exitCode: 1 })
    expect(result.exitCode).toBe(1)
    expect(result.milliseconds).toBeLessThan(PATIENT)
    expect(JSON.stringify(result.json) + result.stderr).not.toContain('SECRETWORD')
    expect(server?.heard()).not.toMatch(/SECRETWORD|FILE DATA b'.+'/)
    expect(result.stdout.length).toBeLessThan(20_000)
  })

  it('a login says that no file of this machine is on offer', async () => {
    await status('mysql', 'hang')
    expect(server?.heard()).toContain('no local files')
  })

  it('the names that a server gives its columns are no code and no prototype', async () => {
    const result = await status('mysql', 'proto2')
    expect(result.stderr).not.toContain('INJ')
  })
})
