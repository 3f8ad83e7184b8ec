// What the README's commands need before anything is installed: Node's own modules only.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Virtual environments and the like lie outside the checkout, so that a fresh clone need not make them again. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'migstate')

export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Something is missing on this machine: one sentence, exit 1. */
export function giveUp(sentence) {
  say(sentence)
  process.exit(1)
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) giveUp(`migstate needs Node 20.19 or newer; this is ${process.version}.`)
}

/** Runs a program with its output kept back; shown only when it fails. Says every 15 seconds that it is still at it. */
export function run(command, args, { doing, env = process.env, cwd = root } = {}) {
  return new Promise((done) => {
    const began = Date.now()
    if (doing) say(`${doing} …`)
    const ticker = setInterval(() => doing && say(`  still at it: ${doing} (${Math.round((Date.now() - began) / 1000)} s)`), 15_000)
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const finish = (status) => {
      clearInterval(ticker)
      done({ status, output })
    }
    child.on('error', (error) => {
      output += error.message
      finish(127)
    })
    child.on('close', (status) => finish(status ?? 1))
  })
}

/** npm packages, as the lockfile says; again only when the lockfile has changed. */
export async function ensurePackages() {
  const stamp = join(root, 'node_modules', '.migstate-lock')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.version)
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  // npm ci empties the folder, of whatever checkout it is.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
    giveUp('node_modules is a link to the packages of another checkout, which are other ones. Remove the link, then run this again.')
  const result = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    doing: 'Installing npm packages (better-sqlite3 may be compiled, which takes a minute or two)',
    env: npmEnvironment(),
  })
  if (result.status !== 0) {
    say(result.output.split('\n').slice(-25).join('\n'))
    giveUp('npm could not install the packages; what it said stands above.')
  }
  const sqlite = spawnSync(process.execPath, ['-e', 'require("better-sqlite3")(":memory:")'], { cwd: root, encoding: 'utf8' })
  if (sqlite.status !== 0) giveUp('better-sqlite3 was not built: install a C++ compiler, make and python3, then run this again.')
  writeFileSync(stamp, wanted)
}

/** Where no prebuilt binary can be downloaded, node-gyp compiles; the headers beside this Node spare it another download. */
function npmEnvironment() {
  const prefix = resolve(process.execPath, '..', '..')
  const configured = spawnSync('npm', ['config', 'get', 'nodedir'], { cwd: root, encoding: 'utf8' }).stdout?.trim()
  const own = configured && configured !== 'undefined' && configured !== 'null'
  if (own || !existsSync(join(prefix, 'include', 'node', 'node.h'))) return process.env
  return { ...process.env, npm_package_config_node_gyp_nodedir: prefix }
}

export async function buildCli() {
  const result = await run(process.execPath, [join(root, 'bin', 'build.mjs'), '--cli'], {})
  if (result.status !== 0) giveUp(`The build failed:\n${result.output}`)
}

export function ensureFolder(path, mode = 0o755) {
  mkdirSync(path, { recursive: true, mode })
  return path
}
