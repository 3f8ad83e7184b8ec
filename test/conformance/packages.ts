import { join } from 'node:path'
import { readFileSync } from 'node:fs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { ensurePackages } from '../../bin/packages-env.js'
import { openProject } from '../../src/django/index.js'
import { root } from '../support/root.js'
import { compareProject } from './compare-project.js'
import { askLoader } from './django-tests.js'
import type { Figures } from './figures.js'

export const PACKAGES = join(root, 'test', 'conformance', 'packages')

/** One site of all the packages: read statically and by Django's loader. */
export async function comparePackages(): Promise<Figures> {
  const made = (await ensurePackages()) as { home?: string; missing?: string }
  const none: Figures = { part: 'Packages from PyPI', versions: '5.2', what: '', answers: 0, disagreements: 0, unknowns: 0, notes: [] }
  if (made.home === undefined) return { ...none, what: `left out, ${made.missing}` }
  const django = askLoader(PACKAGES, made.home)
  if ('failed' in django) return { ...none, what: `Django cannot load them: ${django.failed}`, disagreements: 1 }
  const ours = openProject({ folder: PACKAGES, managePy: undefined, settings: undefined, python: join(made.home, 'bin', 'python'), path: [], env: {} }).files()
  const figures = compareProject(ours, django)
  const count = readFileSync(join(PACKAGES, 'packages.txt'), 'utf8').trim().split('\n').length
  return {
    ...none,
    what: `${count} packages, ${figures.apps} apps: ${figures.nodes} migrations, ${figures.edges} edges, ${figures.operations} operations`,
    answers: figures.nodes + figures.edges + figures.operations,
    disagreements: figures.disagreements.length,
    unknowns: figures.unknowns.length,
    notes: [...figures.disagreements, ...figures.unknowns.map((text) => `unknown: ${text}`)],
  }
}
