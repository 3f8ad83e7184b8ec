import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import type { Files } from '../files.js'
import { homeOf } from './interpreter.js'
import { readToml, tomlText } from './toml.js'
import type { Candidate, EnvironmentRequest } from './types.js'
import { userFolder } from '../../config/user-folder.js'
import { expand, isOn, realPath } from './user-folders.js'

/** The interpreter that pdm remembers for a folder (`Project._saved_python` of pdm/project/core.py). */
export function savedByPdm(folder: string, request: EnvironmentRequest, files: Files): Candidate[] {
  const file = join(folder, '.pdm-python')
  const saved = isOn(request.env.PDM_IGNORE_SAVED_PYTHON) ? '' : (files.read(file)?.trim() ?? '')
  return saved === '' ? [] : [{ home: homeOf(saved, request, files), because: file }]
}

/** Environments that pdm keeps away from the project (pdm/cli/commands/venv/utils.py). */
export function pdmPlaces(folder: string, request: EnvironmentRequest, files: Files): Candidate[] {
  if (!files.isFile(join(folder, 'pyproject.toml'))) return []
  const config = readToml(files.read(join(userFolder('config', 'pdm', request), 'config.toml')) ?? '')
  const parent = expand(tomlText(config, 'venv', 'location') ?? join(userFolder('data', 'pdm', request), 'venvs'), request)
  const root = realPath(folder)
  const digest = createHash('md5').update(root.replaceAll('\\', '/')).digest('base64url')
  const prefix = `${basename(root)}-${digest.slice(0, 8)}-`
  const found = files.isFolder(parent) ? files.list(parent).filter((name) => name.startsWith(prefix)) : []
  return found.map((name) => ({ home: join(parent, name), because: `pdm's environment of ${folder}` }))
}
