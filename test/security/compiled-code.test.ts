import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CodeCache, keyOf } from '../../src/cli/start/code-cache.js'
import { built } from '../support/cli.js'
import { root } from '../support/root.js'

const isRoot = process.getuid?.() === 0

/** V8's code of the bundles is program code: it counts only where this user alone can have put it. */
let around: string
let folder: string
let env: Record<string, string>
beforeEach(() => {
  around = mkdtempSync(join(tmpdir(), 'migstate-code-'))
  env = { XDG_CACHE_HOME: join(around, 'cache') }
  folder = join(around, 'cache', 'migstate', 'code')
})
afterEach(() => rmSync(around, { recursive: true, force: true }))

const KEY = 'a'.repeat(64)
const kept = { code: Buffer.from('code'), runs: ['status'] }
const path = () => join(folder, `${KEY}.v8`)
const read = () => new CodeCache(env).read(KEY)

it('what one run keeps the next one has, and nobody else may look', () => {
  new CodeCache(env).write(KEY, kept)
  expect(read()).toEqual(kept)
  expect([statSync(folder).mode & 0o777, statSync(path()).mode & 0o777]).toEqual([0o700, 0o600])
  expect(readdirSync(folder)).toEqual([`${KEY}.v8`])
})

describe('code that others could have written is not run', () => {
  beforeEach(() => {
    new CodeCache(env).write(KEY, kept)
    expect(read()).toEqual(kept)
  })

  it.each([['cache'], ['cache/migstate'], ['cache/migstate/code']])('others may write in %s', (place) => {
    chmodSync(join(around, place), 0o777)
    expect(read()).toBeNull()
    new CodeCache(env).write('b'.repeat(64), kept)
    expect(readdirSync(folder)).toHaveLength(1)
  })

  it('others may write the file', () => {
    chmodSync(path(), 0o666)
    expect(read()).toBeNull()
  })

  it.runIf(isRoot)("somebody else's file, and somebody else's folder", () => {
    chownSync(path(), 4242, 4242)
    expect(read()).toBeNull()
    chownSync(path(), 0, 0)
    expect(read()).toEqual(kept)
    chownSync(folder, 4242, 4242)
    expect(read()).toBeNull()
  })

  it('a link', () => {
    renameSync(path(), join(around, 'elsewhere'))
    symlinkSync(join(around, 'elsewhere'), path())
    expect(read()).toBeNull()
  })

  it.each([
    ['a byte is another one', (text: Buffer) => ((text[70] = 1), text)],
    ['cut', (text: Buffer) => text.subarray(0, text.length - 3)],
    ['empty', () => Buffer.alloc(0)],
  ])('a file that is not as it was written: %s', (_what, change) => {
    writeFileSync(path(), change(readFileSync(path())))
    expect(read()).toBeNull()
  })
})

it('a relative XDG_CACHE_HOME is none: it would lie in a checkout', () => {
  const home = join(around, 'home')
  mkdirSync(home)
  new CodeCache({ XDG_CACHE_HOME: 'planted', HOME: home }).write(KEY, kept)
  expect(existsSync(join(home, '.cache/migstate/code', `${KEY}.v8`))).toBe(true)
  expect(existsSync('planted')).toBe(false)
})

it('a changed byte of the source is another file', () => {
  expect(keyOf(Buffer.from('a=1'))).not.toBe(keyOf(Buffer.from('a=2')))
})

describe('the built program', () => {
  const version = (more: Record<string, string | undefined> = {}) => built(['version'], { env: { ...env, ...more } })

  it('makes its code at the first run, keeps it, and says nothing about it', async () => {
    for (const more of [{}, {}, { NODE_ENV: 'development' }, { NODE_ENV: 'test', NODE_OPTIONS: '--pending-deprecation --trace-warnings' }]) {
      const ended = await version(more)
      expect([ended.exitCode, ended.stderr]).toEqual([0, ''])
    }
    // One for each set of flags.
    expect(readdirSync(folder)).toHaveLength(2)
  })

  it('of another program, or what V8 does not take, is made anew', async () => {
    await version()
    const name = readdirSync(folder)[0] as string
    const key = name.slice(0, 64)
    new CodeCache(env).write(key, { code: Buffer.from('no code of V8 at all'), runs: ['version'] })
    const ended = await version()
    expect([ended.exitCode, ended.stderr]).toEqual([0, ''])
    expect(statSync(join(folder, name)).size).toBeGreaterThan(100_000)
  })

  it('learns each command once', async () => {
    await version()
    const name = readdirSync(folder)[0] as string
    const runs = () => new CodeCache(env).read(name.slice(0, 64))?.runs
    await built(['recover', '--help'], { env })
    await version()
    await built(['nonsense', '--secret', 'word'], { env })
    expect(runs()).toEqual(['version', 'recover', ''])
  })

  it('with --no-cache keeps nothing, and where nothing can be kept, runs all the same', async () => {
    expect((await built(['status', '--no-cache', '--no-files', '--url', 'sqlite:///nowhere'], { env })).exitCode).toBe(1)
    expect((await version({ MIGSTATE_NO_CACHE: '1' })).exitCode).toBe(0)
    expect(existsSync(folder)).toBe(false)
    const ended = await version({ XDG_CACHE_HOME: '/proc/1/nothing' })
    expect([ended.exitCode, ended.stderr]).toEqual([0, ''])
  })

  it('a cache beside the bundles, as a package could bring it, is not read', async () => {
    const installed = join(around, 'installed')
    for (const name of ['package.json', 'bin/package.json', 'bin/run.js', 'dist/start.cjs', 'dist/cli.cjs']) {
      mkdirSync(join(installed, name, '..'), { recursive: true })
      cpSync(join(root, name), join(installed, name))
    }
    expect(readFileSync(join(root, 'dist/start.cjs'), 'latin1')).not.toContain('.cache`')
    expect(readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.cache'))).toEqual([])
  })
})
