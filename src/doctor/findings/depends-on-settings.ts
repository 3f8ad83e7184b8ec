import type { Facts } from '../facts.js'
import type { Found } from '../finding.js'

/** Edges that are there or not as the settings are: no verdict rests on them. */
export function dependsOnSettings({ project }: Facts): Found[] {
  return (project?.apps ?? []).flatMap(({ label, migrations }) =>
    migrations.flatMap(({ name, broken, problems }): Found[] => {
      const own = problems.filter(({ code }) => code === 'depends-on-settings')
      if (broken || own.length === 0) return []
      return [
        {
          code: 'depends-on-settings',
          severity: 'info',
          app: label,
          migration: name,
          message: `What ${label}.${name} depends on is decided by settings that cannot be read here. Whether something is missing below it is not known.`,
          evidence: own.map(({ line, message }) => `line ${line ?? '?'}: ${message}`),
          repairs: [],
          about: [`${label}.${name}`],
          explains: [],
          place: 0,
        },
      ]
    }),
  )
}
