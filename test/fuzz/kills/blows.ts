import type { Ended, Lab, Started } from './lab.js'

const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const
type Victim = 'tool' | 'child' | 'both' | "the child's session" | 'a session' | 'all sessions' | 'the connection'

/** Who is struck, and when: drawn once, so that the same seed strikes in the same way. */
export interface Draw {
  victim: Victim
  signal: (typeof SIGNALS)[number]
  /** By the clock, or by the messages to the server; from 0 to 1 of what the command takes. */
  by: 'time' | 'message'
  at: number
  when: 'before' | 'after'
  /** Which of several sessions. */
  which: number
}

/** What the command takes when nobody strikes. */
export interface Usual {
  ms: number
  messages: number
  /** From the first sight of the child to its end. */
  childMs: number
}

/** These fall while it is there. */
const OF_CHILD: ReadonlySet<Victim> = new Set<Victim>(['child', 'both', "the child's session"])

export function drawBlow(random: () => number, lab: Lab, runs: boolean): Draw {
  const victims: Victim[] = ['tool', 'tool', 'tool']
  if (runs) victims.push('child', 'child', 'both', 'both', 'tool')
  if (lab.wire) victims.push('a session', 'all sessions', 'the connection')
  if (lab.wire && runs) victims.push("the child's session", "the child's session")
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T
  const victim = pick(victims)
  const signal = pick(SIGNALS)
  const byMessage = lab.wire !== null && !OF_CHILD.has(victim) && random() < 0.7
  return { victim, signal, by: byMessage ? 'message' : 'time', at: random(), when: random() < 0.5 ? 'before' : 'after', which: random() }
}

export function sayBlow({ victim, signal, by, at, when }: Draw): string {
  const what = victim === 'tool' || victim === 'both' ? `${victim} (${signal})` : victim
  return `${what} at ${at.toFixed(3)} of its ${by === 'message' ? `messages, ${when}` : 'time'}`
}

/** Runs a command, and strikes. `fell`: it was still at work then. */
export async function struck(lab: Lab, argv: readonly string[], draw: Draw, usual: Usual): Promise<Ended & { fell: boolean }> {
  let over = false
  let fell = false
  const hit = async (running: Started) => {
    if (over) return
    fell = true
    await strike(lab, running, draw)
  }
  const started: { running?: Started } = {}
  if (draw.by === 'message')
    lab.wire?.arm({
      message: 1 + Math.floor(draw.at * usual.messages),
      when: draw.when,
      strike: async () => void (started.running && (await hit(started.running))),
    })
  const running = (started.running = lab.start(argv, { struck: true }))
  const ended = running.done.finally(() => (over = true))
  if (draw.by === 'time') await waitAndStrike(lab, running, draw, usual, { hit, isOver: () => over })
  const result = await ended
  lab.wire?.arm(null)
  return { ...result, fell }
}

interface Aim {
  hit(running: Started): Promise<void>
  isOver(): boolean
}

async function waitAndStrike(lab: Lab, running: Started, draw: Draw, usual: Usual, { hit, isOver }: Aim): Promise<void> {
  if (OF_CHILD.has(draw.victim)) {
    while (!isOver() && lab.children().length === 0) await pause(10)
    // Django's start takes most of the time.
    await pause(usual.childMs * (draw.which < 0.7 ? 0.5 + draw.at / 2 : draw.at))
  } else await pause(usual.ms * (0.3 + 0.75 * draw.at))
  await hit(running)
}

async function strike(lab: Lab, running: Started, { victim, signal, which }: Draw): Promise<void> {
  if (victim === 'the connection') return lab.wire?.cut()
  if (victim === 'tool') return running.kill(signal)
  if (victim === 'child' || victim === 'both') {
    const children = lab.children()
    if (victim === 'both' && which < 0.5) running.kill(signal)
    for (const pid of children) killProcess(pid)
    if (victim === 'both' && which >= 0.5) running.kill(signal)
    return
  }
  const sessions = await lab.sessions(victim === "the child's session" ? 'child' : which < 0.3 ? 'tool' : which < 0.6 ? 'child' : 'all')
  const chosen = victim !== 'a session' ? sessions : sessions.slice(Math.floor(which * sessions.length)).slice(0, 1)
  for (const session of chosen) await lab.end(session)
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** How long the command takes, and its child. */
export async function measured(lab: Lab, argv: readonly string[]): Promise<{ ended: Ended; usual: Usual }> {
  const began = performance.now()
  let over = false
  lab.wire?.arm(null)
  const running = lab.start(argv, { struck: true })
  const done = running.done.finally(() => (over = true))
  let [first, last] = [0, 0]
  while (!over) {
    if (lab.children().length > 0) {
      first ||= performance.now()
      last = performance.now()
    }
    await pause(15)
  }
  const ended = await done
  return { ended, usual: { ms: performance.now() - began, messages: lab.wire?.count ?? 0, childMs: last - first } }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
