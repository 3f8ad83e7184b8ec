import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll } from 'vitest'
import { root } from '../support/root.js'

export interface Answer {
  /** `code: message` of what was thrown. */
  error: string | null
  complete: boolean | null
  problems: string[]
  apps: { label: string; migrations: { name: string; problems: string[]; broken: string | null }[] }[]
  database: string | null
  seconds: number
  /** What a loop of a hundred million steps takes. */
  machine: number
  megabytes: number
}

/** The reader as it is delivered, in one file, for processes that do nothing else. */
export function freshProcesses(): (folder: string) => Answer {
  const place = mkdtempSync(join(tmpdir(), 'migstate-bundle-'))
  const bundle = join(place, 'reader.mjs')
  beforeAll(async () => {
    await build({ entryPoints: [join(root, 'src/project/index.ts')], bundle: true, platform: 'node', format: 'esm', outfile: bundle, logLevel: 'error' })
  })
  afterAll(() => rmSync(place, { recursive: true, force: true }))
  return (folder) => {
    const ran = spawnSync(process.execPath, [join(root, 'test/fixtures/read-project.mjs'), bundle, folder], {
      encoding: 'utf8',
      // Only for a hang: the processor may be busy with other tests.
      timeout: 200_000,
      killSignal: 'SIGKILL',
      maxBuffer: 100_000_000,
    })
    if (ran.status !== 0) throw new Error(`the reader ended by ${ran.signal ?? ran.status}: ${ran.stderr.slice(-500)}`)
    return JSON.parse(ran.stdout) as Answer
  }
}
