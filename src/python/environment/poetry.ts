import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { Files } from '../files.js'
import { readToml, tomlAt, type TomlTable, tomlText } from './toml.js'
import type { Candidate, EnvironmentRequest } from './types.js'
import { platformOf, userFolder } from '../../config/user-folder.js'
import { expand, isOn, realPath } from './user-folders.js'

export interface PoetryPlaces {
  environments: Candidate[]
  /** `virtualenvs.in-project` is false: poetry takes no `.venv` then. */
  beforeDotVenv: boolean
}

/**
 * The environments that poetry keeps for a folder with pyproject.toml (poetry/utils/env/env_manager.py): the one that
 * `poetry env use` chose, then the newest. A folder of the right name is the proof; nothing is asked of pyproject.toml but its name.
 */
export function poetryPlaces(folder: string, request: EnvironmentRequest, files: Files): PoetryPlaces {
  const text = files.read(join(folder, 'pyproject.toml'))
  if (text === null) return { environments: [], beforeDotVenv: false }
  const config = configOf(folder, request, files)
  const name = environmentName(readToml(text), folder, request)
  const parent = virtualenvsFolder(folder, config, request)
  const chosen = tomlText(tableIn(join(parent, 'envs.toml'), files), name, 'minor')
  const found = files.isFolder(parent) ? files.list(parent).filter((one) => one.startsWith(`${name}-py`)) : []
  const order = (one: string) => (one === `${name}-py${chosen}` ? 0 : 1)
  found.sort((left, right) => order(left) - order(right) || right.localeCompare(left, 'en', { numeric: true }))
  const inProject = request.env.POETRY_VIRTUALENVS_IN_PROJECT ?? config('virtualenvs', 'in-project')
  return {
    environments: found.map((one) => ({ home: join(parent, one), because: `poetry's environment of ${folder}` })),
    beforeDotVenv: inProject !== undefined && !isOn(inProject),
  }
}

/** `EnvManager.generate_env_name`; the name of a package is normalised (PEP 503) before. */
function environmentName(pyproject: TomlTable, folder: string, request: EnvironmentRequest): string {
  const written = tomlText(pyproject, 'project', 'name') ?? tomlText(pyproject, 'tool', 'poetry', 'name') ?? 'non-package-mode'
  const name = written.replace(/[-_.]+/g, '-').toLowerCase()
  const real = realPath(folder)
  const digest = createHash('sha256')
    .update(platformOf(request) === 'win32' ? real.replaceAll('/', '\\').toLowerCase() : real)
    .digest('base64url')
  return `${name.replace(/[ $`!*@"\\\r\n\t]/g, '_').slice(0, 42)}-${digest.slice(0, 8)}`
}

type PoetryConfig = (...keys: string[]) => string | boolean | undefined

/** poetry.toml beside pyproject.toml wins over the user's config.toml. */
function configOf(folder: string, request: EnvironmentRequest, files: Files): PoetryConfig {
  const ofUser = request.env.POETRY_CONFIG_DIR || userFolder('config', 'pypoetry', request)
  const tables = [join(folder, 'poetry.toml'), join(ofUser, 'config.toml')].map((file) => tableIn(file, files))
  return (...keys) => {
    const value = tables.map((table) => tomlAt(table, ...keys)).find((one) => one !== undefined)
    return typeof value === 'string' || typeof value === 'boolean' ? value : undefined
  }
}

function virtualenvsFolder(folder: string, config: PoetryConfig, request: EnvironmentRequest): string {
  const { env } = request
  const cache = env.POETRY_CACHE_DIR ?? config('cache-dir') ?? userFolder('cache', 'pypoetry', request)
  const path = env.POETRY_VIRTUALENVS_PATH ?? config('virtualenvs', 'path') ?? join('{cache-dir}', 'virtualenvs')
  return resolve(folder, expand(String(path).replaceAll('{cache-dir}', String(cache)), request))
}

function tableIn(file: string, files: Files): TomlTable {
  return readToml(files.read(file) ?? '')
}
