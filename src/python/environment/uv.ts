import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Files } from '../files.js'
import { readToml, tomlAt, type TomlTable } from './toml.js'
import type { Candidate, EnvironmentRequest } from './types.js'

/** UV_PROJECT_ENVIRONMENT, from the root of the workspace; it says nothing where uv knows no project. */
export function uvVariable(request: EnvironmentRequest, files: Files): Candidate[] {
  const named = request.env.UV_PROJECT_ENVIRONMENT
  const root = named ? workspaceRoot(request.folder, files) : null
  return named && root !== null ? [{ home: resolve(root, named), because: 'UV_PROJECT_ENVIRONMENT' }] : []
}

/** Where `uv sync` makes the environment: beside the pyproject.toml of the workspace. */
export function uvPlaces(request: EnvironmentRequest, files: Files): Candidate[] {
  const root = workspaceRoot(request.folder, files)
  const home = root === null ? null : join(root, '.venv')
  return home !== null && files.isFolder(home) ? [{ home, because: `.venv in ${root}, the root of uv's workspace` }] : []
}

/** The nearest folder with a pyproject.toml, or the one above it whose `[tool.uv.workspace]` counts it as a member. */
function workspaceRoot(folder: string, files: Files): string | null {
  const above = foldersAbove(folder).filter((one) => files.isFile(join(one, 'pyproject.toml')))
  const [nearest] = above
  if (nearest === undefined) return null
  const root = above.find((one) => {
    const workspace = tomlAt(readToml(files.read(join(one, 'pyproject.toml')) ?? ''), 'tool', 'uv', 'workspace')
    if (!(workspace instanceof Map)) return false
    return one === nearest || isMember(relative(one, nearest), workspace)
  })
  return root ?? nearest
}

function foldersAbove(folder: string): string[] {
  return dirname(folder) === folder ? [folder] : [folder, ...foldersAbove(dirname(folder))]
}

function isMember(path: string, workspace: TomlTable): boolean {
  const matches = (key: string) => {
    const globs = workspace.get(key)
    return Array.isArray(globs) && globs.some((glob) => typeof glob === 'string' && matchesGlob(path.split(sep).join('/'), glob))
  }
  return matches('members') && !matches('exclude')
}

/** `*` and `?` in one part of a path, `**` over several. */
function matchesGlob(path: string, glob: string): boolean {
  const parts = glob.replace(/^\.\//, '').replace(/\/+$/, '')
  const pattern = parts.replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*\*\/?|\*|\?/g, (sign) => (sign.startsWith('**') ? '.*' : sign === '*' ? '[^/]*' : '[^/]'))
  try {
    return new RegExp(`^${pattern}$`).test(path)
  } catch {
    return false
  }
}
