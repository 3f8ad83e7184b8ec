import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { ensureProduct } from '../../bin/products-env.js'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { root } from '../../bin/bootstrap.js'
import { planMigrate, rulesFor } from '../../src/migrations/index.js'
import { openProject, type ProjectFiles } from '../../src/project/index.js'
import { compareProject, type DjangoProject } from './compare-project.js'
import { askLoader } from './django-tests.js'
import type { Figures } from './figures.js'

/** A product of PyPI with the settings that it brings, or a template from which its sites are started. */
interface Site {
  product: string
  python: string
  settings?: string
  /** Folder in site-packages. */
  template?: string
  env?: Record<string, string>
}

/** Sites of public products: apps, labels, migrations, graph and the plan of an empty table, against Django itself. */
export async function compareProducts(only: string | undefined): Promise<Figures[]> {
  const sites = JSON.parse(readFileSync(join(root, 'test', 'conformance', 'products', 'products.json'), 'utf8')) as Site[]
  const total: Figures = { part: 'Sites of products', versions: '', what: '', answers: 0, disagreements: 0, unknowns: 0, notes: [] }
  const [versions, products] = [new Set<string>(), new Set<string>()]
  const count = { sites: 0, apps: 0, nodes: 0, edges: 0, operations: 0, steps: 0 }
  for (const site of sites.filter((one) => only === undefined || one.product === only)) {
    const name = `${site.product} (${site.settings ?? site.template})`
    const made = (await ensureProduct(site)) as { home?: string; missing?: string }
    if (made.home === undefined) {
      total.notes.push(`${name}: left out, ${made.missing}`)
      continue
    }
    const one = compareSite(site, made.home)
    if ('failed' in one) {
      total.notes.push(`${name}: Django itself does not start with it here (${one.failed.slice(0, 160)})`)
      continue
    }
    console.log(`  ${name}: ${one.disagreements.length} disagreements, ${one.unknowns.length} unknown`)
    versions.add((one.version ?? '?').split('.').slice(0, 2).join('.'))
    products.add(site.product)
    count.sites++
    for (const key of ['apps', 'nodes', 'edges', 'operations', 'steps'] as const) count[key] += one[key]
    total.disagreements += one.disagreements.length
    total.unknowns += one.unknowns.length
    total.notes.push(...one.disagreements.map((text) => `${name}: ${text}`), ...one.unknowns.map((text) => `${name}: unknown: ${text}`))
  }
  const { sites: read, apps, nodes, edges, operations, steps } = count
  return [
    {
      ...total,
      versions: [...versions].sort().join(', '),
      what: `${read} sites of ${products.size} products, ${apps} apps: ${nodes} migrations, ${edges} edges, ${operations} operations, ${steps} steps of plans`,
      answers: apps + nodes + edges + operations + steps,
    },
  ]
}

function compareSite(site: Site, home: string) {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-product-'))
  try {
    const settings = site.settings ?? startProject(site.template as string, folder, home)
    if (site.settings !== undefined) writeFileSync(join(folder, 'manage.py'), `import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")\n`)
    const env = { HOME: folder, ...site.env }
    // Products make folders beside their settings when they are first started.
    const django = askLoader(folder, home, { ...env, DJANGO_SETTINGS_MODULE: settings })
    if ('failed' in django) return django
    const request = {
      folder,
      managePy: undefined,
      settings,
      python: join(home, 'bin', 'python'),
      path: [],
      env: { ...env, PATH: process.env.PATH, LANG: 'C.UTF-8' },
    }
    const ours = openProject(request).files()
    const figures = compareProject(ours, django)
    return { ...figures, version: ours.djangoVersion, steps: comparePlan(ours, django, figures) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @returns how many steps were compared */
function comparePlan(ours: ProjectFiles, django: DjangoProject, figures: { disagreements: string[]; unknowns: string[] }): number {
  const plan = planMigrate({ project: ours, rows: [], rules: rulesFor(ours.djangoVersion), alias: 'default' })
  if (plan.blockedBy.some((gate) => gate.gate === 'unreadable')) {
    figures.unknowns.push(`plan: ${plan.blockedBy[0]?.message}`)
    return 0
  }
  const mine = plan.steps.map((one) => `${one.app}.${one.name}`)
  const theirs = (django.plan ?? []).map((key) => key.join('.'))
  const open = ours.open === true || ours.notFound.length > 0
  const same = open ? mine.every((one) => theirs.includes(one)) : JSON.stringify(mine) === JSON.stringify(theirs)
  if (!same) {
    const [missing, surplus] = [theirs.filter((one) => !mine.includes(one)), mine.filter((one) => !theirs.includes(one))]
    figures.disagreements.push(
      `plan: Django ${theirs.length} steps, ours ${mine.length}; missing ${missing.slice(0, 5).join(', ')}; surplus ${surplus.slice(0, 5).join(', ')}; ${plan.blockedBy[0]?.message ?? ''}`,
    )
  }
  return theirs.length
}

/** `django-admin startproject --template`. @returns the settings module that its manage.py names */
function startProject(template: string, folder: string, home: string): string {
  const packages = join(home, 'lib', readdirSync(join(home, 'lib')).find((name) => name.startsWith('python')) as string, 'site-packages')
  const from = join(packages, template)
  if (!existsSync(from)) throw new Error(`there is no ${from}`)
  const copy = mkdtempSync(join(tmpdir(), 'migstate-template-'))
  try {
    cpSync(from, copy, { recursive: true })
    mkdirSync(folder, { recursive: true })
    const extensions = ['--extension', 'py,rst,html,txt,ini,cfg', '--name', 'Dockerfile']
    execFileSync(join(home, 'bin', 'python'), ['-m', 'django', 'startproject', '--template', copy, ...extensions, 'site_of_it', folder], {
      stdio: 'pipe',
      env: { PATH: process.env.PATH },
    })
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  for (const place of ['local_settings.py.template'])
    if (existsSync(join(folder, 'site_of_it', place))) cpSync(join(folder, 'site_of_it', place), join(folder, 'site_of_it', 'local_settings.py'))
  const manage = existsSync(join(folder, 'manage.py')) ? readFileSync(join(folder, 'manage.py'), 'utf8') : ''
  return /DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)["']/.exec(manage)?.[1] ?? 'site_of_it.settings'
}
