import { delimiter, join, resolve } from 'node:path'
import { moduleToRun } from '../config/index.js'
import { findEnvironment, type PythonEnvironment } from '../python/environment/index.js'
import { exhaustion, Pool, spending } from '../python/budget.js'
import { Files } from '../python/files.js'
import { Modules } from '../python/modules/modules.js'
import { Places } from '../python/places.js'

/** Sentences name no more than these. */
const MOST_SCRIPTS = 4

/** The file that is read in place of manage.py: of `-m MODULE` that module's own, of a package its `__main__`. */
export function managePyOf(folder: string, named: string | undefined, modules: Modules): string {
  const module = moduleToRun(named)
  if (module === null) return named === undefined ? join(folder, 'manage.py') : resolve(named)
  return modules.findFile(`${module}.__main__`) ?? modules.findFile(module) ?? join(folder, 'manage.py')
}

/** What says nothing of the settings, and what else could start Django: console scripts of the environment, which then is in the hint. */
export function noSettingsNamed(managePy: string, environment: PythonEnvironment, modules: Modules): { said: string; hint: string } {
  const { files } = modules
  const refusal = files.refusal(managePy)
  const absent = !files.exists(managePy)
  const said = refusal !== null ? `${managePy} was not read: ${refusal}` : absent ? 'there is no manage.py' : `${managePy} names none`
  const name = 'Name it with --settings, or set DJANGO_SETTINGS_MODULE.'
  const scripts = absent ? consoleScripts(environment, modules) : []
  if (scripts.length === 0) return { said, hint: name }
  return {
    said: `${said}, but ${scripts.length === 1 ? 'a console script starts' : 'console scripts start'} Django (${scripts.join(', ')})`,
    hint: `Give ${scripts.length === 1 ? 'it' : 'one of them'} with --manage-py, or name the settings with --settings or DJANGO_SETTINGS_MODULE.`,
  }
}

/** Where no project was found: the programs of the environment that could be one, by their paths; none where looking is too much. */
export function startersAround(request: {
  folder: string
  cwd: string
  python: string | undefined
  env: Readonly<Record<string, string | undefined>>
}): string[] {
  try {
    return spending(new Pool(), 0, () => {
      const environment = findEnvironment(request)
      const named = (request.env.PYTHONPATH ?? '').split(delimiter).filter(Boolean)
      const [files, places] = [new Files(), new Places({ folder: request.folder, named })]
      places.addPackages(environment.sitePackages)
      files.limitTo(places)
      return consoleScripts(environment, new Modules({ folders: named, env: request.env, environment, files, places }))
    })
  } catch (error) {
    if (exhaustion(error) === null) throw error
    return []
  }
}

/** Programs of installed distributions whose module hands the command line on to Django, django-admin apart. */
function consoleScripts({ sitePackages }: PythonEnvironment, modules: Modules): string[] {
  const [packages] = sitePackages
  if (packages === undefined) return []
  // Installers put them beside lib/python3.X/site-packages, on Windows beside Lib/site-packages.
  const folder = process.platform === 'win32' ? resolve(packages, '..', '..', 'Scripts') : resolve(packages, '..', '..', '..', 'bin')
  return (modules.entryPoints('console_scripts') ?? [])
    .filter(({ distribution, value }) => distribution !== 'django' && startsDjango(value.split(':')[0] as string, modules))
    .slice(0, MOST_SCRIPTS)
    .map(({ name }) => join(folder, name))
}

function startsDjango(module: string, modules: Modules): boolean {
  const file = modules.findFile(module)
  return file !== null && /\b(?:execute_from_command_line|ManagementUtility)\b/.test(modules.files.read(file) ?? '')
}
