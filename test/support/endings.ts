import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { onTestFinished } from 'vitest'

/** Whatever a test starts or makes ends with it, also when it fails. What `beforeAll` makes is for `afterAll`. */
export function whenTestEnds(clean: () => void | Promise<void>): void {
  try {
    onTestFinished(clean)
  } catch {
    // There is no test: a hook of a whole file, or a program that is no test at all.
  }
}

/** Ends every process that works in a folder of the test: what a killed tool has left behind too. Where the system shows them (Linux: proc(5)). */
export function endProcessesIn(folder: string): void {
  for (const pid of processesIn(folder)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

export function processesIn(folder: string): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(Number)
      .filter((pid) => worksIn(pid, folder))
  } catch {
    return []
  }
}

function worksIn(pid: number, folder: string): boolean {
  try {
    const place = readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '')
    return place === folder || place.startsWith(`${folder}/`)
  } catch {
    return false
  }
}

/** The words that started it, each ended by NUL; empty for a process that has ended meanwhile. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
