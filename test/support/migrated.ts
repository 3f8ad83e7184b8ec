import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Engine, freshDatabase, serverOf, type TestDatabase } from './databases.js'
import { until } from './until.js'

/**
 * A database that Django has migrated, as a copy of one that it migrates once in a run: a second for each test that needs one.
 * @param key what makes such databases equal, beside the engine
 * @param migrate makes the first one
 */
export async function migratedDatabase(engine: Engine, key: string, migrate: (database: TestDatabase) => Promise<void>): Promise<TestDatabase> {
  // A file of test/engines has one server after another.
  const folder = join(process.env.MIGSTATE_TEST_TEMPLATES as string, [engine, key, encodeURIComponent(serverOf(engine))].join('-'))
  const ready = join(folder, 'ready')
  if (isFirst(folder)) {
    const made = await freshDatabase(engine, { keep: true })
    try {
      await migrate(made)
      writeFileSync(join(folder, 'part'), JSON.stringify({ engine, name: made.env.SHOP_DB_NAME }))
      renameSync(join(folder, 'part'), ready)
    } catch (error) {
      rmSync(folder, { recursive: true })
      throw error
    }
  }
  await until('the first one is migrated', () => existsSync(ready), 120_000)
  const { name } = JSON.parse(readFileSync(ready, 'utf8')) as { name: string }
  return freshDatabase(engine, { like: name })
}

/** One of the test files that run at the same time makes it: a folder is made once. */
function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}
