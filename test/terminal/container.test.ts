import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error plain JavaScript
import { makeContext } from '../../bin/container.mjs'
import { migratedShop, oneDjango } from '../support/django.js'
import { root } from '../support/root.js'

const node = (JSON.parse(process.env.MIGSTATE_TEST_NODES ?? '{}') as Record<string, string | undefined>)['24']
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** What the engines that build images would do, as far as it can be told without one. */
describe.skipIf(node === undefined || process.platform !== 'linux')('the container', () => {
  let folder: string
  let context: string
  let instructions: [string, string][]
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-container-')))
    chmodSync(folder, 0o755)
    context = join(folder, 'context')
    makeContext(context, node)
    instructions = readFileSync(join(context, 'Containerfile'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const all = (name: string) => instructions.filter(([word]) => word === name).map(([, text]) => text)
  const inTree = (path: string) => join(context, 'root', path)
  const entry = () => JSON.parse(all('ENTRYPOINT')[0] as string) as string[]

  it('fetches nothing, runs nothing to be built, and belongs to nobody in particular', () => {
    expect([...new Set(instructions.map(([word]) => word))].sort()).toEqual(
      ['ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'FROM', 'LABEL', 'USER', 'WORKDIR'].sort(),
    )
    expect(all('FROM')).toEqual(['scratch'])
    const [user, group] = (all('USER').at(-1) as string).split(':').map(Number)
    expect([user, group].every((id) => (id as number) > 0)).toBe(true)
    expect(readFileSync(inTree('etc/passwd'), 'utf8')).toContain(`:x:${user}:${group}:`)
    for (const [path, mode] of [
      ['tmp', 0o1777],
      ['home/migstate', 0o1777],
      ['project', 0o755],
    ] as const)
      expect(lstatSync(inTree(path)).mode & 0o7777, path).toBe(mode)
    expect(all('ENV')[0]).toContain('HOME=/home/migstate')
    expect(existsSync(inTree(all('WORKDIR')[0] as string))).toBe(true)
  })

  it('what it copies is in the context, and the ignore file lets that in and nothing else', () => {
    const copied = all('COPY').map((text) => text.split(' ')[0] as string)
    expect(copied).toEqual(['root/'])
    expect(readFileSync(join(context, '.dockerignore'), 'utf8').trim().split('\n')).toEqual(['*', ...copied.map((path) => `!${path.replace(/\/$/, '')}`)])
    for (const path of [...entry(), 'app/package.json', 'app/LICENSE', 'app/dist/THIRD-PARTY-NOTICES.txt', 'usr/share/doc/node/LICENSE'])
      expect(lstatSync(inTree(path)).isFile(), path).toBe(true)
  })

  it('its Node fits the engines of package.json and has SQLite inside', () => {
    const asked = execFileSync(inTree('usr/bin/node'), ['-p', 'process.versions.node + " " + process.versions.sqlite'], { encoding: 'utf8' })
    const [version, sqlite] = asked.trim().split(' ') as [string, string]
    const lowest = /^>=(\d+)\.(\d+)$/.exec(manifest.engines.node)?.slice(1).map(Number) as [number, number]
    const [major, minor] = version.split('.').map(Number) as [number, number]
    expect(major > lowest[0] || (major === lowest[0] && minor >= lowest[1]), version).toBe(true)
    expect(sqlite).toMatch(/^3\./)
  })

  it('holds every library that its Node asks for', () => {
    const needed = execFileSync('ldd', [inTree('usr/bin/node')], { encoding: 'utf8' })
    const paths = [...needed.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string)
    expect(paths.length).toBeGreaterThan(1)
    for (const path of paths) expect(lstatSync(inTree(path)).isFile(), path).toBe(true)
  })

  it.skipIf(process.getuid?.() !== 0 || spawnSync('chroot', ['--version']).status !== 0)(
    'as its user, with nothing but its own files, it reads a project and changes a database',
    async () => {
      const { database, shop } = await migratedShop(oneDjango as string, 'sqlite')
      const [user, group] = (all('USER')[0] as string).split(':').map(Number) as [number, number]
      const tree = join(folder, 'tree')
      cpSync(join(context, 'root'), tree, { recursive: true })
      chmodSync(tree, 0o755)
      cpSync(shop.folder, join(tree, 'project'), { recursive: true })
      mkdirSync(join(tree, 'project', 'data'))
      cpSync(database.url.replace('sqlite:///', ''), join(tree, 'project', 'data', 'db.sqlite3'))
      for (const path of ['project', 'project/data', 'project/data/db.sqlite3']) chownSync(join(tree, path), user, group)
      const run = (...argv: string[]) => {
        const env = {
          PATH: process.env.PATH,
          HOME: '/home/migstate',
          MIGSTATE_NO_CACHE: '1',
          MIGSTATE_URL: 'sqlite:////project/data/db.sqlite3',
          MIGSTATE_PROJECT: '/project',
        }
        return spawnSync('chroot', [`--userspec=${user}:${group}`, tree, ...entry(), ...argv], { env, encoding: 'utf8' })
      }
      const status = run('status')
      expect(status, status.stderr + status.stdout).toMatchObject({ status: 0 })
      // The project's own apps; Django's are not in the image, and that is said.
      expect(status.stdout).toContain('[X] 0003_fill_slugs')
      expect(status.stdout).toContain('installed, but not found')
      expect(run('mark', 'unapplied', 'reports.0001', '--yes').stdout).toContain('Changed 1 row')
      expect(run('rollback', '--yes').stdout).toContain('Undid mark unapplied reports.0001_initial')
      expect(run('version').stdout).toMatch(/node:sqlite +3/)
    },
  )

  it.skipIf(process.getuid?.() !== 0 || spawnSync('buildah', ['--version']).status !== 0)('buildah makes the image', { timeout: 300_000 }, () => {
    const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs']
    const buildah = (...words: string[]) => {
      const ended = spawnSync('buildah', [...storage, ...words], { encoding: 'utf8' })
      expect(ended.status, ended.stderr).toBe(0)
      return ended.stdout.trim()
    }
    const tag = ['--build-arg', `VERSION=${manifest.version}`, '--tag', 'migstate', '--file', join(context, 'Containerfile')]
    buildah('build', '--isolation', 'chroot', ...tag, context)
    const { config } = JSON.parse(buildah('inspect', '--type', 'image', 'migstate')).OCIv1
    expect(config).toMatchObject({ User: all('USER')[0], Entrypoint: entry(), WorkingDir: '/project' })
    expect(config.Labels['org.opencontainers.image.version']).toBe(manifest.version)
    const container = buildah('from', 'migstate')
    const started = spawnSync('chroot', ['--userspec=65532:65532', buildah('mount', container), ...config.Entrypoint, '--version'], { encoding: 'utf8' })
    expect(started.stdout).toContain(`migstate/${manifest.version}`)
    buildah('rm', container)
  })
})
