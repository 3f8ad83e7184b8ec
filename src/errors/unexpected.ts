import { MigstateError } from './migstate-error.js'
import { tooManyFiles } from './too-many-files.js'

/** Everything that reaches the end of a run: our own errors, a system without room, and bugs. */
export function toFailure(error: unknown): MigstateError {
  if (error instanceof MigstateError) return error
  const tooMany = tooManyFiles(error, 'Something could not be opened')
  if (tooMany) return tooMany
  const said = (error as Error | undefined)?.message ?? String(error)
  return new MigstateError('internal-error', `Something went wrong that migstate did not expect: ${said}`, { cause: error })
}
