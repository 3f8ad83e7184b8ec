import type { Session } from './session.js'

/** A foreign key to the history by which rows of another table go, or change, when a row of the history is deleted. */
export interface Follower {
  /** For people. */
  label: string
  /** Quoted for SQL. */
  sql: string
  /** The column that holds the id, quoted for SQL; null where the key is another one, or of several columns. */
  column: string | null
}

const TOGETHER = 500

/** Which of these tables have rows that would follow one of these ids; where that cannot be told, it counts as so. @param unseen whether a failure means that it was looked at before */
export async function followersOf(
  session: Session,
  followers: readonly Follower[],
  ids: readonly string[],
  unseen: (error: unknown) => boolean,
): Promise<string[]> {
  const found: string[] = []
  for (const { label, sql, column } of followers) {
    const told = column !== null && ids.every((id) => /^-?\d+$/.test(id))
    if (!told || (await refersTo(session, `${sql} WHERE ${column}`, ids, unseen))) found.push(label)
  }
  return [...new Set(found)]
}

async function refersTo(session: Session, where: string, ids: readonly string[], unseen: (error: unknown) => boolean): Promise<boolean> {
  for (let first = 0; first < ids.length; first += TOGETHER) {
    try {
      const some = ids.slice(first, first + TOGETHER).join(', ')
      if ((await session.rows(`SELECT 1 AS there FROM ${where} IN (${some}) LIMIT 1`)).length > 0) return true
    } catch (error) {
      if (unseen(error)) continue
      throw error
    }
  }
  return false
}
