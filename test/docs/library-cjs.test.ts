import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'

/** The packed package, unpacked into the node_modules of an empty folder, with a link to the one package that it may use. */
let folder: string
let packed: string[]
let database: TestDatabase
let shop: DjangoProject

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-consumer-')))
  execFileSync(process.execPath, [join(root, 'bin', 'build.mjs'), '--library'], { stdio: 'pipe' })
  const npm = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [tarball] = JSON.parse(execFileSync('npm', npm, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))
  packed = tarball.files.map(({ path }: { path: string }) => path)
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'migstate'), { recursive: true })
  execFileSync('tar', ['xzf', join(folder, tarball.filename), '-C', join(modules, 'migstate'), '--strip-components=1'])
  const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  // Whoever installs it installs nothing else, but for what SQLite needs on older Nodes.
  expect([dependencies, optionalDependencies]).toEqual([undefined, undefined])
  const scopes = [...Object.keys(peerDependencies), 'typescript', '@types']
  for (const name of new Set(scopes)) symlinkSync(realpathSync(join(root, 'node_modules', name)), join(modules, name))
  ;({ database, shop } = await migratedShop(oneDjango as string, 'sqlite'))
}, 300_000)
afterAll(async () => {
  shop?.remove()
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a script as a Node without `require` of ECMAScript modules does, as older ones and jest have none. */
function run(name: string, text: string): unknown {
  writeFileSync(join(folder, name), text)
  const node = spawnSync(process.execPath, ['--no-experimental-require-module', name], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...shop.env, PROJECT: shop.folder, URL_OF_DATABASE: database.url },
  })
  expect(node.status, node.stderr).toBe(0)
  return JSON.parse(node.stdout)
}

const VERBS = `
async function verbs() {
  const m = await open({ project: process.env.PROJECT, url: process.env.URL_OF_DATABASE })
  try {
    const { summary } = await m.status()
    const marked = await m.mark({ applied: false, app: 'shop', migrations: ['0004'], withDependants: true })
    const undone = await m.rollback()
    const again = await m.rerun({ app: 'shop', migration: '0003' })
    const refused = await m.mark({ applied: true, app: 'nope', migrations: ['x'] }).catch((error) => [error instanceof MigstateError, error.code, error.exitCode])
    return { unapplied: summary.unapplied, removed: marked.changes.removed.length, undone: undone.operation.status, target: again.rerun.target, refused }
  } finally {
    await m.close()
  }
}
verbs().then((answer) => console.log(JSON.stringify({ ...answer, exports: names.sort() })))
`
const ANSWER = {
  unapplied: 0,
  removed: 2,
  undone: 'done',
  target: ['shop', '0003_fill_slugs'],
  refused: [true, 'unknown-app', 2],
  exports: ['MigstateError', 'open'],
}

