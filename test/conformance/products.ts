import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { ensureProduct } from '../../bin/products-env.mjs'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { root } from '../../bin/bootstrap.mjs'
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
  /** The template is the package inside of a project, not the project: its own program puts it there. */
  nested?: boolean
  /** `{folder}` stands for where its site is, `{packages}` for where its packages are. */
  env?: Record<string, string>
  /** What the manual of the product says to write. */
  files?: Record<string, string>
}

/** Sites of public products: apps, labels, migrations, graph and the plan of an empty table, against Django itself. */
export async function compareProducts(only: string | undefined, list = join(root, 'test', 'conformance', 'products', 'products.json')): Promise<Figures[]> {
  const sites = JSON.parse(readFileSync(list, 'utf8')) as Site[]
  const asked: Figures = { part: 'Sites of products, with --ask-django', versions: '', what: '', answers: 0, disagreements: 0, unknowns: 0, notes: [] }
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
    add(asked, name, one.asked)
    versions.add((one.version ?? '?').split('.').slice(0, 2).join('.'))
    products.add(site.product)
    count.sites++
    for (const key of ['apps', 'nodes', 'edges', 'operations', 'steps'] as const) count[key] += one[key]
    add(total, name, one)
  }
  const { sites: read, apps, nodes, edges, operations, steps } = count
  const answers = apps + nodes + edges + operations + steps
  const seen = [...versions].sort().join(', ')
  return [
    { ...asked, versions: seen, what: `the same ${read} sites`, answers },
    {
      ...total,
      versions: seen,
      what: `${read} sites of ${products.size} products, ${apps} apps: ${nodes} migrations, ${edges} edges, ${operations} operations, ${steps} steps of plans`,
      answers,
    },
  ]
}

function add(total: Figures, name: string, { disagreements, unknowns }: { disagreements: string[]; unknowns: string[] }): void {
  total.disagreements += disagreements.length
  total.unknowns += unknowns.length
  const notes = [...disagreements.map((text) => `${name}: ${text}`), ...unknowns.map((text) => `${name}: unknown: ${text}`)]
  total.notes.push(...notes)
  if (notes.length > 0) console.log(notes.map((note) => `    ${total.part}: ${note}`).join('\n'))
}

function compareSite(site: Site, home: string) {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-product-'))
  try {
    const settings = site.settings ?? startProject(site, folder, home)
    if (site.settings !== undefined) writeFileSync(join(folder, 'manage.py'), managePy(settings))
    for (const [path, text] of Object.entries(site.files ?? {})) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const given = Object.entries(site.env ?? {}).map(([name, value]) => [name, value.replace('{folder}', folder).replace('{packages}', packagesOf(home))])
    const env = { HOME: folder, ...Object.fromEntries(given) }
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
    const steps = comparePlan(ours, django, figures)
    return { ...figures, version: ours.djangoVersion, steps, asked: compareAsked(request, django) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** With `--ask-django` nothing may be left open. */
function compareAsked(request: Parameters<typeof openProject>[0], django: DjangoProject): { disagreements: string[]; unknowns: string[] } {
  const project = openProject({ ...request, ask: { command: [request.python as string], alias: null } })
  const ours = project.files()
  const figures = compareProject(ours, django)
  comparePlan(ours, django, figures)
  const failure = project.askFailure
  return { disagreements: figures.disagreements, unknowns: [...(failure ? [failure.reason, ...failure.tail] : []), ...figures.unknowns] }
}

function managePy(settings: string): string {
  return `import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
`
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

function packagesOf(home: string): string {
  return join(home, 'lib', readdirSync(join(home, 'lib')).find((name) => name.startsWith('python')) as string, 'site-packages')
}

/** `django-admin startproject --template`. @returns the settings module that its manage.py names */
function startProject({ template = '', nested = false }: Site, folder: string, home: string): string {
  const from = join(packagesOf(home), template)
  if (!existsSync(from)) throw new Error(`there is no ${from}`)
  const copy = mkdtempSync(join(tmpdir(), 'migstate-template-'))
  try {
    cpSync(from, nested ? join(copy, 'project_name') : copy, { recursive: true })
    if (nested) writeFileSync(join(copy, 'manage.py'), managePy('site_of_it.settings'))
    mkdirSync(folder, { recursive: true })
    execFileSync(join(home, 'bin', 'python'), ['-m', 'django', 'startproject', '--template', copy, 'site_of_it', folder], {
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
