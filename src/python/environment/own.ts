import { isAbsolute, join } from 'node:path'
import type { Files } from '../files.js'
import { homeOf, versionOfProgram } from './interpreter.js'
import { hasDjango, packagesOf } from './site-packages.js'
import type { Candidate, EnvironmentRequest } from './types.js'

/**
 * The environment that migstate itself is installed in, with pip. Where it is a virtual one beside Django it is the project's, whatever the
 * shell says of others; a Python of the whole machine only where nothing else is. What uvx and pipx make has no Django and is not spoken of.
 */
export function ownPlaces(request: EnvironmentRequest, files: Files): { first: Candidate[]; last: Candidate[] } {
  // The launcher of the Python package says which interpreter it runs in.
  const interpreter = request.env.MIGSTATE_OWN_PYTHON
  if (!interpreter || !isAbsolute(interpreter) || !files.isFile(interpreter)) return { first: [], last: [] }
  const home = homeOf(interpreter, request, files)
  if (!hasDjango(packagesOf(home, request, files, versionOfProgram(interpreter)).sitePackages, files)) return { first: [], last: [] }
  const own = [{ home, because: 'migstate is installed in it', interpreter }]
  return files.isFile(join(home, 'pyvenv.cfg')) ? { first: own, last: [] } : { first: [], last: own }
}
