import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PLACE = '/dev/shm'
/** statfs(2), TMPFS_MAGIC. */
const TMPFS = 0x01021994
/** Bytes: what servers and tests write in a run is less than a third of it. */
const ROOM = 3e9

/**
 * A folder in memory for what a run writes. Databases write each commit through to the disk, and a test that makes and drops tables waits for the disk
 * most of its time; what the tests prove is the same, for no test pulls the plug.
 * @returns null where the system has none, too little room in it, or runs no program there (noexec)
 */
export function memoryFolder(place = PLACE): { folder: string; remove(): void } | null {
  try {
    const { type, bavail, bsize } = statfsSync(place)
    if (type !== TMPFS || bavail * bsize < ROOM || process.availableMemory() < ROOM) return null
    removeLeftovers(place)
    const folder = mkdtempSync(join(place, `${owner()}${process.pid}-`))
    const remove = () => rmSync(folder, { recursive: true, force: true })
    if (!runsPrograms(folder)) {
      remove()
      return null
    }
    // As the system's own: servers run as other users.
    chmodSync(folder, 0o1777)
    return { folder, remove }
  } catch {
    return null
  }
}

/** Process ids count within a namespace, and containers may share the folder (pid_namespaces(7)). Short, for sockets are below it (unix(7): 108 bytes). */
function owner(): string {
  return `migstate-${Number(readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')).toString(36)}-`
}

function runsPrograms(folder: string): boolean {
  const script = join(folder, 'script')
  writeFileSync(script, '#!/bin/sh\n', { mode: 0o700 })
  const { status } = spawnSync(script)
  rmSync(script)
  return status === 0
}

/** Memory is scarcer than disk: what a killed run has left goes with the next one. */
function removeLeftovers(place: string): void {
  for (const name of readdirSync(place)) {
    const pid = name.startsWith(owner()) ? Number(name.slice(owner().length).split('-')[0]) : 0
    if (pid > 0 && !lives(pid)) rmSync(join(place, name), { recursive: true, force: true })
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * What is made in the system's temporary folder from here on, by this process and those it starts, is made in memory; unless TMPDIR says where.
 * @returns what ends it
 */
export function writeToMemory(): () => void {
  const memory = process.env.TMPDIR ? null : memoryFolder()
  if (memory === null) return () => {}
  process.env.TMPDIR = memory.folder
  const end = () => {
    delete process.env.TMPDIR
    memory.remove()
  }
  process.once('exit', end)
  return () => {
    process.removeListener('exit', end)
    end()
  }
}
