import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './root.js'

export interface LyingServer {
  port: number
  /** What it says of its clients so far. */
  heard(): string
  stop(): void
}

/** A server that does not do what the protocol says, in the way of `mode`. */
export async function lyingServer(kind: 'postgresql' | 'mysql', mode: string, env: Record<string, string> = {}): Promise<LyingServer> {
  const child: ChildProcess = spawn('python3', [join(root, 'test', 'fixtures', `lying-${kind}.py`), mode], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.on('exit', () => reject(new Error('the lying server has ended')))
    child.stdout?.on('data', (chunk) => {
      text += String(chunk)
      const found = /^port (\d+)$/m.exec(text)
      if (found) resolve(Number(found[1]))
    })
  })
  return { port, heard: () => text, stop: () => void child.kill('SIGKILL') }
}