describe('the library', () => {
  it('is required by CommonJS', () => {
    expect(
      run('use.cjs', `const library = require('migstate')\nconst { open, MigstateError } = library\nconst names = Object.keys(library)\n${VERBS}`),
    ).toEqual(ANSWER)
  })

  it('is imported by ECMAScript modules', () => {
    expect(
      run('use.mjs', `import * as library from 'migstate'\nconst { open, MigstateError } = library\nconst names = Object.keys(library)\n${VERBS}`),
    ).toEqual(ANSWER)
  })

  it.each([
    ['CommonJS', 'testing.cjs', "const { migrated, withRestore } = require('migstate/testing')\nconst { MigstateError } = require('migstate')"],
    ['ECMAScript modules', 'testing.mjs', "import { migrated, withRestore } from 'migstate/testing'\nimport { MigstateError } from 'migstate'"],
  ])('migstate/testing: a database is migrated by Django and put back, its errors are those of migstate (%s)', async (_kind, name, imports) => {
    const fresh = await freshDatabase('sqlite')
    const code = `${imports}
async function main() {
  const options = { project: process.env.PROJECT, env: () => ({ SHOP_DB_NAME: ${JSON.stringify(fresh.file)} }) }
  const m = await migrated({ getConnectionUri: () => ${JSON.stringify(fresh.url)} }, options)
  const { applied } = (await m.status()).summary
  await m.close()
  const url = ${JSON.stringify(fresh.url)}
  const inside = await withRestore({ project: process.env.PROJECT, url }, async (m) => {
    await m.mark({ applied: false, app: 'shop', migrations: ['0001'], withDependants: true })
    return (await m.status()).summary.unapplied
  })
  const other = await migrated(url, { project: process.env.PROJECT, env: () => ({}) }).catch((error) => [error instanceof MigstateError, error.code])
  console.log(JSON.stringify({ applied, inside, other }))
}
main()`
    expect(run(name, code)).toEqual({ applied: 21, inside: 7, other: [true, 'other-database'] })
    expect((await fingerprint(fresh)).rows).toHaveLength(21)
  })

  it('works where modules are run by vm without dynamic imports, as jest runs them', () => {
    const code = `
const vm = require('node:vm')
const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname } = require('node:path')
function load(filename, text) {
  const module = { exports: {} }
  const wrapped = '(function (exports, require, module, __filename, __dirname) {' + text + '\\n})'
  new vm.Script(wrapped, { filename }).runInNewContext({ ...globalThis, process, console, URL, setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, Buffer, AbortController, AbortSignal, performance })(
    module.exports, createRequire(filename), module, filename, dirname(filename))
  return module.exports
}
async function main() {
  const refused = await load(__filename, 'exports.knex = () => import("knex")').knex().then(() => null, (error) => error.code)
  const file = require.resolve('migstate')
  const { open } = load(file, readFileSync(file, 'utf8'))
  const m = await open({ project: process.env.PROJECT, url: process.env.URL_OF_DATABASE })
  const { summary } = await m.status()
  await m.close()
  console.log(JSON.stringify({ refused, unapplied: summary.unapplied }))
}
main()`
    expect(run('vm.cjs', code)).toEqual({ refused: 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING', unapplied: 0 })
  })

  it('is typed for both, without skipLibCheck', () => {
    const right = `import { MigstateError, open, type StatusResult } from 'migstate'
export async function main(): Promise<StatusResult> {
  await using m = await open({ project: '.' })
  const { operation } = await m.mark({ applied: true, app: 'shop', migrations: ['0001'], withDependencies: true })
  if (operation === null) throw new MigstateError('usage', 'Nothing to do.')
  return m.status()
}
`
    const wrong = "import { open } from 'migstate'\nopen({ projekt: '.' })\n"
    for (const kind of ['cts', 'mts']) {
      writeFileSync(join(folder, `right.${kind}`), right)
      writeFileSync(join(folder, `wrong.${kind}`), wrong)
    }
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node']
    const tsc = (...names: string[]) =>
      spawnSync(process.execPath, [join(folder, 'node_modules/typescript/bin/tsc'), ...options, ...names], { cwd: folder, encoding: 'utf8' })
    expect(tsc('right.cts', 'right.mts').stdout).toBe('')
    const { stdout } = tsc('wrong.cts', 'wrong.mts')
    for (const kind of ['cts', 'mts']) expect(stdout).toMatch(new RegExp(`^wrong\\.${kind}\\(2,8\\): error TS2561`, 'm'))
  })

  it('the tarball is as listed in package-files.txt; declarations and modules of the library are those of the sources', async () => {
    const compiled = /^dist\/(?:lib|cjs\/types)\/(src\/.*?)(?:\.d\.ts|\.js)$/
    const sources = packed.flatMap((path) => compiled.exec(path)?.[1] ?? [])
    expect(sources.filter((path) => !existsSync(join(root, `${path}.ts`)))).toEqual([])
    const listed = packed.map((path) =>
      path.replace(compiled, (name, source: string) => name.replace(source, 'src/**')).replace(/^docs\/decisions\/\d{4}-[\w-]+\.md$/, 'docs/decisions/*.md'),
    )
    await expect(`${[...new Set(listed)].sort().join('\n')}\n`).toMatchFileSnapshot('package-files.txt')
  })

  it('has in the package what it needs, and no sources', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'dist/lib/index.js',
        'dist/lib/testing.js',
        'dist/lib/src/index.d.ts',
        'dist/pg.cjs',
        'dist/mysql2.cjs',
        'dist/cjs/index.js',
        'dist/cjs/package.json',
        'dist/cjs/shim.py',
        'dist/cjs/types/src/index.d.ts',
        'LICENSE',
        'README.md',
        'package.json',
      ]),
    )
    expect(packed.filter((path) => /^(src|test|commands|bench|examples)\/|(?<!\.d)\.ts$/.test(path))).toEqual([])
  })
})
