// Builds dist/cli.cjs, the CLI, with a file for each driver beside it, and the library with its declarations: dist/cjs, one CommonJS file that takes
// the same drivers, and dist/lib, its face as ECMAScript modules. "node bin/build.mjs --cli" builds the CLI only, "--library" the library only.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire, Module } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lazyModules } from './lazy-modules.mjs'
import { bundledPackages, noticesOf } from './notices.mjs'
import { parserTables } from './parser-tables.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The command map is the folder: commands/mark/applied.ts is "mark:applied". */
export function commandFiles(folder = join(root, 'commands')) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => ({ id: file.replace(/\.ts$/, '').split('/').join(':'), path: join(folder, file) }))
}

// Knex names every driver it could use, oclif its TypeScript helpers; none of them is installed or wanted.
export const EXTERNAL = [
  'better-sqlite3',
  'pg-native',
  'pg-query-stream',
  'pg-cloudflare',
  'oracledb',
  'tedious',
  'mysql',
  'sqlite3',
  'mariadb/callback',
  'typescript',
  'ts-node',
  'tsx',
]

/** pg looks for Cloudflare by a Response of fetch (its lib/stream.js), and Node 20 loads all of fetch for that: 20 ms at each start. */
const NOT_CLOUDFLARE = { Response: 'undefined' }

/** As src/cli/start/bundles.ts names them. */
const DRIVERS = ['pg', 'mysql2']

/** `npm pack` builds while others run what is there: a file is the old one or the new one, and never a part. */
function put(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(Buffer.from(contents))) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}.new`, contents)
  renameSync(`${path}.${process.pid}.new`, path)
}

async function bundle(options) {
  const { build } = await import('esbuild')
  const result = await build({ ...options, write: false })
  for (const { path, contents } of result.outputFiles) put(path, contents)
  return result
}

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  absWorkingDir: root,
  // Node warns of an import() in code that it did not load itself; what is in the bundle needs none.
  supported: { 'dynamic-import': false },
}

const COMMAND_CLASSES = [
  ...commandFiles().map(({ path }, index) => `import C${index} from './${relative(root, path)}'`),
  `const COMMANDS = { ${commandFiles()
    .map(({ id }, index) => `'${id}': C${index}`)
    .join(', ')} }`,
].join('\n')

/** @param more options for esbuild: "npm run coverage" wants a source map */
export async function bundleProgram(more) {
  const options = { outfile: bundleOf('cli'), external: EXTERNAL, ...more }
  const manifest = await manifestOf(options)
  const entry = `
    import { settings } from '@oclif/core/settings'
    import { builtConfig } from './src/cli/built-commands.ts'
    import { failedOutside, main } from './src/cli/main.ts'
    ${COMMAND_CLASSES}
    for (const id of Object.keys(COMMANDS)) COMMANDS[id].id = id
    // With NODE_ENV=test or development oclif would look for TypeScript sources, warn that it has no compiler, or start one.
    settings.enableAutoTranspile = false
    export async function run(argv, root) {
      const manifest = () => JSON.parse(${JSON.stringify(manifest)})
      const load = builtConfig({ root, pjson: ${JSON.stringify(packageFacts())}, ids: Object.keys(COMMANDS), manifest })
      const config = await load.catch((error) => failedOutside(error, argv))
      if (config === undefined) return
      await main(argv, { config, find: async (id) => COMMANDS[id] })
    }
    export { COMMANDS, failedOutside as escaped }`
  return bundle(await programOptions(options, entry))
}

async function programOptions(more, entry) {
  return {
    ...OPTIONS,
    stdin: { contents: entry, resolveDir: root, sourcefile: 'cli-entry.ts', loader: 'ts' },
    plugins: [lazyModules, parserTables],
    define: { 'import.meta.url': '__bundleUrl', __DRIVER_VERSIONS__: JSON.stringify(await driverVersions()) },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    ...more,
  }
}

/** @returns {Promise<string>} what oclif says of all commands, as JSON: a program that does nothing else is made and asked */
async function manifestOf(options) {
  const { build } = await import('esbuild')
  const entry = `
    import { manifestOf } from './src/cli/built-commands.ts'
    ${COMMAND_CLASSES}
    export const manifest = (root) => manifestOf(root, ${JSON.stringify(packageFacts())}, COMMANDS)`
  const { outputFiles } = await build({ ...(await programOptions(options, entry)), sourcemap: false, write: false })
  const asker = new Module(fileURLToPath(import.meta.url))
  Object.assign(asker, { filename: asker.id, paths: Module._nodeModulePaths(root) })
  asker._compile(outputFiles[0].text, asker.id)
  return JSON.stringify(await asker.exports.manifest(root))
}

async function buildCli() {
  // Earlier builds kept compiled code beside the bundles.
  for (const name of ['cli', ...DRIVERS]) rmSync(`${bundleOf(name)}.cache`, { force: true })
  const built = await Promise.all([
    bundleProgram({ external: [...EXTERNAL, ...DRIVERS] }),
    bundle({ ...OPTIONS, entryPoints: [join(root, 'src', 'cli', 'start', 'index.ts')], outfile: bundleOf('start') }),
    ...DRIVERS.map((name) =>
      bundle({ ...OPTIONS, entryPoints: [name], outfile: bundleOf(name), external: EXTERNAL, define: NOT_CLOUDFLARE, plugins: [lazyModules] }),
    ),
  ])
  const packages = bundledPackages(built.map(({ metafile }) => metafile))
  put(join(root, 'dist', 'THIRD-PARTY-NOTICES.txt'), noticesOf(root, packages))
}

/** What oclif wants of package.json: nothing of it is read at a start. */
function packageFacts() {
  const { name, version, description, type, oclif } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return { name, version, description, type, oclif }
}

/** Of the drivers that are bundled, for `migstate version`. */
async function driverVersions() {
  const require = createRequire(import.meta.url)
  return Object.fromEntries(DRIVERS.map((name) => [name, require(`${name}/package.json`).version]))
}

function bundleOf(name) {
  return join(root, 'dist', `${name}.cjs`)
}

/** The Python files that are shipped lie beside the code that reads them. */
const SHIMS = { 'shim.py': 'shadow', python: 'rehearse' }

/** @param {(room: string) => string} place the folder for those of a room of src/rerun */
export function copyShims(place) {
  for (const [name, room] of Object.entries(SHIMS)) {
    const from = join(root, 'src', 'rerun', room, name)
    const files = name.endsWith('.py') ? [''] : readdirSync(from).filter((file) => file.endsWith('.py'))
    for (const file of files) put(join(place(room), name, file), readFileSync(join(from, file)))
  }
}

const LIBRARY = ['index', 'testing']

async function buildLibrary() {
  for (const folder of ['lib', 'cjs']) rmSync(join(root, 'dist', folder), { recursive: true, force: true })
  const tsc = [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tsconfig.build.json'), '--emitDeclarationOnly']
  const result = spawnSync(process.execPath, tsc, { stdio: 'inherit' })
  if (result.status !== 0) process.exit(result.status ?? 1)
  await buildCommonJs()
  writeDeclarations()
  writeModules()
}

/** The drivers are those of the CLI: two copies of each would be in the package else. */
const sharedDrivers = {
  name: 'shared-drivers',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(${DRIVERS.join('|')})$`) }, ({ path }) => ({ path: `../${path}.cjs`, external: true }))
  },
}

