// "npm run release -- --dry-run": builds what a release would publish and tries each piece where nothing else is: an empty home, no PATH but
// the piece's own. Nothing is published by it, with or without the flag.
//   -- --dry-run --skip container    leaves a piece out, and says so: tarball, wheel, sdist, container
//   -- --dry-run --keep DIR          keeps the pieces
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { giveUp, root, run, say } from './bootstrap.mjs'
import { ensureDjango, findPythons } from './django-env.mjs'
import { ensureNode } from './node-env.mjs'
import { buildWheel, pythonVersion } from './wheel.mjs'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const text = (path) => readFileSync(join(root, path), 'utf8')

/** Everything that names a version, against package.json. @returns {string[]} what is wrong */
export function versionProblems({ of = version, read = text } = {}) {
  const problems = []
  if (!new RegExp(`^## ${of.replaceAll('.', '\\.')}\\b`, 'm').test(read('CHANGELOG.md'))) problems.push(`CHANGELOG.md has no heading "## ${of}".`)
  const named = [
    ['package-lock.json', JSON.parse(read('package-lock.json')).version, of],
    ['action.yml', /^ {2}version:\n(?: {4}.*\n)*? {4}default: (\S+)/m.exec(read('action.yml'))?.[1], pythonVersion(of)],
    ['packaging/ci/gitlab.yml', /MIGSTATE_VERSION: (\S+)/.exec(read('packaging/ci/gitlab.yml'))?.[1], pythonVersion(of)],
    ['pyproject.toml', /"migstate==([^"]+)"/.exec(read('pyproject.toml'))?.[1], pythonVersion(of)],
  ]
  for (const [file, found, wanted] of named) if (found !== wanted) problems.push(`${file} says ${found}, and not ${wanted}.`)
  return problems
}

async function must(command, args, options) {
  const ended = await run(command, args, options)
  if (ended.status !== 0) throw new Error(`${options.doing} failed:\n${ended.output.trim().split('\n').slice(-15).join('\n')}`)
  return ended.output
}

/** A project that Django has migrated, in a SQLite database. */
async function toyProject(folder, python) {
  const project = join(folder, 'shop')
  cpSync(join(root, 'examples', 'shop'), project, { recursive: true })
  await must(python, ['manage.py', 'migrate', '-v0'], { cwd: project, doing: 'Migrating the toy project' })
  return project
}

/** `status` of an installed program, with an empty home and nothing on PATH but `path`. @returns {string} a line with its time */
function tried(name, words, project, folder, path) {
  const home = join(folder, `home of ${name}`)
  const nothing = join(folder, 'nothing')
  for (const one of [home, nothing]) mkdirSync(one, { recursive: true })
  const began = performance.now()
  const [program, ...args] = words
  const ended = spawnSync(program, [...args, 'status', '--json'], { cwd: project, env: { HOME: home, PATH: path ?? nothing }, encoding: 'utf8' })
  const took = Math.round(performance.now() - began)
  const answer = ended.status === 0 ? JSON.parse(ended.stdout) : undefined
  const applied = answer?.result.summary.applied ?? 0
  if (!answer?.ok || applied < 7) throw new Error(`${name}: status does not answer (exit ${ended.status}): ${ended.stdout}${ended.stderr}${ended.error ?? ''}`)
  return `${name}: status says ${applied} applied (${took} ms)`
}

const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']

