import type { TestDatabase } from './databases.js'
import { whenTestEnds } from './endings.js'

export const EVERYTHING = 'GRANT USAGE ON SCHEMA public TO @; GRANT ALL ON ALL TABLES IN SCHEMA public TO @; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO @'

/** PostgreSQL: the URL of a new role with these rights (`@` is its name), by default all but that of an owner. It goes with the test. */
export async function roleUrl(database: TestDatabase, grants = EVERYTHING): Promise<string> {
  const name = `r${Math.random().toString(36).slice(2, 10)}`
  await database.query(`CREATE ROLE ${name} LOGIN; ${grants.replaceAll('@', name)}`)
  // The database itself is dropped later: these run in reverse order.
  whenTestEnds(async () => void (await database.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)))
  const url = new URL(database.url)
  url.username = name
  return url.href
}
