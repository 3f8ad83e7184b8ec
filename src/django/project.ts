import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { MigstateError } from '../errors/index.js'
import { readApp, readNamedApp } from './apps.js'
import { djangoNames } from './django-names.js'
import { findEnvironment } from './environment.js'
import { Files } from './files.js'
import { readMigration } from './migration-file.js'
import { Modules } from './modules/modules.js'
import { rulesFor } from './rules.js'
import { type DjangoSettings, readSettings, settingsModuleOf, stringList } from './settings.js'
import { settingOfApps } from './settings-of-apps.js'
import type { AppFiles, ProjectFiles } from './types.js'

export interface ProjectRequest {
  folder: string
  managePy: string | undefined
  settings: string | undefined
  python: string | undefined
  /** `--path`, more folders where apps may lie. */
  path: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** `--django-version`: takes the place of the Django that was found. */
  djangoVersion?: string | undefined
  /** `--migrations LABEL=PATH`: folders or dotted packages by label. */
  migrations?: Readonly<Record<string, string>>
}

/** A project found on disk; its apps are read when they are first asked for. */
export class Project {
  readonly folder: string
  readonly managePy: string
  readonly settings: DjangoSettings
  readonly djangoVersion: string | null
  readonly #modules: Modules
  readonly #overrides: Readonly<Record<string, string>>
  #files: ProjectFiles | undefined

  constructor(
    folder: string,
    managePy: string,
    settings: DjangoSettings,
    djangoVersion: string | null,
    modules: Modules,
    overrides: Readonly<Record<string, string>> = {},
  ) {
    this.#overrides = overrides
    this.folder = folder
    this.managePy = managePy
    this.settings = settings
    this.djangoVersion = djangoVersion
    this.#modules = modules
  }

  /** Apps and migrations of INSTALLED_APPS, in its order. */
  files(): ProjectFiles {
    this.#files ??= readFiles(this.folder, this.settings, this.djangoVersion, this.#modules, this.#overrides)
    return this.#files
  }
}

/** @throws MigstateError `bad-settings` when the settings module is not there or is not Python */
export function openProject(request: ProjectRequest): Project {
  const managePy = request.managePy === undefined ? join(request.folder, 'manage.py') : resolve(request.managePy)
  const files = new Files()
  const environment = findEnvironment({ folder: request.folder, python: request.python, env: request.env }, files)
  const pythonPath = (request.env.PYTHONPATH ?? '').split(delimiter).filter(Boolean)
  const modules = new Modules({
    folders: [request.folder, ...request.path.map((folder) => resolve(folder)), ...pythonPath],
    env: request.env,
    environment,
    files,
  })
  const named = settingsModuleOf(request.folder, managePy, request.settings, modules)
  if (named === null)
    throw new MigstateError(
      'bad-settings',
      `No settings module is known for ${request.folder}: ${existsSync(managePy) ? 'manage.py names none' : 'there is no manage.py'}.`,
      { hint: 'Name it with --settings, or set DJANGO_SETTINGS_MODULE.' },
    )
  const settings = readSettings(named, modules)
  const djangoVersion = request.djangoVersion ?? environment.djangoVersion
  const rules = rulesFor(djangoVersion)
  modules.useDjangoNames(djangoNames(settings, djangoVersion, modules), (name) => settingOfApps(name, { modules, settings, rules }))
  return new Project(request.folder, managePy, settings, djangoVersion, modules, request.migrations)
}

function readFiles(
  folder: string,
  settings: DjangoSettings,
  djangoVersion: string | null,
  modules: Modules,
  overrides: Readonly<Record<string, string>>,
): ProjectFiles {
  const rules = rulesFor(djangoVersion)
  const installed = stringList(settings.get('INSTALLED_APPS'), 'INSTALLED_APPS', settings)
  const apps: AppFiles[] = []
  const notFound: string[] = []
  const labels = new Map<string, string>()
  let broken: ProjectFiles['broken'] = null
  const context = { modules, settings, rules, overrides }
  for (const entry of installed.items) {
    const app = readApp(entry, context, readMigration)
    if (!app) notFound.push(entry)
    else if (!labels.has(app.label)) {
      labels.set(app.label, entry)
      apps.push(app)
    } else if (installed.complete && app.problems.length === 0)
      broken ??= { exception: 'ImproperlyConfigured', message: `Application labels aren't unique, duplicates: ${app.label}` }
  }
  for (const [label, place] of Object.entries(overrides)) {
    const app = labels.has(label) ? null : readNamedApp(label, place, context)
    if (app) apps.push(app)
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
    problems: [...installed.problems, ...apps.flatMap((app) => app.problems)],
    broken,
    // django/conf/global_settings.py: TIME_ZONE is "America/Chicago".
    useTz: useTz?.kind === 'boolean' ? useTz.value : useTz === undefined && djangoVersion !== null ? rules.usesTzByDefault : null,
    timeZone: timeZone?.kind === 'string' ? timeZone.value : timeZone === undefined ? 'America/Chicago' : null,
  }
}
