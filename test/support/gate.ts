import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from './until.js'

/** A place where a program of the test waits until it is let go on. */
export interface Gate {
  /** For `MIGSTATE_FAILPOINT`: the program waits there. */
  at(failpoint: string): string
  /** The file that is waited for; `.reached` beside it says that somebody waits. */
  file: string
  /** @throws when nobody ever comes there */
  reached(): Promise<void>
  open(): void
}

/** Open when the test ends, in whatever way. */
export function gate(): Gate {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-gate-'))
  const file = join(folder, 'gate')
  onTestFinished(() => {
    writeFileSync(file, '')
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    at: (failpoint) => `${failpoint}@${file}`,
    file,
    reached: async () => void (await until('the gate was reached', () => existsSync(`${file}.reached`), 30_000)),
    open: () => writeFileSync(file, ''),
  }
}
