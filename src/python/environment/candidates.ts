import type { Files } from '../files.js'
import { foldersUpwards, localPlaces } from './local.js'
import { ownPlaces } from './own.js'
import { pdmPlaces, savedByPdm } from './pdm.js'
import { pipenvPlaces, pipfileAbove } from './pipenv.js'
import { poetryPlaces } from './poetry.js'
import { pyenvPlaces } from './pyenv.js'
import type { Candidate, EnvironmentRequest } from './types.js'
import { uvPlaces, uvVariable } from './uv.js'

/**
 * Where the project's environment may be, the likeliest first, each only looked for when the ones before it did not fit: what
 * migstate is installed beside, what the shell says, what a file or a variable says of this project, what lies beside it, what tools keep elsewhere.
 */
export function* candidates(request: EnvironmentRequest, files: Files): Generator<Candidate> {
  const { VIRTUAL_ENV, CONDA_PREFIX, CONDA_DEFAULT_ENV } = request.env
  // poetry and pdm too do not take conda's base for a project's: it is active in every terminal.
  const conda = CONDA_PREFIX ? [{ home: CONDA_PREFIX, because: 'CONDA_PREFIX' }] : []
  const isBase = CONDA_DEFAULT_ENV === 'base'
  const own = ownPlaces(request, files)
  yield* own.first
  if (VIRTUAL_ENV) yield { home: VIRTUAL_ENV, because: 'VIRTUAL_ENV' }
  if (!isBase) yield* conda
  const places = foldersUpwards(request.folder, files)
  const folders = places.map(({ folder }) => folder)
  yield* uvVariable(request, files)
  for (const folder of folders) yield* savedByPdm(folder, request, files)
  const poetry = folders.map((folder) => poetryPlaces(folder, request, files))
  const pipfile = pipfileAbove(folders, request, files)
  yield* poetry.flatMap(({ environments, beforeDotVenv }) => (beforeDotVenv ? environments : []))
  if (pipfile !== undefined) yield* pipenvPlaces(pipfile, request, files)
  for (const place of places) yield* localPlaces(place, request, files)
  yield* uvPlaces(request, files)
  yield* poetry.flatMap(({ environments }) => environments)
  for (const folder of folders) yield* pdmPlaces(folder, request, files)
  yield* pyenvPlaces(request, files)
  if (isBase) yield* conda
  yield* own.last
}
