import { dirname, join, relative, sep } from 'node:path'
import type { Files } from '../python/files.js'
import type { ProjectFiles } from './types.js'

/** A migration inside of an installed package that the package did not bring. */
export interface Unshipped {
  app: string
  name: string
  file: string
  /** `djangorestframework_simplejwt-5.2.2`, as its `.dist-info` is named. */
  distribution: string
}

/**
 * Migration files in folders of a distribution whose RECORD does not list them, although it lists their package (the wheel's list of its files:
 * packaging.python.org, "Recording installed projects"). What no RECORD speaks of is not judged.
 */
export function unshippedMigrations({ apps }: ProjectFiles, files: Files, sitePackages: readonly string[]): Unshipped[] {
  const records = new Map<string, { distribution: string; listed: ReadonlySet<string> }[]>()
  const recordsOf = (place: string) => {
    let known = records.get(place)
    if (!known) records.set(place, (known = readRecords(place, files)))
    return known
  }
  return apps.flatMap(({ label, migrations }) =>
    migrations.flatMap(({ name, file }): Unshipped[] => {
      const place = sitePackages.find((one) => file.startsWith(one + sep))
      if (place === undefined) return []
      const path = relative(place, file).split(sep).join('/')
      const owners = recordsOf(place).filter(({ listed }) => listed.has(`${dirname(path)}/__init__.py`))
      const [owner] = owners
      return owner && owners.every(({ listed }) => !listed.has(path)) ? [{ app: label, name, file, distribution: owner.distribution }] : []
    }),
  )
}

function readRecords(place: string, files: Files) {
  return files
    .list(place)
    .filter((name) => name.endsWith('.dist-info'))
    .flatMap((name) => {
      const text = files.readOnce(join(place, name, 'RECORD'))
      return text === null ? [] : [{ distribution: name.slice(0, -'.dist-info'.length), listed: new Set(text.split('\n').map(firstField)) }]
    })
}

/** A path with a comma or a quote is quoted, as in any CSV. */
function firstField(line: string): string {
  if (!line.startsWith('"')) return line.slice(0, line.indexOf(',') < 0 ? line.length : line.indexOf(','))
  return /^"((?:[^"]|"")*)"/.exec(line)?.[1]?.replaceAll('""', '"') ?? line
}
