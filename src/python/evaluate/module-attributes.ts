import type { Host } from './host.js'
import { boolean, list, number, string, type Value } from './value.js'

/** Attributes of modules that are worth a value. */
export function referenceValue(name: string, host: Host): Value | undefined {
  if (/^sys\.version_info(\.|$)/.test(name) && host.python) {
    const [major, minor] = host.python
    // The rest is not known, but it is there: (3, 13, …) is more than (3, 13).
    const rest: Value[] = [3, 4, 5].map(() => ({ kind: 'unknown', reason: 'the last part of the version is not known', file: '', line: 0 }))
    if (name === 'sys.version_info') return { kind: 'tuple', items: [number(major), number(minor), ...rest] }
    return name.endsWith('.major') ? number(major) : name.endsWith('.minor') ? number(minor) : undefined
  }
  if (/^(django\.utils\.)?six\.PY[23]$/.test(name) && host.python) return boolean(host.python[0] === Number(name.at(-1)))
  if (name === 'typing.TYPE_CHECKING') return boolean(false)
  if (name === 'os.sep' || name === 'os.path.sep') return string('/')
  if (name === 'os.name') return string('posix')
  if (name === 'sys.platform') return string(process.platform)
  if ((name === 'sys.prefix' || name === 'sys.exec_prefix') && host.prefix !== null) return string(host.prefix)
  if (name === 'os.pardir') return string('..')
  if (name === 'os.curdir') return string('.')
  // What decides by the command line decides as for `manage.py migrate`.
  if (name === 'sys.argv') return list(['manage.py', 'migrate'].map(string))
  return undefined
}
