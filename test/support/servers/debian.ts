import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { cacheFolder as cache, ensureFolder } from '../../../bin/bootstrap.mjs'

/** Where what is fetched for the tests stays between runs, beside the Django environments. */
export function keptFolder(...parts: string[]): string {
  return join(ensureFolder(cache), ...parts)
}

/**
 * A file of a Debian package, from the root on: the installed one, else that of a package which is fetched and unpacked, not installed.
 * @param path without its first slash
 */
export function debianFile(name: string, path: string): string {
  return existsSync(`/${path}`) ? `/${path}` : join(debianPackage(name), path)
}

/**
 * Copies a program of a Debian package, with those libraries that come in packages of their own, into a folder: the cache of one user may be closed to
 * the one that it runs as. It is started with LD_LIBRARY_PATH set to that folder.
 * @returns the program there
 */
export function copyDebianProgram(home: string, name: string, path: string, libraries: readonly string[]): string {
  const program = debianFile(name, path)
  const copy = join(home, basename(path))
  cpSync(program, copy)
  for (const library of program === `/${path}` ? [] : libraries) {
    const folder = join(debianPackage(library), 'usr', 'lib')
    cpSync(folder, home, { recursive: true, verbatimSymlinks: true })
    for (const machine of readdirSync(folder)) if (!machine.includes('.so')) cpSync(join(folder, machine), home, { recursive: true, verbatimSymlinks: true })
  }
  return copy
}

/** The folder in which a Debian package is unpacked. @throws Error where apt cannot fetch it */
export function debianPackage(name: string): string {
  const home = keptFolder('debian', name)
  if (existsSync(home)) return home
  mkdirSync(keptFolder('debian'), { recursive: true })
  const work = mkdtempSync(keptFolder('debian', `.${name}-`))
  try {
    const fetch = () => spawnSync('apt-get', ['download', '-qq', name], { cwd: work, encoding: 'utf8' })
    let fetched = fetch()
    if (fetched.status !== 0) {
      spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
      fetched = fetch()
    }
    const file = readdirSync(work).find((one) => one.endsWith('.deb'))
    if (fetched.status !== 0 || !file) throw new Error(`apt-get download ${name}: ${fetched.stderr}`)
    const unpacked = spawnSync('dpkg-deb', ['-x', join(work, file), join(work, 'root')], { encoding: 'utf8' })
    if (unpacked.status !== 0) throw new Error(`dpkg-deb ${file}: ${unpacked.stderr}`)
    renameSync(join(work, 'root'), home)
    return home
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
