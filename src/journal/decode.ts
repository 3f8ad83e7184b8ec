import { shapeOf } from './details.js'
import { Misfit } from './shapes.js'

/** Characters of one detail; that of a change of a hundred thousand rows has half of it. */
export const MOST_CHARACTERS = 32_000_000
/** Of what cannot be read so much is shown. */
const SHOWN = 1_000
/** The details that are written go six levels down; text that is nested without end would overflow whoever walks through it. */
const DEEPEST = 32

export interface Decoded {
  /** The value, or the beginning of the text where it is none. */
  detail: unknown
  /** What is wrong with it, as the end of a sentence; null for a sound one. */
  problem: string | null
}

/** The journal's rows are what somebody has written: each is looked at before anything follows from it. Never throws. */
export function decode(event: string, at: string, raw: string): Decoded {
  const broken = (problem: string): Decoded => ({ detail: raw.slice(0, SHOWN), problem })
  if (raw.length > MOST_CHARACTERS) return broken('has a detail that is too long')
  let detail: unknown
  try {
    detail = JSON.parse(raw)
  } catch {
    return broken('has a detail that is not JSON')
  }
  if (isDeep(detail)) return broken('has a detail that is nested too deeply')
  if (!isTime(at)) return { detail, problem: 'has a time that is none' }
  try {
    shapeOf(event)?.(detail, '')
    return { detail, problem: null }
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    return { detail, problem: `has a detail that does not fit: ${error.message.trim()}` }
  }
}

/** ISO 8601 in UTC, as the tool and its shim write it. */
export function isTime(at: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(at) && !Number.isNaN(Date.parse(`${at.slice(0, 19)}Z`))
}

function isDeep(value: unknown): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return false
}
