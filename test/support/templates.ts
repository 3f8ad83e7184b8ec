// Before the first test: temporary folders are in memory from here on, and one says which databases are kept for others to be made like them.
// After the last: they go.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropKept, type Engine } from './databases.js'
import { writeToMemory } from './memory.js'

export default function setup(): (() => Promise<void>) | undefined {
  // Each project asks for it; the first one makes it.
  if (process.env.MIGSTATE_TEST_TEMPLATES) return undefined
  const end = writeToMemory()
  const folder = mkdtempSync(join(tmpdir(), 'migstate-templates-'))
  process.env.MIGSTATE_TEST_TEMPLATES = folder
  return async () => {
    for (const name of readdirSync(folder)) {
      const ready = join(folder, name, 'ready')
      if (!existsSync(ready)) continue
      const kept = JSON.parse(readFileSync(ready, 'utf8')) as { engine: Engine; name: string }
      await dropKept(kept.engine, kept.name)
    }
    rmSync(folder, { recursive: true, force: true })
    end()
  }
}
