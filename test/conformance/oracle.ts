import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../support/root.js'

/** One Django, started once; each question is answered in a forked child of it. */
export class Oracle {
  readonly version: string
  readonly home: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  #errors = ''
  #ended: number | null | undefined

  constructor(version: string, home: string, program = 'oracle.py', env: NodeJS.ProcessEnv = {}) {
    this.version = version
    this.home = home
    this.#child = spawn(
      join(home, 'bin', 'python'),
      [...(env.PYTHONHASHSEED ? ['-R'] : []), '-B', '-W', 'ignore', join(root, 'test', 'conformance', program)],
      {
        env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    )
    this.#child.stderr.on('data', (chunk) => (this.#errors = (this.#errors + chunk).slice(-4000)))
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line))
    this.#child.stdin.on('error', () => {})
    this.#child.on('close', (code) => {
      this.#ended = code
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`The Python of Django ${version} ended with ${code}: ${this.#errors}`))
    })
  }

  async ask<Answer>(question: object): Promise<Answer> {
    const line = await new Promise<string>((resolve, reject) => {
      if (this.#ended !== undefined) throw new Error(`The Python of Django ${this.version} has ended with ${this.#ended}: ${this.#errors}`)
      this.#waiting.push({ resolve, reject })
      this.#child.stdin.write(`${JSON.stringify(question)}\n`)
    })
    const answer = JSON.parse(line) as Answer & { failed?: { exception: string; message: string }; traceback?: string }
    if (answer.failed) throw new Error(`Django ${this.version} could not answer: ${answer.failed.exception}: ${answer.failed.message}\n${answer.traceback}`)
    return answer
  }

  close(): void {
    this.#child.stdin.end()
  }
}
