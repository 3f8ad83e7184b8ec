import { payLook } from '../budget.js'
import { boolean, type Value } from '../evaluate/value.js'
import type { LibraryCall } from './library-call.js'

/** Django's own functions, as far as the settings answer them. */
export function django({ name, args, host }: LibraryCall): Value | undefined {
  const [first] = args
  if (/^django\.apps\.(registry\.)?apps\.is_installed$/.test(name)) return isInstalled(host.lookUp('django.conf.settings.INSTALLED_APPS'), first)
  if (name === 'django.utils.version.get_version' || name === 'django.get_version') return host.lookUp('django.__version__')
  if (/^django\.utils\.translation\.(gettext|gettext_lazy|gettext_noop|ugettext|ugettext_lazy|ugettext_noop|pgettext_lazy)$/.test(name)) return undefined
  return undefined
}

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
