import { join } from 'node:path'
import { Bundles } from './bundles.js'
import { CodeCache } from './code-cache.js'

/** What the build puts into `dist/cli.cjs`. */
interface Program {
  COMMANDS: object
  run(argv: string[], root: string): Promise<void>
  /** Tells what escaped from a run, and sets the exit code that its consequence asks for. */
  escaped(error: unknown, argv: readonly string[]): void
}

/** What `bin/run.js` calls. @param root the folder of the package */
export async function start(argv: string[], root: string): Promise<void> {
  const loaded: { program?: Program } = {}
  process.on('uncaughtException', (error) => (loaded.program ? leave(loaded.program, error, argv) : tellInOneLine(error)))
  const bundles = new Bundles(join(root, 'dist'), keepsNothing(argv) ? null : new CodeCache(process.env))
  const program = bundles.load('cli') as Program
  loaded.program = program
  listenToStreams()
  process.on('exit', () => bundles.keep(commandOf(argv, Object.keys(program.COMMANDS))))
  await program.run(argv, root)
  setImmediate(end)
}

/** Everything is closed and told. Without this, Node waits for its threads to finish what they compile and collect for a run that is over. */
function end(): void {
  if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit()
}

/** A change that was made stays made, whatever has gone wrong after it. */
function leave(program: Program, error: unknown, argv: readonly string[]): void {
  try {
    program.escaped(error, argv)
  } catch {
    tellInOneLine(error as Error)
  }
  process.exit()
}

/** Before there is a program: one line, never a screenful of bundled source. */
function tellInOneLine(error: Error): void {
  process.stderr.write(`migstate failed unexpectedly: ${error?.message ?? error}\n${process.argv.includes('-v') ? `${error?.stack}\n` : ''}`)
  process.exit(1)
}

/**
 * A reader that goes away (`| head`, a lost terminal) or a full disk must not end a change half-way, nor hide how it ended: what cannot be written is
 * not written. The listeners of oclif throw all errors but EPIPE.
 */
function listenToStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error')
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (stream === process.stdout && error.code !== 'EPIPE' && !told) process.stderr.write(`The report could not be written (${error.code}).\n`)
      told = true
    })
  }
}

let told = false

/** `--no-cache`, before anything is parsed. */
function keepsNothing(argv: readonly string[]): boolean {
  return argv.includes('--no-cache') || /^(1|true|yes|on)$/i.test(process.env.MIGSTATE_NO_CACHE ?? '')
}

/** Never a word that was typed and is no command. */
function commandOf(argv: readonly string[], ids: readonly string[]): string {
  for (const length of [2, 1]) {
    const id = argv.slice(0, length).join(':')
    if (ids.includes(id)) return id
  }
  return ''
}