/**
 * For `require`, and for jest, which has neither Node's require of ECMAScript modules nor dynamic imports. Everything but better-sqlite3 is inside:
 * whoever installs the package installs nothing else.
 */
async function buildCommonJs() {
  const folder = join(root, 'dist', 'cjs')
  // One bundle, so that an error of migstate/testing is a MigstateError of migstate; what belongs to the former is not seen in the latter.
  const contents = `
    import * as testing from './src/testing.ts'
    export * from './src/index.ts'
    Object.defineProperty(module.exports, 'testing', { value: testing })`
  await bundle({
    stdin: { contents, resolveDir: root, sourcefile: 'cjs-entry.ts', loader: 'ts' },
    outfile: join(folder, 'index.js'),
    logOverride: { 'commonjs-variable-in-esm': 'silent' },
    bundle: true,
    external: EXTERNAL,
    plugins: [sharedDrivers, lazyModules, parserTables],
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    legalComments: 'none',
    logLevel: 'warning',
    absWorkingDir: root,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__bundleUrl', __DRIVER_VERSIONS__: JSON.stringify(await driverVersions()) },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  })
  writeFileSync(join(folder, 'testing.js'), "'use strict'\nmodule.exports = { ...require('./index.js').testing }\n")
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n')
  copyShims(() => folder)
}

/** Of packages that are in the bundle no declarations are installed; nothing of them is in a type that a user of the library meets. */
const BUNDLED_TYPES = `/* eslint-disable */
export type Knex = any
export declare namespace Knex { type Config = any; type Client = any }
export type SyntaxNode = any
export type Tree = any
`

/** For both faces: TypeScript takes the kind of a module from the package.json above it. */
function writeDeclarations() {
  const [lib, types] = [join(root, 'dist', 'lib'), join(root, 'dist', 'cjs', 'types')]
  const files = declarationsOf(...LIBRARY.map((name) => join(lib, 'src', `${name}.d.ts`)))
  for (const file of readdirSync(lib, { recursive: true }).map((name) => join(lib, String(name)))) if (file.endsWith('.d.ts') && !files.has(file)) rmSync(file)
  for (const file of files) {
    const above = relative(dirname(file), lib) || '.'
    const text = readFileSync(file, 'utf8').replaceAll(/(?<=from )'(knex|@lezer\/common)'/g, `'${above}/bundled.js'`)
    const foreign = [...text.matchAll(/(?:from |import\()['"]([^.'"][^'"]*)['"]/g)].map((match) => match[1]).filter((name) => !name.startsWith('node:'))
    if (foreign.length > 0) throw new Error(`${relative(root, file)} needs the types of ${foreign.join(', ')}, which nobody installs.`)
    writeFileSync(file, text)
    const copy = join(types, relative(lib, file))
    mkdirSync(dirname(copy), { recursive: true })
    writeFileSync(copy, text)
  }
  for (const folder of [lib, types]) writeFileSync(join(folder, 'bundled.d.ts'), BUNDLED_TYPES)
}

/** One copy of the program, however it is loaded: an error of the one face is an instance of the other's class. */
function writeModules() {
  const require = createRequire(import.meta.url)
  for (const name of LIBRARY) {
    const names = Object.keys(require(join(root, 'dist', 'cjs', `${name}.js`))).sort()
    writeFileSync(join(root, 'dist', 'lib', `${name}.js`), `import library from '../cjs/${name}.js'\n\nexport const { ${names.join(', ')} } = library\n`)
  }
}

/** Files of declarations and all that they lead to. */
function declarationsOf(...entries) {
  const found = new Set(entries)
  for (const file of found)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()['"](\.[^'"]+)\.js['"]/g)) found.add(join(dirname(file), `${path}.d.ts`))
  return found
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--library')) {
    await buildCli()
    copyShims(() => join(root, 'dist'))
  }
  if (!process.argv.includes('--cli')) await buildLibrary()
}
