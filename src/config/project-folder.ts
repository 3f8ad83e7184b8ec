import { existsSync, type Stats, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { MigstateError } from '../errors/index.js'
import { moduleToRun } from './manage-py.js'
import type { Settings } from './settings.js'

/**
 * The folder of manage.py: `--project`, the folder of `--manage-py`, else the current folder or the nearest parent that has one;
 * where `--settings` or DJANGO_SETTINGS_MODULE name the settings, or a product is started as a module or a console script, the current folder.
 * @returns undefined when nothing was named and nothing was found
 * @throws MigstateError `no-project` when a folder was named that is not one, or has no manage.py and nothing names the settings
 */
export function findProjectFolder(settings: Settings, cwd: string, env: Readonly<Record<string, string | undefined>> = {}): string | undefined {
  const isNamed = Boolean(settings.settings ?? env.DJANGO_SETTINGS_MODULE)
  if (settings.project !== undefined) {
    const folder = resolve(cwd, settings.project)
    if (!look(folder)?.isDirectory()) throw new MigstateError('no-project', `There is no folder ${folder}, so no project was read.`)
    if (!look(join(folder, 'manage.py')) && !isNamed && !settings.managePy && !settings.noFiles)
      throw new MigstateError('no-project', `${folder} has no manage.py, so no project was read.`, {
        hint: 'Give the folder of manage.py, or name the settings module with --settings or DJANGO_SETTINGS_MODULE.',
      })
    return folder
  }
  // A module, or a program of an environment, says nothing of where the project is.
  if (moduleToRun(settings.managePy) !== null || /[/\\](?:bin|Scripts)[/\\][^/\\]+$/.test(settings.managePy ?? '')) return resolve(cwd)
  if (settings.managePy !== undefined) return dirname(resolve(cwd, settings.managePy))
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const candidate = join(folder, 'manage.py')
    // What lies further up is another project, if there is one here.
    if (settings.noFiles ? existsSync(candidate) : look(candidate)) return folder
    if (dirname(folder) === folder) return isNamed ? resolve(cwd) : undefined
  }
}

/** @throws MigstateError `no-project` where this user may not look: there may be something, or nothing */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return undefined
    throw new MigstateError('no-project', `Whether there is ${path} is not known (${code}), so no project was read.`, {
      hint: 'Run it as a user who may enter the folder, or give --url with --no-files.',
      cause: error,
    })
  }
}
