import type { Rules } from '../django/rules.js'
import type { ProjectFiles } from '../project/types.js'
import type { Gate } from './gate.js'
import { appOf, type Key, makeKey, nameOf, pairOf } from './key.js'
import type { LoaderView } from './loader-view.js'
import { whyMayExist } from './not-found.js'

export interface Target {
  app: string
  /** A name or prefix, `zero`, or undefined for the whole app. */
  name?: string | undefined
  /** The name is whole: no longer one makes it ambiguous. */
  exact?: boolean
}

/** A key, or `zero` of an app. */
export type PlanTarget = { key: Key } | { zero: string }

/** The arguments of `migrate`, as migrate.py takes them. */
export function resolveTargets(input: { project: ProjectFiles; rules: Rules }, view: LoaderView, target: Target | undefined): PlanTarget[] | Gate {
  const { project, rules } = input
  if (!target) return view.graph.leaves().map((key) => ({ key }))
  const app = project.apps.find((candidate) => candidate.label === target.app)
  const meant = project.apps.find((candidate) => candidate.module === target.app)
  // What was not found on disk is unknown to us, and not to Django.
  const open = app ? null : whyMayExist(project, target.app)
  if (open !== null) return { gate: 'unreadable', exception: null, message: `Whether there is an app "${target.app}" is not known: ${open}`, migrations: [] }
  if (!app && rules.namesUnknownLabels)
    return gate('unknown-app', `No installed app with label '${target.app}'.${meant ? ` Did you mean '${meant.label}'?` : ''}`)
  const advice = rules.plainNoMigrationsText ? '.' : ' (you cannot selectively sync unmigrated apps)'
  if (!app?.migrated) return gate('unknown-app', `App '${target.app}' does not have migrations${advice}`)
  if (target.name === undefined) return view.graph.leaves(target.app).map((key) => ({ key }))
  if (target.name === 'zero') return [{ zero: target.app }]
  const prefix = target.name
  const matches = (key: Key) => appOf(key) === target.app && (target.exact ? nameOf(key) === prefix : nameOf(key).startsWith(prefix))
  const found = [...view.disk.keys()].filter(matches).sort()
  // Django prefers no exact name: `a` is ambiguous beside `ab` (get_migration_by_prefix).
  if (found.length > 1)
    return gate('ambiguous-migration', `More than one migration matches '${prefix}' in app '${target.app}'. Please be more specific.`, found)
  const [key] = found
  if (key === undefined) return gate('unknown-migration', `Cannot find a migration matching '${prefix}' from app '${target.app}'.`)
  const replaces = view.replacements.get(key)?.replaces
  if (!view.graph.hasNode(key) && replaces && rules.resolvesPartialSquash) return [{ key: makeKey(...(replaces.at(-1) as [string, string])) }]
  return [{ key }]
}

function gate(name: Gate['gate'], message: string, migrations: Key[] = []): Gate {
  return { gate: name, exception: 'CommandError', message, migrations: migrations.map(pairOf) }
}
