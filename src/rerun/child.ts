import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import type { Redactor } from '../config/index.js'

export interface ChildOptions {
  folder: string
  env: Record<string, string | undefined>
  /** Given to it on standard input, once it is released; without, it has none. */
  input?: string | undefined
  /** What is shown and kept of a chunk: whoever talks to the child takes its own lines out. */
  filter?(chunk: string, stream: 'stdout' | 'stderr'): string
  onOutput(chunk: string): void
  /** Nothing of what it prints is shown or kept before its secrets are out of it. */
  redactor: Redactor
}

export interface ChildResult {
  /** null when a signal ended it, or it could not be started. */
  exitCode: number | null
  signal: string | null
  /** Why it could not be started, or null. */
  startError: string | null
  output: string
}

/** Lines kept of a child's output. */
export const TAIL_LINES = 20
const MAX_OUTPUT = 200_000

/** How long a child that is left alone may put itself in order before it is killed. */
const GRACE = 10_000

/**
 * The scope of a child: on every way out of `work` it has ended. One that was never released has done nothing; one that is still at work when
 * `work` throws is interrupted, and killed ten seconds later.
 */
export async function withChild<T>(words: readonly string[], options: ChildOptions, work: (child: HeldChild) => Promise<T>): Promise<T> {
  const child = new HeldChild(words, options)
  try {
    return await work(child)
  } finally {
    await child.end()
  }
}

/**
 * A child in a process group of its own, so that Ctrl-C reaches it once, through us. It is held at its first instruction until
 * `release`: its pid is in the journal before it does anything, and if we die first it never does.
 */
export class HeldChild {
  readonly #process: ChildProcess
  readonly #input: string | undefined
  readonly result: Promise<ChildResult>

  constructor(words: readonly string[], options: ChildOptions) {
    const hold = 'read -r go <&3 || exit 125; exec 3<&- "$@"'
    this.#process = spawn('/bin/sh', ['-c', hold, 'sh', ...words], {
      cwd: options.folder,
      env: options.env,
      detached: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe'],
    })
    this.#input = options.input
    this.#gate?.on('error', () => {})
    this.result = this.#watch(options).finally(() => (this.#ended = true))
  }

  /** undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  release(): void {
    this.#released = true
    this.#gate.end('go\n')
    // A child that is gone, or that reads nothing, closes the pipe.
    this.#process.stdin?.on('error', () => {})
    this.#process.stdin?.end(this.#input)
  }

  /** Ends it if it has not ended; whoever waits for `result` gets it. */
  async end(): Promise<void> {
    if (this.#ended) return
    let timer: NodeJS.Timeout | undefined
    if (this.#released) {
      this.interrupt()
      timer = setTimeout(() => this.kill(), GRACE)
    }
    // At its gate it reads the end of the file, and goes.
    else this.#gate.end()
    this.#process.stdin?.destroy()
    await this.result
    clearTimeout(timer)
  }

  interrupt(): void {
    this.#signal('SIGINT')
  }

  kill(): void {
    this.#killed = true
    this.#signal('SIGKILL')
  }

  #killed = false
  #released = false
  #ended = false

  /** Closed by a child that is gone. */
  get #gate(): Writable {
    return this.#process.stdio[3] as Writable
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      if (this.pid !== undefined) process.kill(-this.pid, signal)
    } catch {
      // It is gone already.
    }
  }

  #watch(options: ChildOptions): Promise<ChildResult> {
    let output = ''
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.#process[name]
      const redact = options.redactor.stream()
      const take = (raw: string) => {
        const chunk = redact(raw)
        if (chunk === '') return
        output = (output + chunk).slice(-MAX_OUTPUT)
        options.onOutput(chunk)
      }
      stream?.setEncoding('utf8')
      stream?.on('data', (chunk: string) => {
        const own = options.filter?.(chunk, name) ?? chunk
        if (own !== '') take(own)
      })
      // A filter may have kept back the beginning of a line.
      stream?.on('end', () => {
        const rest = options.filter?.('', name) ?? ''
        if (rest !== '') take(rest)
        take('')
      })
    }
    return new Promise((resolve) => {
      this.#process.on('error', (error) => resolve({ exitCode: null, signal: null, startError: error.message, output }))
      // Once its group is killed, only a process that has left the group can still hold the output.
      const afterKill = (code: number | null, signal: string | null) => resolve({ exitCode: code, signal, startError: null, output })
      this.#process.on('exit', (code, signal) => {
        const timer = setInterval(() => {
          if (!this.#killed) return
          clearInterval(timer)
          afterKill(code, signal)
        }, 200)
        this.#process.on('close', () => clearInterval(timer))
      })
      // `close`, not `exit`: whoever still holds its output, a grandchild too, may still be at work.
      this.#process.on('close', (code, signal) => resolve({ exitCode: code, signal, startError: startError(code, output), output }))
    })
  }
}

/** What the shell's exec says when the program is not there (126, 127: POSIX 2.8.2). */
function startError(code: number | null, output: string): string | null {
  if (code !== 126 && code !== 127) return null
  const line = output.split('\n').find((one) => /^(\/bin\/)?sh: /.test(one))
  return line === undefined ? null : line.replace(/^(\/bin\/)?sh: (\d+: |line \d+: )?/, '')
}

/** The last lines, for the journal and for messages. */
export function tailOf(output: string): string[] {
  return output
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .slice(-TAIL_LINES)
}
