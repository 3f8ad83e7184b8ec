/** A line that the shim says about itself, among what manage.py prints. */
export type ShimLine =
  | { event: 'started'; python: string }
  | { event: 'refused'; reason: string; text: string; plan?: [app: string, name: string, backwards: boolean][]; role?: string }

/** Takes the shim's own lines out of a child's output; each stream has its own unfinished line. */
export class ShimTalk {
  readonly lines: ShimLine[] = []
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
    const keep = chunk !== '' && last !== '' && (this.#mark.startsWith(last) || last.startsWith(this.#mark))
    if (keep) this.#rest[stream] = last
    const shown = pieces.filter((line) => !this.#take(line)).map((line) => `${line}\n`)
    if (!keep && last !== '' && !this.#take(last)) shown.push(last)
    return shown.join('')
  }

  #take(line: string): boolean {
    if (!line.startsWith(`${this.#mark} `)) return false
    try {
      this.lines.push(JSON.parse(line.slice(this.#mark.length + 1)) as ShimLine)
    } catch {
      // Cut off on its way: the markers in the journal tell what happened.
    }
    return true
  }
}
