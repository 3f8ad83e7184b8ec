import { existsSync, writeFileSync } from 'node:fs'

/**
 * A named place where crash tests stop the program. Does nothing unless MIGSTATE_FAILPOINT names it:
 * `NAME` kills the process with SIGKILL there, `NAME@FILE` writes FILE.reached and waits until FILE exists. Names that begin with
 * `shim-` are places in the child; MIGSTATE_FAILPOINT_TOO then names one of ours as well.
 */
export async function failpoint(name: string): Promise<void> {
  const wanted = process.env.MIGSTATE_FAILPOINT_TOO ?? process.env.MIGSTATE_FAILPOINT
  if (wanted === undefined) return
  const [chosen, file] = wanted.split('@')
  if (chosen !== name) return
  if (file === undefined) {
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})
    return
  }
  writeFileSync(`${file}.reached`, name)
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20))
}
