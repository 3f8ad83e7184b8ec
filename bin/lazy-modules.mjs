// What of the packages in the bundles runs only when it is used, or never.
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/**
 * What the packages load at every start and few runs need: file search, templates, rc files, spinners of a terminal, stacks of errors (which look for the home
 * folder, and die where a user id has none), migrations and seeds of Knex's own, MySQL's thousands of error names and old character sets. They
 * are in the bundle like everything else; only their bodies run when something of theirs is first used.
 */
const WHEN_USED =
  /^(ejs|lilconfig|minimatch|tinyglobby|wrap-ansi|cli-spinners|clean-stack|iconv-lite)$|\/migrations\/(migrate|seed)\/\w+$|^\.\.\/constants\/errors\.js$/

/**
 * What of Node's own is loaded by the packages and by this program and used by few runs. It is compiled at each start, with all that it needs itself:
 * child_process alone brings sockets of UDP.
 */
const OF_NODE = /^(node:)?(assert|child_process|fs\/promises|perf_hooks|readline|v8)$/

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

/** @param {string} name of a module of Node whose functions are imported: an import takes what a module has by name, so all its names are there */
const functionsWhenUsed = (name) => `
  module.exports = { ${Object.keys(createRequire(import.meta.url)(name))
    .map((key) => `get ${key}() { return require('${name}').${key} }`)
    .join(', ')} }`

/** A plugin of esbuild. */
export const lazyModules = {
  name: 'lazy-modules',
  setup(build) {
    build.onResolve({ filter: SILENCED }, ({ path }) => ({ path, namespace: 'silenced' }))
    build.onLoad({ filter: /.*/, namespace: 'silenced' }, () => ({
      contents: 'module.exports = () => Object.assign(() => {}, { enabled: false })',
    }))
    build.onLoad({ filter: SYSTEM_OF_OCLIF }, () => ({ contents: SYSTEM }))
    build.onResolve({ filter: OF_NODE }, ({ path, kind, namespace }) => {
      if (namespace.startsWith('node-when-used')) return { path, external: true }
      return { path: path.replace(/^(node:)?/, 'node:'), namespace: kind === 'require-call' ? 'node-when-used' : 'node-when-used-by-name' }
    })
    build.onLoad({ filter: /.*/, namespace: 'node-when-used' }, ({ path }) => ({ contents: WHEN_USED_MODULE.replace('REAL', `'${path}'`) }))
    build.onLoad({ filter: /.*/, namespace: 'node-when-used-by-name' }, ({ path }) => ({ contents: functionsWhenUsed(path) }))
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
