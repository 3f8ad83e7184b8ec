import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './root.js'

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

interface Oddity {
  /** Words of the shell, before the program is started in its place. */
  before?: string
  /** Words in front of the program, such as `setpriv --reuid=54321`. */
  through?: string[]
  /** What stands behind it: `>/dev/full`. */
  behind?: string
  cwd?: string
  env?: Record<string, string | undefined>
}

/** The built program, started by a shell under odd circumstances. What does not end in half a minute has status null. */
export function oddly(argv: readonly string[], { before = ':', through = [], behind = '', cwd = root, env = {} }: Oddity): Ended {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', `${before}; exec ${through.join(' ')} "$0" "$@" ${behind}`, process.execPath, join(root, 'bin', 'run.js'), ...argv],
    { cwd, env: { ...process.env, ...env }, encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL', maxBuffer: 100_000_000 },
  )
  return { status, stdout, stderr }
}
