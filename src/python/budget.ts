/**
 * What the reading of one file may cost, and of one project. Everything in the evaluator that takes time or room by the size of what it
 * is given pays here before it begins, so that a hostile file ends with a reason and not with the process.
 */

/** A file that is read costs what it costs: work and bytes that each of its characters brings along. */
const WORK_PER_CHARACTER = 200
const BYTES_PER_CHARACTER = 24
/** … and what any file costs. */
const WORK_PER_FILE = 50_000
const BYTES_PER_FILE = 20_000

/** A unit of work is about ten nanoseconds. */
const MOST_WORK = 100_000_000
const MOST_BYTES = 100_000_000

/** … beyond what its own size allows, for all files of a project together. */
const POOL_WORK = 3 * MOST_WORK
const POOL_BYTES = 1.5 * MOST_BYTES

/** What an expression costs, and what its value takes. */
const STEP_WORK = 150
const STEP_BYTES = 64
const BYTES_PER_VALUE = 64
const BYTES_PER_SLOT = 8

/** The parser writes down a few numbers for each of its steps. */
const BYTES_PER_STEP = 32

const CHUNK = 100_000

export const TOO_LONG = 'it takes too long to evaluate'
export const TOO_LARGE = 'what it makes is too large'
export const TOO_DEEP = 'it is nested too deeply or too large'

/** A budget is spent: what was being read is unknown as a whole. */
export class Exhausted extends RangeError {}

/** Why reading ended here; null for an error of another kind. A RangeError of the engine itself is about its stack or its longest text. */
export function exhaustion(error: unknown): string | null {
  if (error instanceof Exhausted) return error.message
  return error instanceof RangeError ? TOO_DEEP : null
}

/** The others of a project have taken what this one would have needed: another time it may be read. */
export function isCutShort(message: string): boolean {
  return message === TOO_LONG || message === TOO_LARGE
}

/** Somewhere in this text. */
export function tellsOfCut(text: string): boolean {
  return text.includes(TOO_LONG) || text.includes(TOO_LARGE)
}

/** What the files of one project may cost beyond their own size. */
export class Pool {
  work = POOL_WORK
  bytes = POOL_BYTES
}

class Meter {
  readonly #pool: Pool
  work: number
  bytes: number
  #workTaken: number
  #bytesTaken: number

  constructor(pool: Pool, size: number) {
    this.#pool = pool
    this.#workTaken = this.work = Math.min(MOST_WORK, WORK_PER_FILE + size * WORK_PER_CHARACTER)
    this.#bytesTaken = this.bytes = Math.min(MOST_BYTES, BYTES_PER_FILE + size * BYTES_PER_CHARACTER)
  }

  /** Takes from the pool what its own size does not cover. */
  refill(): void {
    if (this.work < 0) {
      const wanted = CHUNK - this.work
      if ((this.#workTaken += wanted) > MOST_WORK || (this.#pool.work -= wanted) < 0) throw new Exhausted(TOO_LONG)
      this.work += wanted
    }
    if (this.bytes < 0) {
      const wanted = CHUNK - this.bytes
      if ((this.#bytesTaken += wanted) > MOST_BYTES || (this.#pool.bytes -= wanted) < 0) throw new Exhausted(TOO_LARGE)
      this.bytes += wanted
    }
  }
}

let meter: Meter | null = null

/**
 * Reads something of a size, on its own account.
 * @throws Exhausted
 */
export function spending<T>(pool: Pool, size: number, read: () => T): T {
  const before = meter
  meter = new Meter(pool, size)
  try {
    return read()
  } finally {
    meter = before
  }
}

function charge(work: number, bytes: number): void {
  if (meter === null) return
  meter.work -= work
  meter.bytes -= bytes
  if (meter.work < 0 || meter.bytes < 0) meter.refill()
}

/**
 * One step of the parser, which follows several readings at once behind an error and copies their stacks.
 * @param depth of its stack; 0 where it meets no error
 */
export function payParse(readings: number, depth: number): void {
  charge(depth === 0 ? 125 * readings : 2000 + readings * (600 + 3 * depth), BYTES_PER_STEP)
}

/** One expression or statement. */
export function payStep(): void {
  charge(STEP_WORK, STEP_BYTES)
}

/** Values that are looked at, compared or passed over. */
export function payLook(count: number): void {
  charge(count, 0)
}

/** Values that are copied from one collection to another. */
export function payCopy(count: number): void {
  charge(count, count * BYTES_PER_SLOT)
}

/** Values that are made. */
export function payValues(count: number): void {
  charge(4 * count, count * BYTES_PER_VALUE)
}

/** Text that is looked through. */
export function payScan(length: number): void {
  charge(length / 8, 0)
}

/** Text in which another one is looked for: the engine's search may begin anew at each place. */
export function paySearch(length: number, wanted: number): void {
  charge(length / 8 + (length * wanted) / 32, 0)
}

/** Text that is made. */
export function payText(length: number): void {
  charge(length / 8, length)
}
