import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { memoryFolder } from '../support/memory.js'
import { root } from '../support/root.js'

/** Not everywhere: memory is a folder on Linux only. */
const made = memoryFolder()
made?.remove()

it.runIf(made)('what a killed run has left goes with the next one, what a living run uses stays', () => {
  const { folder, remove } = memoryFolder() as { folder: string; remove(): void }
  onTestFinished(remove)
  const { pid } = spawnSync('true')
  const left = join(dirname(folder), basename(folder).replace(`-${process.pid}-`, `-${pid}-`))
  mkdirSync(left)
  onTestFinished(() => rmSync(left, { recursive: true, force: true }))
  memoryFolder()?.remove()
  expect(existsSync(left)).toBe(false)
  expect(statSync(folder).mode & 0o7777).toBe(0o1777)
})

it('a folder that is not in memory is none', () => {
  expect(memoryFolder(root)).toBeNull()
  expect(memoryFolder(join(root, 'not-there'))).toBeNull()
})
