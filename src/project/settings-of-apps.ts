import { join } from 'node:path'
import { appConfigOf } from './app-config.js'
import type { MigrationContext } from './migration-file.js'
import { payLook, payScan } from '../python/budget.js'
import type { Value } from '../python/evaluate/value.js'
import { prefixesOf } from '../python/modules/search-path.js'
import { stringList } from './settings.js'

/** Modules in which apps keep their settings. */
const NAMES = ['conf', 'settings', 'app_settings', 'defaults', 'default_settings', '__init__', 'apps', 'config', 'constants']

/**
 * A setting that nobody has given and that is read all the same: an app sets it while it is imported
 * (`settings.X = getattr(settings, "X", …)`), or it is the swappable option of a model that one of the apps creates.
 */
export function settingOfApps(name: string, context: Omit<MigrationContext, 'app'>): Value | undefined {
  const { modules, settings } = context
  const installed = stringList(settings.get('INSTALLED_APPS'), 'INSTALLED_APPS', settings).items
  const folders = new Set(installed.flatMap((entry) => foldersOf(entry, context)))
  for (const folder of folders)
    for (const file of NAMES.map((one) => join(folder, `${one}.py`))) {
      payLook(60)
      const text = modules.files.isFile(file) ? (modules.files.read(file) ?? '') : ''
      payScan(text.length)
      if (!text.includes(name)) continue
      modules.evaluate(file)
      const found = modules.setting(name)
      if (found) return found
    }
  return name.endsWith('_MODEL') ? swappableDefault(name, installed, context) : undefined
}

/** The folders of an entry of INSTALLED_APPS: its own and those of the packages above it. */
function foldersOf(entry: string, { modules }: Omit<MigrationContext, 'app'>): string[] {
  return prefixesOf(entry)
    .reverse()
    .flatMap((prefix) => modules.locate(prefix)?.folders ?? [])
}

function swappableDefault(name: string, installed: readonly string[], context: Omit<MigrationContext, 'app'>): Value | undefined {
  const { files } = context.modules
  for (const entry of installed) {
    const identity = appConfigOf(entry, context)
    const folder = identity && context.modules.locate(`${identity.module}.migrations`)?.folders[0]
    if (!folder) continue
    for (const file of files.list(folder).filter((one) => one.endsWith('.py'))) {
      const model = modelOf(name, files.readOnce(join(folder, file)) ?? '', identity.label)
      if (model !== undefined) return { kind: 'string', value: model }
    }
  }
  return undefined
}

/** `"swappable": "X_MODEL"` in the options of a CreateModel, or django-swappable-models' name for it. */
function modelOf(name: string, text: string, label: string): string | undefined {
  if (!text.includes('swappable')) return undefined
  if (new RegExp(`["']swappable["']\\s*:\\s*u?["']${name}["']`).test(text)) return `${label}.Model`
  for (const [, app, model] of text.matchAll(/swappable_setting\(\s*["'](\w+)["'],\s*["'](\w+)["']/g))
    if (name.endsWith(`_${(model as string).toUpperCase()}_MODEL`)) return `${app}.${model}`
  return undefined
}
