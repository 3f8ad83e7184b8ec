import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { open } from '../../src/index.js'
import { migstate, root, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { gate } from '../support/gate.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'

/** In a script of another process: the driver that this Node has. */
const OPEN =
  Number.parseInt(process.versions.node, 10) >= 24
    ? "const d = new (require('node:sqlite').DatabaseSync)(process.argv[1])"
    : "const d = require('better-sqlite3')(process.argv[1])"

/** What only SQLite has: values of any type in any column, journal modes. */
describe.runIf(engines.includes('sqlite'))('sqlite', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase('sqlite')
    await createHistoryTable(database)
    await record(database, [['shop', '0001_initial']])
  })
  afterEach(() => database.drop())

  const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json', '--url', database.url])

  it.each([
    ['an integer', '1710037800123456', 'integer'],
    ['a real number', '2460379.604166667', 'real'],
    ['a blob', "X'00FF10'", 'blob'],
    ['null', 'NULL', 'null'],
    ['odd text', "'it''s not a date'", undefined],
  ])('%s in applied survives mark, rollback and restore with its type', async (_name, literal, type) => {
    await database.query(`INSERT INTO django_migrations (app, name, applied) VALUES ('odd', '0001_x', ${literal})`)
    const before = await fingerprint(database)
    const { snapshot } = (await run('snapshot', 'create')).json.result
    const unmarked = await run('mark', 'unapplied', 'odd', '0001_x', '--yes')
    expect(unmarked.json.result.changes.removed[0].appliedType).toBe(type)
    await run('rollback', '--yes')
    expect(await fingerprint(database)).toEqual(before)
    await run('mark', 'unapplied', 'odd', '0001_x', '--yes')
    expect((await run('snapshot', 'restore', snapshot.id, '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it('works in WAL mode', async () => {
    await database.query('PRAGMA journal_mode = WAL')
    const before = await fingerprint(database)
    expect((await run('mark', 'applied', 'shop', '0002_x', '--yes')).exitCode).toBe(0)
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it('in WAL mode another process that comes and goes takes nothing away while an edit is under way', async () => {
    await database.query('PRAGMA journal_mode = WAL')
    const hold = gate()
    const marking = start(['mark', 'applied', 'shop', '0002_x', '--no-files', '--yes', '--json'], {
      env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: hold.at('lock-taken') },
    })
    await hold.reached()
    // The last connection to close removes the WAL; ours is open, so these must not be the last.
    const elsewhere = (sql: string) =>
      execFileSync(process.execPath, ['-e', `${OPEN}; d.exec(process.argv[2]); d.close()`, database.file as string, sql], { cwd: root })
    elsewhere('SELECT count(*) FROM sqlite_master')
    expect(existsSync(`${database.file}-wal`)).toBe(true)
    elsewhere('CREATE TABLE other (n); WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3000) INSERT INTO other SELECT n FROM r')
    hold.open()
    const marked = await marking.done
    expect(marked.exitCode, marked.stderr).toBe(0)
    expect(await database.query('SELECT count(*) AS n FROM other')).toEqual([{ n: '3000' }])
    expect(await database.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect((await fingerprint(database)).rows).toHaveLength(2)
  })

  it('side tables of which one cannot be made: none is left', async () => {
    const tables = () => database.query("SELECT type, name FROM sqlite_master WHERE name LIKE '%migstate%' ORDER BY name")
    await database.query('CREATE INDEX migstate_snapshot_row ON django_migrations (app)')
    const before = [await fingerprint(database), await tables()]
    const refused = await run('mark', 'applied', 'shop', '0002_x', '--yes')
    expect([refused.exitCode, refused.json.error?.code, refused.json.error?.consequence], refused.stdout).toEqual([1, 'database-error', 'nothing'])
    expect([await fingerprint(database), await tables()]).toEqual(before)
  })

  it('side tables of which one cannot be dropped: all stay, and are read as before', async () => {
    expect((await run('mark', 'applied', 'shop', '0002_x', '--yes')).exitCode).toBe(0)
    const before = (await run('history')).json.result
    await database.query('CREATE TABLE notes (event INTEGER REFERENCES migstate_event (seq))')
    await database.query('INSERT INTO notes SELECT max(seq) FROM migstate_event')
    const refused = await run('uninstall', '--no-export', '--yes')
    expect([refused.exitCode, refused.json.error?.code], refused.stdout).toEqual([1, 'database-error'])
    expect((await run('history')).json.result).toEqual(before)
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
  })

  it('the library leaves the locks of its host alone', async () => {
    const { default: Sqlite } = await import('better-sqlite3')
    const host = new Sqlite(database.file as string)
    host.exec('BEGIN IMMEDIATE')
    const m = await open({ url: database.url, noFiles: true })
    await m.status()
    // Another process must still find the host's lock.
    const other = spawnSync(process.execPath, ['-e', `${OPEN}; d.exec('PRAGMA busy_timeout = 100'); d.exec('BEGIN IMMEDIATE')`, database.file as string], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(other.stderr).toContain('database is locked')
    await m.close()
    host.exec('ROLLBACK')
    host.close()
  })

  it('a hot journal is said by reading commands, and rolled back by a writing one', async () => {
    const before = await fingerprint(database)
    const crash = `
      ${OPEN}
      d.exec('PRAGMA cache_size = 2')
      d.exec("CREATE TABLE filler (x); BEGIN; WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 20000) INSERT INTO filler SELECT hex(randomblob(50)) FROM r; DELETE FROM django_migrations")
      process.kill(process.pid, 'SIGKILL')`
    spawnSync(process.execPath, ['-e', crash, database.file as string], { cwd: root })
    expect(existsSync(`${database.file}-journal`)).toBe(true)
    const bytes = readFileSync(database.file as string)
    expect((await run('status')).json.error).toMatchObject({ code: 'hot-journal', exitCode: 1 })
    expect((await run('mark', 'applied', 'shop', '0002_x', '--dry-run')).json.error).toMatchObject({ code: 'hot-journal' })
    await expect(open({ url: database.url, noFiles: true, cwd: '/', env: {} })).rejects.toMatchObject({ code: 'hot-journal' })
    expect(readFileSync(database.file as string).equals(bytes)).toBe(true)
    expect((await run('mark', 'applied', 'shop', '0002_x', '--yes')).exitCode).toBe(0)
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  // A small file system of its own needs a namespace, which not every machine gives (Linux: mount_namespaces(7)).
  const mounts = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0
  it.runIf(mounts)('a disk that fills up, sooner or later: nothing is changed, and what to free is said', async () => {
    const before = await fingerprint(database)
    const script = `
      mount -t tmpfs -o size=400k none /mnt && cp "$0" /mnt/db.sqlite3 || exit 99
      dd if=/dev/zero of=/mnt/fill bs=1k count=$(($(df -k --output=avail /mnt | tail -1) - $1)) 2>/dev/null
      shift
      "$@" --url sqlite:////mnt/db.sqlite3; code=$?
      [ $code = 0 ] || cp /mnt/db.sqlite3* "$(dirname "$0")" || exit 99
      exit $code`
    const full = (left: number, ...argv: string[]) =>
      spawnSync(
        'unshare',
        ['-rm', 'sh', '-c', script, database.file as string, String(left), process.execPath, 'bin/run.js', ...argv, '--no-files', '--json'],
        {
          cwd: root,
          encoding: 'utf8',
        },
      )
    for (const argv of [
      ['mark', 'unapplied', 'shop', '0001_initial', '--yes'],
      ['snapshot', 'create'],
    ]) {
      let failures = 0
      for (const left of [0, 4, 8, 16, 24, 32, 40, 48, 56, 64]) {
        const done = full(left, ...argv)
        if (done.status === 0) continue
        failures++
        const { error } = JSON.parse(done.stdout)
        expect(error, done.stdout + done.stderr).toMatchObject({ code: 'database-error', exitCode: 1, hint: expect.stringContaining('Free space') })
        expect(error.message).toMatch(/nothing was changed/i)
        expect(await fingerprint(database)).toEqual(before)
      }
      expect(failures, argv.join(' ')).toBeGreaterThan(2)
    }
  })

  it('a relative URL and a symbolic link mean the same file and the same lock', async () => {
    const { symlinkSync } = await import('node:fs')
    const { dirname, join } = await import('node:path')
    const folder = dirname(database.file as string)
    symlinkSync(database.file as string, join(folder, 'link.sqlite3'))
    const marked = await migstate(['mark', 'applied', 'shop', '0002_x', '--no-files', '--yes', '--json', '--url', 'sqlite:///link.sqlite3'], { cwd: folder })
    expect(marked.exitCode, marked.stdout).toBe(0)
    expect((await fingerprint(database)).rows).toHaveLength(2)
  })
})
