import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What goes into a path and to kill(2) is the number of one process, wherever it was read: 0 and negative ones mean groups there. */
function isPid(pid: unknown): boolean {
  return Number.isSafeInteger(pid) && (pid as number) > 0
}

/** When a process began, in the system's own words; null when it is not there (any more). */
export function startTimeOf(pid: number): string | null {
  if (!isPid(pid)) return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name may hold blanks and parentheses; field 22 is counted from its end (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch (error) {
    if (process.platform === 'linux' && (error as NodeJS.ErrnoException).code === 'ENOENT') return null
  }
  const shown = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
  return shown.stdout?.trim() || null
}

/** Whether the child, or anything left of its process group, lives on this machine. */
export function isAlive(pid: number, startTime: string | null): boolean {
  if (!isPid(pid)) return false
  const now = startTimeOf(pid)
  if (now !== null) return startTime === null || now === startTime
  try {
    // The leader is gone; a group id is not given away while a member lives.
    process.kill(-pid, 0)
    return groupLives(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** kill(2) also finds zombies, which do nothing any more. */
function groupLives(pid: number): boolean {
  const shown = spawnSync('ps', ['-o', 'stat=', '-g', String(pid)], { encoding: 'utf8' })
  if (shown.error) return true
  const states = (shown.stdout ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return states.length === 0 || states.some((state) => !state.startsWith('Z'))
}

/** A pid that was given away again is hardly another Python; where the system cannot tell, it may be the one. */
export function isPython(pid: number): boolean {
  if (!isPid(pid)) return false
  try {
    return /python|pypy/i.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    const shown = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return shown.error !== undefined || /python|pypy/i.test(shown.stdout ?? '')
  }
}
