import type { Half } from '../journal/index.js'
import type { Interrupts } from './interrupts.js'
import type { RerunOutcome } from './outcome.js'

/** What an opened rerun runs, in this order: one child of manage.py for each half. */
export interface OpenedRerun {
  readonly halves: readonly Half[]
}

/** What became of a half, by facts and not by an exit status. */
export interface HalfVerdict {
  readonly ran: boolean
}

/**
 * One way to run a migration again. The driver calls `open`, then `stops`, `run` and `judge` for each half until one has not run, then
 * `close` exactly once. From `open` on each of them leaves the history as it was, or throws exit 8 (`unfinished-operation`, `outcome-unknown`).
 */
export interface RerunMode<Opened extends OpenedRerun, Run, Verdict extends HalfVerdict> {
  /** What becomes of the history at Ctrl-C, as a sentence without its full stop. */
  readonly promise: string
  /** Proofs, the operation in the journal, and what Django is to see; nothing runs yet. */
  open(interrupts: Interrupts): Promise<Opened>
  /** Why the half must not begin, or null. */
  stops(opened: Opened, half: Half, interrupts: Interrupts): Promise<Verdict | null>
  run(opened: Opened, half: Half, interrupts: Interrupts): Promise<Run>
  /** @throws MigstateError `outcome-unknown` */
  judge(opened: Opened, half: Half, run: Run, interrupts: Interrupts): Promise<Verdict>
  /** The end of the operation: the new time of the target, or everything as before and the reason thrown. */
  close(opened: Opened, verdict: Verdict, interrupts: Interrupts): Promise<RerunOutcome>
}
