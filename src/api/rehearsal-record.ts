import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { withEdit, withOperationLock } from '../change/index.js'
import type { Row } from '../database/index.js'
import { digestOf, Journal, newestRehearsals, type Rehearsed } from '../journal/index.js'
import { fileOf } from './rehearse-jobs.js'
import type { Rehearsal } from '../rerun/index.js'
import { patienceOf } from './change-flow.js'
import type { Interaction } from './interaction.js'
import type { Workspace } from './workspace.js'

/** So many events are looked through for one of the same migration. */
const LOOKED_THROUGH = 200

/** `rehearse --record`: an event of the journal for each, in one transaction. The history is not written to. */
export async function recordRehearsals(workspace: Workspace, rehearsals: readonly Rehearsal[], rows: readonly Row[], ui: Interaction): Promise<void> {
  if (rehearsals.length === 0) return
  const { database } = workspace
  const patience = patienceOf(workspace, ui)
  const at = new Date().toISOString()
  const lock = { patience, multiStep: false, name: 'migstate rehearse --record', makeJournal: true, allowUnfinished: true }
  await withOperationLock(database, lock, async () => {
    database.effects.begin(null)
    await withEdit(database, patience, async (scope) => {
      scope.writes()
      const journal = new Journal(database)
      for (const rehearsal of rehearsals) await journal.append(database.edit, null, 'rehearsed', detailOf(workspace, rehearsal, rows), at)
      return { result: null, proof: { operation: null, event: 'rehearsed', at }, consequence: 'nothing', finished: true }
    })
  })
}

function detailOf(workspace: Workspace, { target: [app, name], answer, verdict }: Rehearsal, rows: readonly Row[]): Rehearsed {
  return { app, name, answer, verdict, ...sameness(workspace, app, name, rows), actor: workspace.actor }
}

/** What has to be the same for a rehearsal to say anything: file, history and database. */
function sameness(workspace: Workspace, app: string, name: string, rows: readonly Row[]): Pick<Rehearsed, 'file' | 'history' | 'engine' | 'database'> {
  const { facts } = workspace.database
  const project = workspace.files()
  const file = project && fileOf(project, app, name)
  return {
    file: file ? createHash('sha256').update(readFileSync(file.file)).digest('hex') : null,
    history: digestOf(rows),
    engine: facts.engine,
    database: facts.name,
  }
}

/** A rehearsal that the journal has. */
export interface KeptRehearsal extends Pick<Rehearsed, 'answer' | 'verdict' | 'actor'> {
  at: string
  /** File, history and database are still those that it was made with. */
  current: boolean
}

/** Of one migration the newest that is current, else the newest; null: there is none. Inside a transaction, with the journal there to be read. */
export async function keptRehearsal(workspace: Workspace, app: string, name: string, rows: readonly Row[]): Promise<KeptRehearsal | null> {
  const own = (await newestRehearsals(workspace.database, LOOKED_THROUGH)).filter((one) => one.app === app && one.name === name)
  if (own.length === 0) return null
  const { file, history, engine, database } = sameness(workspace, app, name, rows)
  const isCurrent = (one: Rehearsed) => file !== null && one.file === file && one.history === history && one.engine === engine && one.database === database
  const found = own.find(isCurrent) ?? own[0]
  return found ? { at: found.at, actor: found.actor, answer: found.answer, verdict: found.verdict, current: isCurrent(found) } : null
}

/** The newest recorded rehearsal of the same file, history and database, as a sentence; null: there is none, or it may not be read. */
export async function quoteRehearsal(workspace: Workspace, app: string, name: string, rows: readonly Row[]): Promise<string | null> {
  const found = await workspace.askJournal(() => keptRehearsal(workspace, app, name, rows))
  return found?.current ? `Rehearsed at ${found.at} by ${found.actor}, with this file and this history: ${found.verdict}` : null
}
