import { readFileSync } from 'node:fs'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { ensurePackages, siteFolder, SITES } from '../../bin/packages-env.mjs'
import { openProject } from '../../src/project/index.js'
import { compareProject } from './compare-project.js'
import { askLoader } from './django-tests.js'
import type { Figures } from './figures.js'

/** Sites of many packages each, by Django's version: read statically and by Django's loader. */
export async function comparePackages(): Promise<Figures[]> {
  const figures: Figures[] = []
  for (const version of Object.keys(SITES)) figures.push(await compareSite(version))
  return figures
}

async function compareSite(version: string): Promise<Figures> {
  const made = (await ensurePackages(version)) as { home?: string; missing?: string }
  const none: Figures = { part: 'Packages from PyPI', versions: version, what: '', answers: 0, disagreements: 0, unknowns: 0, notes: [] }
  if (made.home === undefined) return { ...none, what: `left out, ${made.missing}` }
  const folder = siteFolder(version) as string
  const django = askLoader(folder, made.home)
  if ('failed' in django) return { ...none, what: `Django cannot load them: ${django.failed}`, disagreements: 1 }
  const ours = openProject({ folder, managePy: undefined, settings: undefined, python: join(made.home, 'bin', 'python'), path: [], env: {} }).files()
  const figures = compareProject(ours, django)
  const count = readFileSync(join(folder, 'packages.txt'), 'utf8').trim().split('\n').length
  return {
    ...none,
    what: `${count} packages, ${figures.apps} apps: ${figures.nodes} migrations, ${figures.edges} edges, ${figures.operations} operations`,
    answers: figures.nodes + figures.edges + figures.operations,
    disagreements: figures.disagreements.length,
    unknowns: figures.unknowns.length,
    notes: [...figures.disagreements, ...figures.unknowns.map((text) => `unknown: ${text}`)],
  }
}
