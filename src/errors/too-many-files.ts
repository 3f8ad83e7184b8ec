import { MigstateError } from './migstate-error.js'

/** The process's limit and the system's (open(2)). */
const OUT_OF_FILES = new Set(['EMFILE', 'ENFILE'])

/**
 * The same for every file, folder, socket and pipe that could not be opened for this reason: what was asked for may be there and in order.
 * @param doing what could not be done, a whole sentence without its end
 * @returns undefined where the reason is another one
 */
export function tooManyFiles(error: unknown, doing: string): MigstateError | undefined {
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code !== 'string' || !OUT_OF_FILES.has(code)) return undefined
  return new MigstateError('too-many-files', `${doing}: too many files are open (${code}).`, { cause: error })
}
