import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { MigstateError } from '../errors/index.js'
import { readApp } from './apps.js'
import { findEnvironment } from './environment.js'
import { Modules } from './python/modules.js'
import { type DjangoSettings, readSettings, settingsModuleOf, stringList } from './settings.js'
import type { AppFiles, ProjectFiles } from './types.js'

export interface ProjectRequest {
  folder: string
  managePy: string | undefined
  settings: string | undefined
  python: string | undefined
  /** `--path`, more folders where apps may lie. */
  path: readonly string[]
  env: Readonly<Record<string, string | undefined>>
}

/** A project found on disk; its apps are read when they are first asked for. */
export class Project {
  readonly folder: string
  readonly managePy: string
  readonly settings: DjangoSettings
  readonly djangoVersion: string | null
  readonly #modules: Modules
  #files: ProjectFiles | undefined

  constructor(folder: string, managePy: string, settings: DjangoSettings, djangoVersion: string | null, modules: Modules) {
    this.folder = folder
    this.managePy = managePy
    this.settings = settings
    this.djangoVersion = djangoVersion
    this.#modules = modules
  }

  /** Apps and migrations of INSTALLED_APPS, in its order. */
  files(): ProjectFiles {
    this.#files ??= readFiles(this.folder, this.settings, this.djangoVersion, this.#modules)
    return this.#files
  }
}

/** @throws MigstateError `bad-settings` when the settings module is not there or is not Python */
export function openProject(request: ProjectRequest): Project {
  const managePy = request.managePy === undefined ? join(request.folder, 'manage.py') : resolve(request.managePy)
  const environment = findEnvironment({ folder: request.folder, python: request.python, env: request.env })
  const pythonPath = (request.env.PYTHONPATH ?? '').split(delimiter).filter(Boolean)
  const modules = new Modules(
    [request.folder, ...request.path.map((folder) => resolve(folder)), ...pythonPath, ...environment.sitePackages],
    request.env,
    environment.sitePackages.length > 0,
  )
  const module = settingsModuleOf(request.folder, managePy, request.settings, modules)
  if (module === null)
    throw new MigstateError(
      'bad-settings',
      `No settings module is known for ${request.folder}: ${existsSync(managePy) ? 'manage.py names none' : 'there is no manage.py'}.`,
      {
        hint: 'Name it with --settings, or set DJANGO_SETTINGS_MODULE.',
      },
    )
  return new Project(request.folder, managePy, readSettings(module, modules), environment.djangoVersion, modules)
}

function readFiles(folder: string, settings: DjangoSettings, djangoVersion: string | null, modules: Modules): ProjectFiles {
  const installed = stringList(settings.get('INSTALLED_APPS'), 'INSTALLED_APPS', settings)
  const apps: AppFiles[] = []
  const notFound: string[] = []
  for (const entry of installed.items) {
    const app = readApp(entry, modules, settings, djangoVersion)
    if (!app) notFound.push(entry)
    else if (!apps.some((other) => other.label === app.label)) apps.push(app)
  }
  const useTz = settings.get('USE_TZ')
  const timeZone = settings.get('TIME_ZONE')
  return {
    folder,
    settingsModule: settings.module,
    djangoVersion,
    apps,
    notFound,
    complete: installed.complete,
    problems: installed.problems,
    // django/conf/global_settings.py: USE_TZ is True since 5.0, TIME_ZONE "America/Chicago".
    useTz: useTz?.kind === 'boolean' ? useTz.value : useTz === undefined && djangoVersion !== null ? Number(djangoVersion.split('.')[0]) >= 5 : null,
    timeZone: timeZone?.kind === 'string' ? timeZone.value : timeZone === undefined ? 'America/Chicago' : null,
  }
}
