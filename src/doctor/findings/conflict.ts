import { makeKey, readableConflicts } from '../../migrations/index.js'
import type { Facts } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

/** More than one leaf in an app. Where a file is missing the leaves are false ones, and the missing file is the finding. */
export function conflicts(facts: Facts): Found[] {
  const { view, project, rules } = facts
  if (!view || !project) return []
  const torn = new Set([...view.graph.missing.values()].flatMap(({ origin, missing }) => [origin.app, origin.recordedAs, missing.split('\0')[0]]))
  return readableConflicts(project, view, rules).flatMap(({ migrations }): Found[] => {
    const app = migrations[0]?.[0] ?? ''
    if (torn.has(app)) return []
    const names = migrations.map(([, name]) => name)
    return [
      {
        code: 'conflict',
        severity: 'error',
        app,
        migration: null,
        message: `${app} has ${names.length} migrations that nothing follows: ${names.join(', ')}. Django refuses every migrate ("Conflicting migrations detected"). The rows are not at fault: the files are.`,
        evidence: migrations.map(
          ([label, name]) => `${label}.${name}: ${view.recorded.has(makeKey(label, name)) ? 'recorded here, so its file must stay' : 'not recorded here'}`,
        ),
        // A merge would be one more file that the package did not bring.
        repairs: facts.unshipped.some((one) => one.app === app)
          ? [
              repair('migstate doctor --only not-shipped', 'one of them was made here, inside an installed package: it is the one that has to go', {
                recommended: true,
              }),
            ]
          : [repair('python manage.py makemigrations --merge', 'writes one file that follows both, for all who share the code', { recommended: true })],
        about: [...migrations.map((pair) => pair.join('.')), ...names],
        explains: [],
        place: 0,
      },
    ]
  })
}
