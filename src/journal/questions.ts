import type { Database } from '../database/index.js'
import { findByPrefix } from './by-prefix.js'
import { Journal } from './journal.js'
import { markUndone, toOperation } from './operations.js'
import type { Rehearsed } from './details.js'
import type { EventRecord, FoundOperation, Operation } from './records.js'
import { newestFirst, SideRows } from './side-rows.js'

/** Who undoes an operation is asked of the database so often; then everything that is newer is read. */
const ASKED = 20

/** Every question is asked inside a transaction; without side tables the answer is empty. */
async function ask<T>(database: Database, question: (rows: SideRows) => Promise<T>, none: T): Promise<T> {
  return (await new Journal(database).exists()) ? question(new SideRows(database)) : none
}

/** Newest first. */
export function newestOperations(database: Database, limit: number): Promise<Operation[]> {
  return ask(
    database,
    async (rows) => {
      const { operations, events } = await rows.newestWithEvents(limit)
      return assemble(operations, events, true)
    },
    [],
  )
}

/** Everything that the journal says, newest operation first. */
export function allOperations(database: Database): Promise<Operation[]> {
  return ask(database, async (rows) => assemble(await rows.operations(), await rows.events(), true), [])
}

/** The newest operation for which this holds, looked for from the newest on. */
export function newestOperation(database: Database, fits: (operation: Operation) => boolean): Promise<Operation | undefined> {
  return ask<Operation | undefined>(
    database,
    async (rows) => {
      const seen: Operation[] = []
      for (let limit = 20; ; limit *= 2) {
        const below = seen.at(-1)?.seq
        const page = await complete(rows, await rows.operations({ ...(below === undefined ? {} : { below }), limit }))
        seen.push(...page)
        if (page.some(fits)) return marked(seen).find(fits)
        if (page.length < limit) return undefined
      }
    },
    undefined,
  )
}

/** @throws MigstateError `unknown-operation` when the prefix fits none or several */
export async function findOperation(database: Database, prefix: string): Promise<Operation> {
  const found = await ask(database, (rows) => namedRow(rows, prefix), null)
  if (found === null) return findByPrefix([], prefix, 'unknown-operation', 'operation')
  const rows = new SideRows(database)
  const [operation] = (await complete(rows, [found])) as [Operation]
  operation.undoneBy = await undoerOf(rows, operation)
  return operation
}

/** The named operation and all that are newer, newest first. @throws MigstateError `unknown-operation` */
export async function operationsDownTo(database: Database, prefix: string): Promise<Operation[]> {
  const found = await ask(database, (rows) => namedRow(rows, prefix), null)
  if (found === null) return findByPrefix([], prefix, 'unknown-operation', 'operation')
  return newerAndThis(new SideRows(database), found)
}

/** Ids of the operations that changed a row of this migration, newest first. */
export function operationsOn(database: Database, app: string, name: string): Promise<string[]> {
  return ask(
    database,
    async (rows) => {
      const operations = await complete(rows, await rows.operationsOf(await rows.endsThatMayHold(name)))
      return operations.filter(({ changes }) => touches(changes, app, name)).map(({ id }) => id)
    },
    [],
  )
}

/** What `rehearse --record` has kept, newest first; what cannot be read is left out. Inside a transaction. */
export function newestRehearsals(database: Database, limit: number): Promise<(Rehearsed & { at: string })[]> {
  return ask(
    database,
    async (rows) =>
      (await rows.newestEvents('rehearsed', limit)).filter(({ problem }) => problem === null).map(({ at, detail }) => ({ ...(detail as Rehearsed), at })),
    [],
  )
}

/** Oldest first. */
export function eventsOf(database: Database, operation: string): Promise<EventRecord[]> {
  return ask(database, async (rows) => (await rows.events([operation])).filter((event) => event.operation === operation), [])
}

async function namedRow(rows: SideRows, prefix: string): Promise<FoundOperation> {
  return findByPrefix(prefix === '' ? [] : await rows.operationsNamed(prefix), prefix, 'unknown-operation', 'operation')
}

async function newerAndThis(rows: SideRows, { seq }: Pick<FoundOperation, 'seq'>): Promise<Operation[]> {
  return marked(await complete(rows, await rows.operations({ from: seq })))
}

/** The newest operation that has undone this one and is not undone itself; as `markUndone` finds it, from what names it alone. */
async function undoerOf(rows: SideRows, operation: Operation): Promise<string | null> {
  let asked = 0
  const undoer = async (one: Operation): Promise<string | null> => {
    if (++asked > ASKED) throw new TooMany()
    const [first] = one.events
    const ids = await rows.endsThatMayHold(one.id, { after: first?.seq })
    const later = (await complete(rows, await rows.operationsOf(ids))).filter((other) => newestFirst(other, one) < 0)
    for (const other of later) if (other.status === 'done' && other.undoes.includes(one.id) && (await undoer(other)) === null) return other.id
    return null
  }
  try {
    return await undoer(operation)
  } catch (error) {
    if (!(error instanceof TooMany)) throw error
    return (await newerAndThis(rows, operation)).find((one) => one.seq === operation.seq)?.undoneBy ?? null
  }
}

class TooMany extends Error {}

/** Operations with the events that belong to them. */
export async function complete(rows: SideRows, found: readonly FoundOperation[]): Promise<Operation[]> {
  return assemble(found, await rows.events([...new Set(found.map(({ id }) => id))]), false)
}

function assemble(found: readonly FoundOperation[], events: readonly (EventRecord & { operation: string | null })[], all: boolean): Operation[] {
  const byOperation = new Map<string, EventRecord[]>()
  for (const { operation, ...event } of events) {
    if (operation === null) continue
    const own = byOperation.get(operation)
    if (own) own.push(event)
    else byOperation.set(operation, [event])
  }
  const operations = found.map((record) => toOperation(record, byOperation.get(record.id) ?? []))
  return all ? marked(operations) : operations
}

function marked(operations: Operation[]): Operation[] {
  markUndone(operations)
  return operations
}

function touches({ removed, added, updated }: Operation['changes'], app: string, name: string): boolean {
  return [...removed, ...added, ...updated.map(({ after }) => after)].some((row) => row.app === app && row.name === name)
}
