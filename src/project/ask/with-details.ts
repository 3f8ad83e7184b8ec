import type { MigrationFile, Operation } from '../types.js'

/** A migration as Django told it, with what only its file shows: lines, arguments, code. Where the two do not match, without those. */
export function withDetails(told: MigrationFile, read: MigrationFile): MigrationFile {
  const [known, seen] = [told.operations ?? [], read.operations ?? []]
  const isSame = known.length === seen.length && known.every((one, index) => one.type === seen[index]?.type)
  return { ...told, operations: isSame ? known.map((one, index) => ({ ...(seen[index] as Operation), ...facts(one) })) : known.map(unseen) }
}

function facts({ line: _line, ...known }: Operation): Omit<Operation, 'line'> {
  return known
}

/** What it does to models and database is not known by value. */
function unseen(one: Operation): Operation {
  return { ...one, given: () => ({ kind: null, overrides: { state: true, database: true }, values: new Map() }) }
}
