/** A line that the shim says about itself, among what manage.py prints. */
export type ShimLine =
  | { event: 'started'; pid: number; host: string }
  | { event: 'operation'; index: number; of: number; what: string }
  /** Operations that the routers of the project keep from this database. */
  | { event: 'skipped'; what: string[] }
  /** manage.py has come to its end in an orderly way. `lost`: without its database session, so that what it had sent may be committed all the same. */
  | { event: 'ended'; lost?: boolean }
  | { event: 'refused'; reason: string; text: string; plan?: [app: string, name: string, backwards: boolean][]; role?: string; lacks?: string[] }

/** Takes a shim's own lines out of a child's output; each stream has its own unfinished line. */
export class LineTalk<Line> {
  readonly lines: Line[] = []
  readonly #mark: string
  readonly #rest = { stdout: '', stderr: '' }

  /** @param mark the word that each of its lines begins with; no other program can know it */
  constructor(mark: string) {
    this.#mark = mark
  }

  /** @returns what is left to show; an empty chunk is the end of the stream */
  filter(chunk: string, stream: 'stdout' | 'stderr'): string {
    const text = this.#rest[stream] + chunk
    this.#rest[stream] = ''
    const pieces = text.split('\n')
    const last = pieces.pop() as string
    const shown = pieces.map((line) => {
      const rest = this.#take(line)
      return rest === null ? `${line}\n` : rest
    })
    if (chunk !== '' && this.#mayBegin(last)) this.#rest[stream] = last
    else shown.push(this.#take(last) ?? last)
    return shown.join('')
  }

  /** The mark, or the beginning of one at the end of an unfinished line. */
  #mayBegin(text: string): boolean {
    if (text.includes(this.#mark)) return true
    for (let length = Math.min(this.#mark.length, text.length); length > 0; length--) if (this.#mark.startsWith(text.slice(-length))) return true
    return false
  }

  /** @returns what stands before the mark, or null where there is none */
  #take(line: string): string | null {
    const at = line.indexOf(`${this.#mark} `)
    if (at < 0) return null
    try {
      this.lines.push(JSON.parse(line.slice(at + this.#mark.length + 1)) as Line)
    } catch {
      // Cut off on its way: the markers in the journal tell what happened.
    }
    return line.slice(0, at)
  }
}

export class ShimTalk extends LineTalk<ShimLine> {}
