import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { homeFolder } from '../config/user-folder.js'

/** What the user has said about where the project lies. */
export interface PlacesRequest {
  /** Folder of manage.py. */
  folder: string
  /** `--path`, PYTHONPATH, `--migrations`, the folder of `--manage-py`. */
  named: readonly string[]
}

/** A checkout is whole from where its history is kept. */
const REPOSITORY = ['.git', '.hg', '.svn']

/** Files that stand at the top of a project whose history was left out, as in a container. */
const TOP = ['pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt', 'requirements', 'Pipfile', 'uv.lock', 'poetry.lock', 'tox.ini', 'Dockerfile']

/** What of the root folder is the system's and never a project's. */
const OF_SYSTEM = /^\/(?:etc|proc|sys|dev|run|var|boot|root|home|Users|private|Library|System)(?:\/|$)/

/**
 * The folders that a project is made of, and those of its Python environment. Settings are somebody else's program: what they name
 * outside of these is not opened, so that no file of the user's reaches a server or a screen through them.
 */
export class Places {
  readonly #roots: string[]
  /** Where one file by its name counts: `.env` above the project. */
  readonly #above: ReadonlySet<string>
  /** As written, and as they really lie. */
  readonly #packages: string[] = []
  readonly #home: string

  constructor({ folder, named }: PlacesRequest) {
    this.#home = realPath(homeFolder({ env: {} }))
    const project = realPath(folder)
    const top = this.#topOf(project)
    this.#roots = [...new Set([project, ...(top === null ? [] : [top]), ...named.map(realPath)])]
    this.#above = new Set([dirname(project), ...(top === null ? [] : [dirname(top)])])
  }

  /** Folders and files of Python packages: site-packages, the standard library, what a `.pth` file adds. Only Python and entry points are read there. */
  addPackages(places: readonly string[]): void {
    for (const place of places) for (const one of new Set([place, realPath(place)])) if (!this.#packages.includes(one)) this.#packages.push(one)
  }

  /**
   * @param path as it is asked for
   * @param real where that leads behind all links
   * @returns why it is not opened
   */
  refusal(path: string, real: string): string | null {
    if (this.#roots.some((root) => isInside(root, real) && !this.#isPrivate(root, real))) return null
    if (/^\.env(\.[\w-]+)*$/.test(basename(real)) && this.#above.has(dirname(real)) && dirname(real) !== sep) return null
    // … and what Python itself reads of installed distributions.
    const isPython = /\.(?:py|pth)$|\.(?:dist|egg)-info\/entry_points\.txt$/.test(real)
    if (isPython && this.#packages.some((place) => isInside(place, path) || isInside(place, real))) return null
    return `${real} lies outside the project (${this.#roots.join(', ')}); --path names more of its folders`
  }

  /** The same for the names in a folder. */
  refusalOfFolder(path: string, real: string): string | null {
    return this.#packages.some((place) => isInside(place, path) || isInside(place, real)) ? null : this.refusal(path, real)
  }

  /** The folder of the repository, else one above manage.py that looks like the top of a project; never the user's home or above it. */
  #topOf(project: string): string | null {
    for (let folder = project; !this.#isShared(folder); folder = dirname(folder)) if (REPOSITORY.some((name) => existsSync(join(folder, name)))) return folder
    const above = dirname(project)
    return !this.#isShared(above) && TOP.some((name) => existsSync(join(above, name))) ? above : null
  }

  #isShared(folder: string): boolean {
    return isInside(folder, this.#home) || dirname(folder) === folder
  }

  /** Hidden files of a home that is itself the project, and the system's files where that is the root folder. */
  #isPrivate(root: string, real: string): boolean {
    if (root === sep && OF_SYSTEM.test(real)) return true
    if (!isInside(root, this.#home) || !isInside(this.#home, real)) return false
    const [first = ''] = relative(this.#home, real).split(sep)
    return first.startsWith('.') && !/^\.env(?:\.|$)/.test(first)
  }
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** Behind all links; of what is not there, its nearest folder. */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path))
  }
}
