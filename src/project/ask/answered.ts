import { toValue } from '../../python/libraries/casts.js'
import type { Value } from '../../python/evaluate/value.js'
import type { DjangoAnswer } from './answer.js'

/** The settings that Django itself has told, as values. */
export function answeredSettings(answer: DjangoAnswer): Map<string, Value> {
  const told = new Map(Object.entries(answer.settings).map(([name, value]) => [name, toValue(value)]))
  told.set('INSTALLED_APPS', { kind: 'list', items: answer.apps.map(({ name }) => ({ kind: 'string', value: name })) })
  const modules = answer.apps.filter(({ name, migrations }) => migrations !== `${name}.migrations`)
  told.set('MIGRATION_MODULES', toValue(Object.fromEntries(modules.map(({ label, migrations }) => [label, migrations]))))
  if (answer.databases) told.set('DATABASES', toValue(answer.databases))
  return told
}

/** What may be kept on disk: no database. */
export function withoutDatabases({ databases: _databases, ...rest }: DjangoAnswer): DjangoAnswer {
  return rest
}
