import { makeKey, quoted, typable } from '../../migrations/index.js'
import type { Facts } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

/** A migration in an installed package that the package did not bring: `makemigrations` wrote it there, and nobody else has it. */
export function notShipped({ unshipped, view }: Facts): Found[] {
  return unshipped.map(({ app, name, file, distribution }): Found => {
    const isRecorded = view?.recorded.has(makeKey(app, name)) ?? false
    return {
      code: 'not-shipped',
      severity: 'warning',
      app,
      migration: name,
      message: `${app}.${name} lies inside the installed package ${distribution}, which did not bring it: makemigrations wrote it there. Other machines do not have it, and the next version of the package may clash with it.`,
      evidence: [file, `the RECORD of ${distribution} does not list it`, isRecorded ? 'it is recorded here' : 'it is not recorded here'],
      repairs: [
        repair(
          `rm ${quoted(file)}`,
          `removes it${isRecorded ? `; then "migstate mark unapplied ${typable(app, name)}" takes its row out` : ''}. An AppConfig of your own with default_auto_field, or MIGRATION_MODULES, keeps it from coming back. Never makemigrations --merge here`,
        ),
      ],
      about: [`${app}.${name}`],
      explains: [],
      place: 0,
    }
  })
}
