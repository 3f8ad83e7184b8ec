// "npm run fuzz -- --minutes 60 --seed 1000": generated projects, read in a process that is ended when it hangs or grows.
import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { filesOf } from './rounds.js'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } } })
const end = performance.now() + Number(values.minutes) * 60_000
/** Of one project, whose files each have a budget. */
const PATIENCE = 30_000
const MEGABYTES = 300

interface Report {
  seed: number
  fault?: string | null
  seconds?: number
}

let [seed, rounds, faults, slowest] = [Number(values.seed), 0, 0, 0]
while (performance.now() < end) await run()
console.log(`${rounds} projects up to seed ${seed - 1}: ${faults} faults, the slowest took ${slowest.toFixed(1)} s of the processor.`)
process.exitCode = faults > 0 ? 1 : 0

/** One process, until the time is over or it is lost. */
function run(): Promise<void> {
  const child = fork(join(import.meta.dirname, 'worker.ts'), [String(seed)], { execArgv: [...process.execArgv, `--max-old-space-size=${MEGABYTES}`] })
  let isOver = false
  const stop = () => {
    isOver = true
    child.kill('SIGKILL')
  }
  const over = setTimeout(stop, Math.max(0, end - performance.now()))
  let watch = setTimeout(stop, PATIENCE)
  child.on('message', ({ seed: current, fault, seconds }: Report) => {
    clearTimeout(watch)
    seed = current
    watch = setTimeout(() => lost('it did not end'), PATIENCE)
    if (seconds === undefined) return
    rounds++
    seed++
    slowest = Math.max(slowest, seconds)
    if (fault) report(current, fault)
  })
  const lost = (how: string) => {
    report(seed++, how)
    stop()
  }
  return new Promise((resolve) => {
    child.on('exit', (status, signal) => {
      clearTimeout(watch)
      clearTimeout(over)
      if (!isOver) report(seed++, `the process ended by ${signal ?? status}`)
      resolve()
    })
  })
}

/** What was found can be read again: the same seed makes the same files. */
function report(at: number, fault: string): void {
  faults++
  const folder = mkdtempSync(join(tmpdir(), `migstate-fuzz-${at}-`))
  for (const [path, text] of Object.entries(filesOf(at))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  console.log(`seed ${at}: ${fault}\n  its files: ${folder}`)
}
