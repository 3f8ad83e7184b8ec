import { applyChange } from '../change/index.js'
import { failpoint } from '../config/index.js'
import type { Database, Row } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { type Changes, detailOf, type Lifted, NO_CHANGES } from '../journal/index.js'
import {
  childIsGone,
  gaveUp,
  hintReversed,
  type LeftChild,
  mayGoOn,
  planClose,
  sayReversed,
  targetIsBack,
  targetIsRecorded,
  type Verdict,
  waitForChild,
  whereItRan,
} from '../rerun/index.js'
import { exitOf, ignoreAssume, type Interruption, type RecoverRequest, rowsNow } from './interruption.js'

interface Judged {
  verdict: Verdict
  saw: string
}

/**
 * A rerun in table mode: rows are out of the table.
 * @throws MigstateError `outcome-unknown` where only a person can know, `unfinished-operation` while the child lives
 */
export async function judgeLifted(database: Database, request: RecoverRequest, lifted: Lifted): Promise<Interruption> {
  const judged = await judge(database, request, lifted)
  return {
    preview: () => preview(database, request, lifted, judged),
    finish: async (patience) => {
      const { operation, warnings } = request
      const stamp = request.stamp(lifted.timeZone)
      let settled: Verdict = judged.verdict
      const result = await applyChange(database, {
        operation,
        opens: false,
        plan: (now) => {
          // Somebody's row may have come between the look and the lock; a present row always means that it ran.
          if (targetIsRecorded(lifted, now.rows)) settled = 'ran'
          const edit = planClose(lifted, now, settled, settled === 'ran' ? 'done' : 'failed', stamp, warnings)
          return { ...edit, detail: { recovered: true, saw: judged.saw, assumed: request.assume ?? null } }
        },
        stamp,
        patience,
        warnings,
      }).catch((error: unknown) => {
        if (!(error instanceof MigstateError) || error.code !== 'interrupted') throw error
        throw new MigstateError('unfinished-operation', `Interrupted: the rows of operation ${operation.id} are still out of the table.`, {
          details: { operation: operation.id },
          cause: error,
        })
      })
      await failpoint('recovered')
      return { changes: result?.changes ?? NO_CHANGES, status: settled === 'ran' ? 'done' : 'failed', rows: result?.rows ?? [] }
    },
  }
}

async function preview(database: Database, request: RecoverRequest, lifted: Lifted, { verdict }: Judged): Promise<Changes> {
  const now = await database.reading(() => database.readHistory())
  const edit = planClose(lifted, now, targetIsRecorded(lifted, now.rows) ? 'ran' : verdict, 'done', request.stamp(lifted.timeZone), request.warnings)
  const stamped = edit.change.add.map((row) => ({ ...row, id: row.id ?? '', applied: row.applied ?? '' }))
  return { removed: edit.change.remove, added: stamped, updated: [] }
}

async function judge(database: Database, request: RecoverRequest, lifted: Lifted): Promise<Judged> {
  const { operation } = request
  const started = detailOf(database, operation, 'child-started')
  const exited = exitOf(database, operation)
  if (!started) return known(database, request, lifted, 'not-run', 'manage.py was never started')
  const remote = lifted.remote === true
  const child: LeftChild = { operation: operation.id, started, local: !remote, showsSessions: lifted.namedSessions }
  // An end that somebody has written down is no reason not to look.
  await waitForChild(database, child, request.patience, request.say)
  const rows = await rowsNow(database)
  if (targetIsRecorded(lifted, rows)) return known(database, request, lifted, 'ran', `${lifted.app}.${lifted.name} has a row of its own`)
  const gone = exited ? !mayGoOn(remote, exited) : await childIsGone(database, child)
  // Its forward code was never started, so that a person can only say that manage.py is at work no more.
  if (started.half === 'backward' && (gone || request.assume)) return wayBack(database, request, lifted, rows, exited !== null && gaveUp(remote, exited))
  if (exited && gaveUp(remote, exited))
    return known(database, request, lifted, 'not-run', `manage.py ended (${exited.exitCode ?? exited.signal}) without recording it`)
  if (lifted.absentMeansNotRun && gone) return known(database, request, lifted, 'not-run', 'it has no row, and here that proves that it did not run')
  if (request.assume) return { verdict: request.assume === 'applied' ? 'ran' : 'not-run', saw: `a person says: ${request.assume}` }
  const name = `${lifted.app}.${lifted.name}`
  const saw = `${whereItRan(child, exited)} ${
    started.half === 'backward'
      ? `Whether the reverse code of ${name} is still at work somewhere cannot be seen from here.`
      : `${name} has no row, but on this ${database.facts.engine} with this migration that does not prove that it did not run.`
  }`
  throw new MigstateError('outcome-unknown', saw, { details: { operation: operation.id } })
}

/** The last child was that of the reverse code: the forward code was never started. */
function wayBack(database: Database, request: RecoverRequest, lifted: Lifted, rows: readonly Row[], orderly: boolean): Judged {
  const back = targetIsBack(lifted, rows)
  if (!back) request.warnings.add('half-done', `${sayReversed(lifted)} ${hintReversed(lifted)}`)
  else if (!orderly)
    request.warnings.add('half-done', `whether the reverse code of ${lifted.app}.${lifted.name} has run nobody can know; its forward code has not`)
  return known(database, request, lifted, 'not-run', `its forward code was never started${back ? '' : ', its reverse code has run'}`)
}

function known(database: Database, request: RecoverRequest, lifted: Lifted, verdict: Verdict, saw: string): Judged {
  ignoreAssume(request, verdict, saw)
  const started = detailOf(database, request.operation, 'child-started')
  if (verdict === 'not-run' && lifted.reverse !== null && started?.half === 'forward')
    request.warnings.add('half-done', `${sayReversed(lifted)} ${hintReversed(lifted)}`)
  return { verdict, saw }
}
