import type { DjangoNames, Modules } from '../python/modules/modules.js'
import { lookUp } from '../python/evaluate/keys.js'
import { boolean, number, string, type Value } from '../python/evaluate/value.js'
import type { DjangoSettings } from './settings.js'

/** What Django answers once it is set up, from settings and version: for migrations that ask while they are imported. */
export function djangoNames(settings: DjangoSettings, djangoVersion: string | null, modules: Modules): DjangoNames {
  const ofVersion = versionNames(() => djangoVersion)
  return (dotted) => {
    const setting = /^django\.conf\.settings\.([A-Z][A-Z0-9_]*)$/.exec(dotted)?.[1]
    if (setting !== undefined) return settings.get(setting) ?? defaultSetting(setting, modules)
    const connection = /^django\.db\.(?:connection|connections\.(\w+))\.(vendor|settings_dict)$/.exec(dotted)
    if (connection) return connectionAttribute(settings, connection[1] ?? 'default', connection[2] as string)
    if (dotted === 'django.conf.settings.configured') return boolean(true)
    if (dotted === 'django.db.DEFAULT_DB_ALIAS' || dotted === 'django.db.utils.DEFAULT_DB_ALIAS') return string('default')
    return ofVersion(dotted)
  }
}

/** All that Django answers while its settings are read: its version, and whether a program has configured it. */
export function namesBeforeSetup(djangoVersion: () => string | null, modules: Modules): DjangoNames {
  const ofVersion = versionNames(djangoVersion)
  return (dotted) => {
    if (dotted !== 'django.conf.settings.configured') return ofVersion(dotted)
    return modules.configured === null ? undefined : boolean(modules.configured)
  }
}

function versionNames(djangoVersion: () => string | null): DjangoNames {
  return (dotted) => {
    if (dotted !== 'django.VERSION' && dotted !== 'django.__version__') return undefined
    const version = djangoVersion()
    return version === null ? undefined : versionValue(dotted, version)
  }
}

/** django/conf/global_settings.py of the Django that was found, else the few that graphs depend on. */
function defaultSetting(name: string, modules: Modules): Value | undefined {
  const file = modules.findFile('django.conf.global_settings')
  if (file !== null) return modules.evaluate(file).names.get(name)
  return name === 'AUTH_USER_MODEL' ? string('auth.User') : undefined
}

function connectionAttribute(settings: DjangoSettings, alias: string, attribute: string): Value | undefined {
  const databases = settings.get('DATABASES')
  const entry = databases && lookUp(databases, alias)
  const known = entry && settings.resolve(entry)
  if (known === undefined || attribute === 'settings_dict') return known
  const engine = lookUp(known, 'ENGINE')
  const vendor = engine?.kind === 'string' ? settings.familyOf(engine.value) : null
  return vendor === null ? undefined : string(vendor)
}

const STAGES = new Map(Object.entries({ a: 'alpha', b: 'beta', rc: 'rc' }))

function versionValue(dotted: string, version: string): Value {
  if (dotted === 'django.__version__') return string(version)
  // `6.1a1` is (6, 1, 0, "alpha", 1): django/utils/version.py, read backwards.
  const [, numbers = version, stage = '', count = '0'] = /^([\d.]+?)(?:(a|b|rc)(\d+))?$/.exec(version) ?? []
  const parts = numbers.split('.').map((part) => number(Number(part)))
  while (parts.length < 3) parts.push(number(0))
  return { kind: 'tuple', items: [...parts, string(STAGES.get(stage) ?? 'final'), number(Number(count))] }
}
