// The bundles of dist/, with the compiled code that the build has kept beside each. CommonJS: as an ECMAScript module it would start
// 5 ms later, for Node reads those by promises.
const { existsSync, readFileSync } = require('node:fs')
const { createRequire, Module } = require('node:module')
const { dirname, join } = require('node:path')
const vm = require('node:vm')

/** Modules with a bundle of their own, `dist/NAME.cjs`: a command reads only the driver that it needs. */
const DRIVERS = ['pg', 'mysql2']

/** Every bundle that this process has loaded, by path. */
const loaded = new Map()

/**
 * Loads a bundle as `require` would, but with its compiled code, which saves a third of the start-up. V8 rejects the code of another
 * version and compiles, which is slower and just as good.
 * @param {string} bundle path of a file in dist/
 * @returns {{ script: import('node:vm').Script, exports: any }}
 */
function loadBundle(bundle) {
  const known = loaded.get(bundle)
  if (known) return known
  const cache = `${bundle}.cache`
  // The build writes ASCII only, and of that Latin-1 is the fastest to read.
  const script = new vm.Script(Module.wrap(readFileSync(bundle, 'latin1')), {
    filename: bundle,
    cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const outside = createRequire(bundle)
  const inside = (name) => (DRIVERS.includes(name) ? loadBundle(join(dirname(bundle), `${name}.cjs`)).exports : outside(name))
  const module = { exports: {}, filename: bundle, id: bundle, loaded: true, children: [], paths: [] }
  // oclif asks for the command map by the file's name; it is this very module.
  outside.cache[bundle] = module
  script.runInThisContext().call(module.exports, module.exports, Object.assign(inside, outside), module, bundle, dirname(bundle))
  const result = { script, exports: module.exports }
  loaded.set(bundle, result)
  return result
}

module.exports = { DRIVERS, loadBundle, loaded }