async function tryPython(name, archive, { base, folder, project }) {
  const home = join(folder, name)
  await must(base, ['-m', 'venv', home], { doing: `A virtual environment for the ${name}` })
  const began = performance.now()
  await must(join(home, 'bin', 'python'), [...PIP, archive], { doing: `pip install the ${name}` })
  say(`${name}: installed by pip in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  say(tried(name, [join(home, 'bin', 'migstate')], project, folder))
}

async function tryTarball(tarball, { folder, project, nodes }) {
  const home = join(folder, 'npm')
  const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', '--prefix', home, tarball]
  const began = performance.now()
  await must('npm', npm, { doing: 'npm install the tarball, with no compiler', env: { ...process.env, npm_config_cache: join(folder, 'npm-cache') } })
  say(`tarball: installed by npm in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  for (const [name, node] of Object.entries(nodes))
    say(tried(`tarball on Node ${name}`, [node, join(home, 'node_modules', 'migstate', 'bin', 'run.js')], project, folder))
}

async function tryContainer({ folder, project }) {
  const { makeContext } = await import('./container.mjs')
  const { node, missing } = await ensureNode({ version: '24', pythons: findPythons() })
  if (missing) throw new Error(missing)
  const context = join(folder, 'container')
  makeContext(context, node)
  // The tree alone, by its own loader and libraries; no container engine is needed for that.
  if (process.getuid?.() !== 0 || !existsSync('/usr/sbin/chroot')) return say('container: the context is made; it is not tried, for chroot needs root')
  const tree = join(context, 'root')
  cpSync(project, join(tree, 'project'), { recursive: true })
  const words = ['/usr/sbin/chroot', tree, '/usr/bin/node', '/app/bin/run.js']
  const url = { MIGSTATE_URL: 'sqlite:////project/db.sqlite3', MIGSTATE_PROJECT: '/project', HOME: '/home/migstate', PATH: '', MIGSTATE_NO_CACHE: '1' }
  const ended = spawnSync(words[0], [...words.slice(1), 'status', '--json'], { env: url, encoding: 'utf8' })
  const applied = ended.status === 0 ? JSON.parse(ended.stdout).result.summary.applied : 0
  // The apps of Django are not in the image.
  if (applied < 7) throw new Error(`container: status does not answer (exit ${ended.status}): ${ended.stdout}${ended.stderr}`)
  say(`container: status says ${applied} applied, in its own tree`)
  const engine = ['buildah', 'podman', 'docker'].find((name) => spawnSync(name, ['info']).status === 0)
  say(engine ? `container: ${engine} is here; build it with the command that build:container prints` : 'container: no engine works here, so no image was built')
}

async function release(words) {
  if (!words.includes('--dry-run')) giveUp('This publishes nothing: say --dry-run. What it has tried is published by hand (CONTRIBUTING.md).')
  const skipped = words.filter((_word, index) => words[index - 1] === '--skip')
  const wrong = versionProblems()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-release-')))
  try {
    await must(process.execPath, [join(root, 'bin', 'build.mjs')], { doing: 'Building the program and the library' })
    const packed = JSON.parse(spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }).stdout)
    const tarball = join(folder, packed[0].filename)
    const { wheel, sdist } = buildWheel(join(folder, 'python'))
    const pythons = findPythons()
    const django = await ensureDjango({ version: '5.2', packages: ['psycopg2-binary', 'PyMySQL'], pythons, variant: 'test' })
    if (django.missing) throw new Error(django.missing)
    const project = await toyProject(folder, django.python)
    const at = { folder, project, base: django.python }
    if (!skipped.includes('wheel')) await tryPython('wheel', wheel, at)
    if (!skipped.includes('sdist')) await tryPython('sdist', sdist, at)
    if (!skipped.includes('tarball')) await tryTarball(tarball, { ...at, nodes: await nodesWithSqlite(pythons) })
    if (!skipped.includes('container')) await tryContainer(at)
    for (const name of skipped) say(`${name}: left out`)
    const keep = words.indexOf('--keep')
    if (keep >= 0) for (const file of [tarball, wheel, sdist]) cpSync(file, join(words[keep + 1], file.split('/').at(-1)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if (wrong.length > 0) giveUp(`${version} is not ready:\n${wrong.map((line) => `  ${line}`).join('\n')}`)
  say(`${version} can be published: migstate-${version}.tgz by npm, the wheel and the sdist by twine. Nothing was published.`)
}

/** Without a compiler SQLite is read by Node's own. */
async function nodesWithSqlite(pythons) {
  const found = {}
  for (const name of ['22', '24']) {
    const { node, missing } = await ensureNode({ version: name, pythons })
    if (missing) throw new Error(missing)
    found[name] = node
  }
  return found
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await release(process.argv.slice(2)).catch((error) => giveUp(error.message))
