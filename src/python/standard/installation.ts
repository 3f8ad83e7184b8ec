import type { Host } from '../evaluate/host.js'
import { string, type Value } from '../evaluate/value.js'

/** `sysconfig.get_path("purelib")` and its older name. Undefined: none of them, or not known. */
export function installationCall({ pureLibrary }: Host, name: string, args: readonly Value[]): Value | undefined {
  const [scheme] = args
  const isPure =
    (name === 'sysconfig.get_path' && args.length === 1 && scheme?.kind === 'string' && scheme.value === 'purelib') ||
    (name === 'distutils.sysconfig.get_python_lib' && args.length === 0)
  return isPure && pureLibrary !== null ? string(pureLibrary) : undefined
}

/** `site.getsitepackages()[0]`: what stands behind it differs by system. */
export function installationItem({ pureLibrary }: Host, object: Value & { kind: 'call' }, key: Value): Value | undefined {
  if (object.callee !== 'site.getsitepackages' || object.args.length > 0 || key.kind !== 'number' || key.value !== 0) return undefined
  return pureLibrary === null ? undefined : string(pureLibrary)
}
