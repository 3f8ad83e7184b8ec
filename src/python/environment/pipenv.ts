import { createHash } from 'node:crypto'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Files } from '../files.js'
import { readToml, tomlAt } from './toml.js'
import type { Candidate, EnvironmentRequest } from './types.js'
import { platformOf } from '../../config/user-folder.js'
import { expand, isOn, realPath } from './user-folders.js'

/** The folder below which pipenv and virtualenvwrapper keep environments by name (`get_workon_home`). */
export function workonHome(request: EnvironmentRequest): string {
  const { WORKON_HOME } = request.env
  if (WORKON_HOME) return resolve(expand(WORKON_HOME, request))
  if (platformOf(request) === 'win32') return expand(join('~', '.virtualenvs'), request)
  const data = request.env.XDG_DATA_HOME
  return data ? join(data, 'virtualenvs') : expand(join('~', '.local', 'share', 'virtualenvs'), request)
}

/** The nearest of these folders that has a Pipfile, or the one of PIPENV_PIPFILE. */
export function pipfileAbove(folders: readonly string[], request: EnvironmentRequest, files: Files): string | undefined {
  const named = request.env.PIPENV_PIPFILE
  if (named) return resolve(request.folder, named)
  return folders.map((folder) => join(folder, 'Pipfile')).find((file) => files.isFile(file))
}

/**
 * pipenv's own environment of a Pipfile (utils/venv_locator.py): it takes it before a `.venv` that it was not told to use. A `.venv`
 * that is a file names another one; that is read where `.venv` is looked for.
 */
export function pipenvPlaces(pipfile: string, request: EnvironmentRequest, files: Files): Candidate[] {
  const home = join(workonHome(request), environmentName(pipfile, request))
  const inProject = request.env.PIPENV_VENV_IN_PROJECT ?? tomlAt(readToml(files.read(pipfile) ?? ''), 'pipenv', 'venv_in_project')
  const usesDotVenv = isOn(inProject) || files.isFile(join(dirname(pipfile), '.venv'))
  return files.isFolder(home) && !usesDotVenv ? [{ home, because: `pipenv's environment of ${pipfile}` }] : []
}

/** pipenv finds a Pipfile from the folder without links, and hashes its path as it found it. */
function environmentName(pipfile: string, request: EnvironmentRequest): string {
  const { PIPENV_CUSTOM_VENV_NAME, PIPENV_PYTHON, PIPENV_PIPFILE } = request.env
  if (PIPENV_CUSTOM_VENV_NAME) return PIPENV_CUSTOM_VENV_NAME
  const location = PIPENV_PIPFILE ? pipfile : join(realPath(dirname(pipfile)), 'Pipfile')
  const name = basename(dirname(location))
    .replace(/[ &$`!*@"()[\]\\\r\n\t]/g, '_')
    .slice(0, 42)
  // Six bytes of the digest are eight characters.
  const digest = createHash('sha256').update(location).digest('base64url').slice(0, 8)
  const suffix = PIPENV_PYTHON ? `-${isAbsolute(PIPENV_PYTHON) ? basename(PIPENV_PYTHON) : PIPENV_PYTHON}` : ''
  return `${name}-${digest}${suffix}`
}
