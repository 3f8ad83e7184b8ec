import { quoted } from '../../migrations/index.js'
import type { Facts } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

/** Migrations that stand on each other, and squashes that replace each other. */
export function cycles({ view }: Facts): Found[] {
  return (view?.gates ?? []).flatMap(({ gate, exception, message, migrations }): Found[] => {
    if (gate !== 'circular') return []
    const names = migrations.map((pair) => pair.join('.'))
    const apps = [...new Set(migrations.map(([app]) => quoted(app)))]
    return [
      {
        code: 'circular',
        severity: 'error',
        app: migrations[0]?.[0] ?? null,
        migration: null,
        message: `${names.join(', ')} stand on each other in a circle. Django loads no migration at all until a dependency of one of these files is taken out.`,
        evidence: [`Django: ${exception}: ${message}`],
        repairs: [repair(`migstate graph ${apps.join(' ')}`, 'to see what stands on what', { recommended: true })],
        about: names,
        explains: [],
        place: 0,
      },
    ]
  })
}
