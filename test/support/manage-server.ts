import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { root } from './root.js'

export interface Ended {
  exitCode: number
  output: string
}

/** One process of a Django that forks for each command; it ends with the process of the tests. */
class ManageServer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #folder = mkdtempSync(join(tmpdir(), 'migstate-manage-'))
  readonly #waiting = new Map<number, { resolve(ended: Ended): void; reject(error: Error): void }>()
  #asked = 0

  constructor(python: string) {
    this.#child = spawn(python, [join(root, 'test', 'support', 'manage-server.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child.unref()
    for (const stream of [this.#child.stdin, this.#child.stdout]) (stream as unknown as { unref(): void }).unref()
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const { id, status } = JSON.parse(line) as { id: number; status: number }
      const output = this.#outputOf(id)
      this.#waiting.get(id)?.resolve({ exitCode: status, output: readFileSync(output, 'utf8') })
      this.#waiting.delete(id)
      rmSync(output)
    })
    this.#child.on('close', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The process that runs manage.py has ended with ${code}`))
    })
    process.on('exit', () => rmSync(this.#folder, { recursive: true, force: true }))
  }

  run(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    const id = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.stdin.write(`${JSON.stringify({ id, folder, args, env, output: this.#outputOf(id) })}\n`)
    })
  }

  #outputOf(id: number): string {
    return join(this.#folder, String(id))
  }
}

const servers = new Map<string, ManageServer>()

/** `python manage.py ARGS` in a folder. @param home the virtual environment of a Django that can fork (Python 3.9 and later) */
export function forkManage(home: string, folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  let server = servers.get(home)
  if (!server) servers.set(home, (server = new ManageServer(join(home, 'bin', 'python'))))
  return server.run(folder, args, env)
}
