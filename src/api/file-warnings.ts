import { compareVersions, type ProjectFiles } from '../project/index.js'
import { inShort, type Warnings } from '../errors/index.js'
import { FIND_PACKAGES, NEWEST_KNOWN, OLDEST_KNOWN } from '../migrations/index.js'

/** What could not be read or found of a project, as warnings: each of them weakens every answer. */
export function warnOfFiles(files: ProjectFiles, warnings: Warnings, { askDjango, environment }: { askDjango: boolean; environment: string }): void {
  const ask = askDjango || files.complete ? '' : ' (--ask-django asks the project itself)'
  const at = ({ file, line }: { file: string; line: number | null }) => `${file}${line ? `:${line}` : ''}`
  for (const problem of files.problems) warnings.add(problem.code, `${at(problem)}: ${problem.message}${ask}`)
  for (const file of files.apps.flatMap((app) => app.migrations)) {
    for (const problem of file.problems) warnings.add(problem.code, `${at(problem)}: ${problem.message}`)
    if (file.broken) warnings.add('unreadable-file', `${file.file}: ${file.broken.message}`)
  }
  if (files.notFound.length > 0) warnings.add('unknown-app', notFoundText(files.notFound))
  warnOfVersion(files.djangoVersion, environment, warnings)
}

function notFoundText(entries: readonly string[]): string {
  const one = entries.length === 1
  return `${entries.length} app${one ? '' : 's'} of INSTALLED_APPS ${one ? 'was' : 'were'} not found on disk, so ${one ? 'its migrations are' : 'their migrations are'} not known: ${inShort(entries)}. ${FIND_PACKAGES}`
}

function warnOfVersion(version: string | null, environment: string, warnings: Warnings): void {
  if (version === null) warnings.add('django-version-unknown', `${environment}, so the rules of Django ${NEWEST_KNOWN} are used`)
  else if (compareVersions(version.split('.').slice(0, 2).join('.'), NEWEST_KNOWN) > 0)
    warnings.add('django-version-untested', `Django ${version} is newer than ${NEWEST_KNOWN}, whose rules are used`)
  else if (compareVersions(version, OLDEST_KNOWN) < 0)
    warnings.add('django-version-untested', `Django ${version} is older than ${OLDEST_KNOWN}, whose rules are used`)
}

/** `--ask-django` in vain: what Python said, and what is answered in its place. */
export function notAnswered({ reason, tail }: { reason: string; tail: readonly string[] }): string {
  const said = tail.length > 1 || (tail[0] !== undefined && !reason.includes(tail[0])) ? `\n${tail.map((line) => `  ${line}`).join('\n')}\n` : ' '
  return `the project's Python did not answer: ${reason};${said}what follows is read from the files`
}
