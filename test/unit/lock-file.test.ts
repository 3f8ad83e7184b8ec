import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { lockFileHolder, tryLockFile } from '../../src/database/sqlite/lock-file.js'
import { isLockFile, lockPath, marked } from '../../src/database/sqlite/lock-path.js'

let folder: string
let database: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-lock-'))
  database = join(folder, 'db.sqlite3')
  writeFileSync(database, '')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

it('no lock file, and a link in its place, name no holder', () => {
  const link = join(folder, 'link')
  symlinkSync(database, link)
  expect([marked(join(folder, 'nothing')), marked(link), isLockFile(link, database)]).toEqual([null, null, false])
})

it('what the system does not let be looked at is not taken for no lock', () => {
  const below = join(database, 'lock')
  expect(() => isLockFile(below, database)).toThrow('ENOTDIR')
  expect(() => marked(below)).toThrow('ENOTDIR')
})

it('a lock file that SQLite does not read is no free lock, and stays as it is', async () => {
  const { default: Sqlite } = await import('better-sqlite3')
  const path = lockPath(database)
  const made = new Sqlite(path)
  made.pragma('user_version = 7')
  made.close()
  // The version that readers have to know, of which 2 is the highest (sqlite.org/fileformat2.html, 1.3.3).
  const bytes = readFileSync(path)
  bytes[19] = 3
  writeFileSync(path, bytes)
  await expect(tryLockFile(database)).rejects.toThrow(/not a SQLite database/)
  await expect(lockFileHolder(database)).rejects.toThrow(/not a SQLite database/)
  expect(readFileSync(path).equals(bytes)).toBe(true)
})
