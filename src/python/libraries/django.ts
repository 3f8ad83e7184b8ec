import { payLook } from '../budget.js'
import { boolean, NONE, type Value } from '../evaluate/value.js'
import { type LibraryCall, unknownIn } from './library-call.js'

/** Django's own functions, as far as the settings answer them. */
export function django(call: LibraryCall): Value | undefined {
  const { name, args, host } = call
  const [first] = args
  if (name === 'django.conf.settings.configure') {
    host.configure(optionsOf(call), call.isDoubtful)
    return NONE
  }
  if (/^django\.apps\.(registry\.)?apps\.is_installed$/.test(name)) return isInstalled(host.lookUp('django.conf.settings.INSTALLED_APPS'), first)
  if (name === 'django.utils.version.get_version' || name === 'django.get_version') return host.lookUp('django.__version__')
  if (/^django\.utils\.translation\.(gettext|gettext_lazy|gettext_noop|ugettext|ugettext_lazy|ugettext_noop|pgettext_lazy)$/.test(name)) return undefined
  return undefined
}

/** django/conf/__init__.py `LazySettings.configure(default_settings=global_settings, **options)`. A name with a star stands for any. */
function optionsOf(call: LibraryCall): Map<string, Value> {
  const { args, keywords, host } = call
  const options = new Map<string, Value>()
  const given = args[0] ?? keywords.get('default_settings')
  const defaults = given?.kind === 'reference' ? (host.lookUp(given.name) ?? given) : given
  const scope = defaults?.kind === 'module' || (defaults?.kind === 'class' && defaults.bases.length === 0) ? defaults.scope : undefined
  for (const [name, value] of scope?.names ?? []) if (isSetting(name)) options.set(name, value)
  const isUsual = defaults === undefined || (defaults.kind === 'reference' && defaults.name === 'django.conf.global_settings')
  if ((scope === undefined && !isUsual) || keywords.has('**')) options.set('*', unknownIn(call, 'what settings.configure() is given is not known'))
  for (const [name, value] of keywords) if (isSetting(name)) options.set(name, value)
  return options
}

/** A star stands for the names that come from a module that was not found. */
const isSetting = (name: string) => /^[A-Z*]/.test(name) && name !== '**'

/** apps.py: an app config of this name is there; an entry that names a class stands for its package. */
function isInstalled(installed: Value | undefined, wanted: Value | undefined): Value | undefined {
  if (wanted?.kind !== 'string' || !installed || !('items' in installed)) return undefined
  payLook(20 * installed.items.length)
  const entries = installed.items.map((item) => (item.kind === 'string' ? item.value : undefined))
  const found = entries.some(
    (entry) => entry === wanted.value || entry?.startsWith(`${wanted.value}.apps.`) || entry?.replace(/\.[A-Z]\w*$/, '') === wanted.value,
  )
  return found || !entries.includes(undefined) ? boolean(found) : undefined
}
