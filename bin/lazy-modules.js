// What of the packages in the bundles runs only when it is used, or never.
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/**
 * What the packages load at every start and few runs need: file search, spinners of a terminal, stacks of errors (which look for the home
 * folder, and die where a user id has none), migrations and seeds of Knex's own, MySQL's thousands of error names and old character sets. They
 * are in the bundle like everything else; only their bodies run when something of theirs is first used.
 */
const WHEN_USED = /^(tinyglobby|cli-spinners|clean-stack|iconv-lite)$|\/migrations\/(migrate|seed)\/\w+$|^\.\.\/constants\/errors\.js$/

/** What oclif asks of the system dies for a user id without a name, and looks for WSL by reading files. Nothing here depends on the answers. */
const SYSTEM_OF_OCLIF = /@oclif[\\/]core[\\/]lib[\\/]util[\\/]os\.js$/

const SYSTEM = `
  exports.getHomeDir = () => { try { return require('node:os').homedir() } catch { return '/' } }
  exports.getPlatform = async () => process.platform
  exports.getShell = async () => (process.env.SHELL || 'unknown').split('/').pop()`

/** Debug output of the packages could print values of rows, whatever DEBUG says. */
const SILENCED = /^debug$/

const WHEN_USED_MODULE = `
  let real
  const module_ = () => (real ??= require(REAL))
  module.exports = new Proxy(function () {}, {
    get: (_target, key) => (key === '__esModule' ? undefined : module_()[key]),
    has: (_target, key) => key in module_(),
    apply: (_target, self, args) => Reflect.apply(module_(), self, args),
    construct: (_target, args, target) => Reflect.construct(module_(), args, target),
  })`

/** A plugin of esbuild. */
export const lazyModules = {
  name: 'lazy-modules',
  setup(build) {
    build.onResolve({ filter: SILENCED }, ({ path }) => ({ path, namespace: 'silenced' }))
    build.onLoad({ filter: /.*/, namespace: 'silenced' }, () => ({
      contents: 'module.exports = () => Object.assign(() => {}, { enabled: false })',
    }))
    build.onLoad({ filter: SYSTEM_OF_OCLIF }, () => ({ contents: SYSTEM }))
    build.onResolve({ filter: WHEN_USED }, async ({ path, resolveDir, kind, pluginData }) => {
      if (kind !== 'require-call' || pluginData === 'real') return undefined
      const { path: real, errors } = await build.resolve(path, { resolveDir, kind, pluginData: 'real' })
      return errors.length > 0 ? { errors } : { path: relative(root, real), namespace: 'when-used', pluginData: resolveDir }
    })
    build.onLoad({ filter: /.*/, namespace: 'when-used' }, ({ path, pluginData }) => ({
      contents: WHEN_USED_MODULE.replace('REAL', JSON.stringify(join(root, path))),
      resolveDir: pluginData,
    }))
  },
}
