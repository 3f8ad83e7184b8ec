import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, linkSync, lstatSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tryLockFile } from '../../src/database/sqlite/lock-file.js'
import { readyLockFile } from '../../src/database/sqlite/lock-path.js'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { root } from '../support/root.js'

const isRoot = process.getuid?.() === 0
/** Any two users who are not this one. */
const [OWNER, MEMBER, GROUP, STRANGER] = [41001, 41002, 41003, 41004]

describe("the lock file in a stranger's folder", () => {
  let database: TestDatabase
  let lock: string
  beforeEach(async () => {
    database = await freshDatabase('sqlite')
    await createHistoryTable(database)
    await record(database, [['shop', '0001_initial']])
    lock = `${database.file}-migstate-lock`
  })
  afterEach(() => database.drop())

  const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json', '--url', database.url])
  const mark = () => run('mark', 'applied', 'shop', '0002_x', '--yes')
  const beside = (name: string) => join(dirname(database.file as string), name)
  const victim = () => {
    const path = beside('victim.sqlite3')
    new Sqlite(path).exec('CREATE TABLE t (x); INSERT INTO t VALUES (1); PRAGMA user_version = 77').close()
    return path
  }

  it.each([
    ['a link to another database', () => symlinkSync(victim(), lock), 'is a link'],
    ['a link to an empty file', () => (writeFileSync(beside('empty'), ''), symlinkSync(beside('empty'), lock)), 'is a link'],
    ['a link to nothing', () => symlinkSync(beside('nothing'), lock), 'is a link'],
    ['a link to the database itself', () => symlinkSync(database.file as string, lock), 'is a link'],
    ['another name of another database', () => linkSync(victim(), lock), 'hard link'],
    ['another database', () => new Sqlite(lock).exec('CREATE TABLE t (x); PRAGMA user_version = 77').close(), 'contents of its own'],
    ['a text', () => writeFileSync(lock, 'x'.repeat(5000)), 'contents of its own'],
    ['a folder', () => mkdirSync(lock), 'no plain file'],
    ['a pipe', () => execFileSync('mkfifo', [lock]), 'no plain file'],
  ])('%s: refused, and untouched', async (_what, put, why) => {
    put()
    const before = await fingerprint(database)
    const content = (path: string) => (existsSync(path) && lstatSync(path).isFile() ? readFileSync(path).toString('hex') : null)
    const others = () => ['victim.sqlite3', 'empty', 'nothing'].map((name) => content(beside(name)))
    const was = [content(lock), lstatSync(lock).mode, ...others()]
    const refused = await mark()
    expect(refused.json.error).toMatchObject({ code: 'not-a-database', exitCode: 1, message: expect.stringContaining(why) })
    expect([content(lock), lstatSync(lock).mode, ...others()]).toEqual(was)
    expect(existsSync(`${lock}-journal`)).toBe(false)
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('status')).exitCode).toBe(0)
  })

  it('has the mode of the database, also where it was there before', () => {
    chmodSync(database.file as string, 0o664)
    writeFileSync(lock, '', { mode: 0o600 })
    expect(readyLockFile(lock, database.file as string)).toBe(statSync(lock).ino)
    expect(statSync(lock).mode & 0o777).toBe(0o664)
  })

  it('is gone when nobody holds it, also one that a killed run has left', async () => {
    expect((await mark()).exitCode).toBe(0)
    expect(existsSync(lock)).toBe(false)
    writeFileSync(lock, '')
    expect((await run('mark', 'applied', 'shop', '0003_y', '--yes')).exitCode).toBe(0)
    expect(existsSync(lock)).toBe(false)
  })

  it('one that was put in its place meanwhile is not removed', async () => {
    const held = await tryLockFile(database.file as string)
    renameSync(lock, beside('old'))
    writeFileSync(lock, 'mine')
    await held?.release()
    expect(readFileSync(lock, 'utf8')).toBe('mine')
  })

  it.each(['own', '7'])('several processes, of which each removes the file: one at a time (process id: %s)', { timeout: 120_000 }, async (pid) => {
    const counter = beside('counter')
    writeFileSync(counter, '0')
    const one = () =>
      new Promise<number | null>((done) =>
        spawn(process.execPath, ['--import', 'tsx', join(root, 'test/fixtures/counts-alone.ts'), database.file as string, counter, '100', pid], {
          cwd: root,
          stdio: 'inherit',
        }).on('close', done),
      )
    expect(await Promise.all([one(), one(), one(), one()])).toEqual([0, 0, 0, 0])
    expect(readFileSync(counter, 'utf8')).toBe('400')
    expect(existsSync(lock)).toBe(false)
  })

  describe.runIf(isRoot)('several users', () => {
    /** As another user, in a process of its own. */
    const as = (uid: number, gid: number, ...argv: string[]) => {
      const result = spawnSync(process.execPath, [join(root, 'bin', 'run.js'), ...argv, '--no-files', '--json', '--url', database.url], {
        uid,
        gid,
        cwd: '/',
        encoding: 'utf8',
        env: { PATH: process.env.PATH, SHELL: '/bin/sh', HOME: '/nonexistent', XDG_CACHE_HOME: '/nonexistent' },
      })
      return JSON.parse(result.stdout) as { ok: boolean; error?: { code: string; message: string } }
    }
    /** A process that may not read the program's own folder cannot show anything here. */
    const reachable =
      spawnSync(process.execPath, ['-e', 'require("fs").readFileSync(process.argv[1])', join(root, 'bin', 'run.js')], { uid: OWNER, gid: GROUP }).status === 0

    beforeEach(() => {
      chownSync(database.file as string, OWNER, GROUP)
      chmodSync(database.file as string, 0o660)
      chownSync(dirname(database.file as string), OWNER, GROUP)
      chmodSync(dirname(database.file as string), 0o770)
    })

    it.runIf(reachable)('a database in a folder that one may not enter is not called missing', () => {
      chmodSync(dirname(database.file as string), 0o700)
      expect(as(STRANGER, STRANGER, 'status')).toMatchObject({
        error: { code: 'missing-rights', message: expect.stringContaining('may not be read (EACCES)') as string },
      })
      chmodSync(dirname(database.file as string), 0o770)
    })

    it.runIf(reachable)('a project in a folder that one may not enter is not called missing', () => {
      chmodSync(dirname(database.file as string), 0o700)
      const there = spawnSync(process.execPath, [join(root, 'bin', 'run.js'), 'status', '--json', '--project', join(dirname(database.file as string), 'p')], {
        uid: STRANGER,
        gid: STRANGER,
        cwd: '/',
        encoding: 'utf8',
      })
      expect(JSON.parse(there.stdout)).toMatchObject({ error: { code: 'no-project', message: expect.stringContaining('is not known (EACCES)') as string } })
    })

    it.runIf(reachable)('where one may not look for manage.py, none further up is taken', () => {
      const folder = dirname(database.file as string)
      mkdirSync(join(folder, 'p'))
      writeFileSync(join(folder, 'manage.py'), '')
      chmodSync(join(folder, 'p'), 0o700)
      chmodSync(folder, 0o777)
      const inside = (...argv: string[]) =>
        JSON.parse(
          spawnSync(
            '/bin/sh',
            [
              '-c',
              `cd p && exec setpriv --reuid ${STRANGER} --regid ${STRANGER} --clear-groups "$@"`,
              'sh',
              process.execPath,
              join(root, 'bin', 'run.js'),
              'status',
              '--json',
              ...argv,
            ],
            { cwd: folder, encoding: 'utf8' },
          ).stdout,
        ) as object
      expect(inside()).toMatchObject({ error: { code: 'no-project', message: expect.stringContaining('is not known (EACCES)') as string } })
      expect(inside('--no-files', '--url', database.url)).not.toMatchObject({ error: { code: 'no-project' } })
    })

    it('root leaves a lock file that the owner and the group can take', () => {
      readyLockFile(lock, database.file as string)
      expect(statSync(lock)).toMatchObject({ uid: OWNER, gid: GROUP })
      expect(statSync(lock).mode & 0o777).toBe(0o660)
    })

    it('one of a user who has nothing to do with the database is refused', async () => {
      writeFileSync(lock, '')
      chownSync(lock, STRANGER, STRANGER)
      expect((await mark()).json.error).toMatchObject({ code: 'not-a-database', message: expect.stringContaining(`user ${STRANGER}`) })
    })

    it.runIf(reachable)('after root and after each other', () => {
      readyLockFile(lock, database.file as string)
      expect(as(OWNER, GROUP, 'mark', 'applied', 'shop', '0003_y', '--yes')).toMatchObject({ ok: true })
      expect(as(MEMBER, GROUP, 'mark', 'applied', 'shop', '0004_z', '--yes')).toMatchObject({ ok: true })
    })

    it.runIf(reachable)('one that is closed to this user is named, with its owner', () => {
      writeFileSync(lock, '', { mode: 0o600 })
      const refused = as(OWNER, GROUP, 'mark', 'applied', 'shop', '0003_y', '--yes')
      expect(refused.error).toMatchObject({ code: 'missing-rights', message: expect.stringContaining('belongs to user 0') })
    })
  })
})
