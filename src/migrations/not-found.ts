import { inShort } from '../errors/index.js'
import type { ProjectFiles } from '../project/types.js'

/** The label that an entry of INSTALLED_APPS would have if its AppConfig names none: the last part of its package. */
export function probableLabel(entry: string): string {
  const parts = entry.split('.')
  // `django.contrib.admin.apps.AdminConfig` names a class in the module `apps` of the package.
  const isClass = /^[A-Z]/.test(parts.at(-1) ?? '')
  const owner = isClass ? parts.slice(0, parts.at(-2) === 'apps' ? -2 : -1) : parts
  return owner.at(-1) ?? entry
}

/**
 * Why a label that no file has may be an app all the same: an entry of INSTALLED_APPS was not found on disk, or they cannot be read whole.
 * An AppConfig may give any label, so any such entry may be the one.
 * @returns a clause without a full stop, or null where the label is surely none
 */
export function whyMayExist(
  { notFound, complete, settingsModule, apps }: Pick<ProjectFiles, 'notFound' | 'complete' | 'settingsModule' | 'apps'>,
  label: string,
): string | null {
  const likely = notFound.find((entry) => probableLabel(entry) === label)
  if (likely !== undefined) return `INSTALLED_APPS has "${likely}", which was not found on disk`
  if (!complete) return `INSTALLED_APPS of ${settingsModule ?? 'manage.py'} cannot be read whole`
  const guess = apps.find((app) => app.labelIsGuess)
  if (notFound.length === 0) return guess ? `the label of the installed app "${guess.module}" cannot be read and may be this one` : null
  return `${notFound.length} app${notFound.length === 1 ? '' : 's'} of INSTALLED_APPS ${notFound.length === 1 ? 'was' : 'were'} not found on disk (${inShort(notFound)}), and it may be one of them`
}

/** Where the packages of an app may be: what to type when it was not found. */
export const FIND_PACKAGES = 'Name the environment of the project with --python, or the folder of the app with --path.'
