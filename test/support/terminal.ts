import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { PROGRAM } from './program.js'
import { root } from './root.js'

/** The sizes in which everything has to fit. */
export const SIZES = [
  [24, 80],
  [50, 200],
] as const

export const CTRL_C = '\u0003'
export const CTRL_D = '\u0004'
export const ENTER = '\r'

export interface TerminalOptions {
  cwd?: string
  env?: Record<string, string | undefined>
  rows?: number
  columns?: number
}

export interface Shown {
  exitCode: number | null
  /** Everything that was written, escapes and all. */
  raw: string
  /** The lines as a person sees them in the end: carriage returns and erased lines carried out, no escapes. */
  lines: string[]
  /** The lines in one text. */
  text: string
}

/** A program in a pseudo-terminal. */
export class Terminal {
  readonly #process: ChildProcess
  readonly #columns: number
  #raw = ''
  #ended = false
  readonly done: Promise<Shown>

  constructor(words: readonly string[], { cwd = root, env = {}, rows = 24, columns = 80 }: TerminalOptions = {}) {
    this.#columns = columns
    const python = process.env.MIGSTATE_TEST_PYTHON ?? 'python3'
    this.#process = spawn(python, [join(root, 'test', 'support', 'terminal.py'), String(rows), String(columns), ...words], {
      cwd,
      env: { ...process.env, TERM: 'xterm-256color', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#process.stdin?.on('error', () => {})
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (this.#raw += chunk))
    this.done = new Promise((resolve) =>
      this.#process.on('close', (code) => {
        this.#ended = true
        resolve(this.#shown(code))
      }),
    )
    onTestFinished(() => void this.#process.kill('SIGKILL'))
  }

  /** As keys: Enter is `\r`. */
  type(keys: string): void {
    this.#process.stdin?.write(keys)
  }

  /** What is there now. */
  get now(): Shown {
    return this.#shown(null)
  }

  /** @returns when the pattern is seen @throws when the program ends or ten seconds pass before */
  async sees(pattern: RegExp): Promise<Shown> {
    for (let turn = 0; turn < 400; turn++) {
      if (pattern.test(this.now.text)) return this.now
      if (this.#ended) break
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`${pattern} was never shown; what was: ${this.now.text}`)
  }

  #shown(exitCode: number | null): Shown {
    const lines = screenLines(this.#raw)
    return { exitCode, raw: this.#raw, lines, text: lines.join('\n') }
  }

  get columns(): number {
    return this.#columns
  }
}

/** The built program, as people run it. */
export function terminal(argv: readonly string[], options: TerminalOptions = {}): Terminal {
  return new Terminal([...PROGRAM, ...argv], options)
}

/** Lines after carriage returns, erase-in-line and colours (ECMA-48); anything else that begins with an escape stays to be seen. */
export function screenLines(raw: string): string[] {
  const lines: string[] = []
  let line: string[] = []
  let column = 0
  for (const [token] of raw.matchAll(/\u001b\[[0-9;?]*[A-Za-z]|\r|\n|[^\r\n\u001b]|\u001b/gu)) {
    if (token === '\n') {
      lines.push(line.join('').trimEnd())
      line = []
      column = 0
    } else if (token === '\r') column = 0
    else if (/^\u001b\[[0-9]*K$/.test(token)) line.length = column
    else if (/^\u001b\[[0-9;]*m$/.test(token)) continue
    else if (/^\u001b\[(\d*)G$/.test(token)) column = Number(/\d+/.exec(token)?.[0] ?? 1) - 1
    else if (/^\u001b\[\d*J$/.test(token)) line.length = column
    else if (/^\u001b\[\?\d+[hl]$/.test(token)) continue
    else {
      while (line.length < column) line.push(' ')
      line[column++] = token
    }
  }
  lines.push(line.join('').trimEnd())
  while (lines.at(-1) === '') lines.pop()
  return lines
}
