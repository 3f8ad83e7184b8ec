// "npm run conformance": asks Django, prints how far we agree, and with --write keeps the figures in docs/conformance.md.
import { parseArgs } from 'node:util'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { driversFor, ensureDjango, findPythons } from '../../bin/django-env.mjs'
import { comparePackage, djangoTests, migrationPackages } from './django-tests.js'
import type { Figures } from './figures.js'
import { generateWorld } from './generate.js'
import { comparePackages } from './packages.js'
import { compareProducts } from './products.js'
import { writeFigures } from './report.js'
import { Worlds } from './run-worlds.js'
import { shrink } from './shrink.js'

/** Worlds that are asked about at the same time. */
const AT_ONCE = 4
const VERSIONS = ['1.8', '1.11', '2.2', '3.2', '4.2', '5.2', '6.0']

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    django: { type: 'string', default: '3.2,5.2,6.0' },
    only: { type: 'string' },
    /** One of the products. */
    product: { type: 'string' },
    /** Other products than those of products.json, written in the same way. */
    sites: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const versions = values.django === 'all' ? VERSIONS : values.django.split(',')
const wanted = (part: string) => values.only === undefined || values.only.split(',').includes(part)

const homes: Record<string, string> = {}
for (const version of wanted('worlds') || wanted('django') ? versions : []) {
  const made = await ensureDjango({ version, packages: driversFor(version), pythons: findPythons(), variant: 'test' })
  if (made.missing) console.log(`Django ${version}: left out, ${made.missing}`)
  else homes[version] = made.home
}
const figures: Figures[] = []
if (wanted('worlds')) figures.push(await runWorlds(Number(values.seed), Number(values.worlds)))
if (wanted('django')) for (const version of Object.keys(homes)) figures.push(runDjangoTests(version, homes[version] as string))
if (wanted('products')) figures.push(...(await compareProducts(values.product, values.sites)))
if (wanted('packages')) figures.push(...(await comparePackages()))
for (const one of figures) {
  console.log(`${one.part}, Django ${one.versions}: ${one.what}; ${one.answers} answers compared, ${one.disagreements} disagreements, ${one.unknowns} unknown`)
  for (const note of one.notes) console.log(`  ${note}`)
}
if (values.write) writeFigures(figures)
process.exitCode = figures.some((one) => one.disagreements > 0) ? 1 : 0

/** Generated worlds: every answer of every Django against ours. */
async function runWorlds(seed: number, count: number): Promise<Figures> {
  const worlds = new Worlds(homes)
  const notes: string[] = []
  let bad = 0
  try {
    let [next, done] = [seed, 0]
    const work = async () => {
      while (next < seed + count) {
        const at = next++
        const world = generateWorld(at)
        const [first] = await worlds.compare(world)
        if (first && ++bad <= 10) {
          console.log(`  seed ${at} disagrees with Django ${first.version}: ${first.what}`)
          const small = await shrink(world, async (smaller) => (await worlds.compare(smaller, [first.version])).length > 0)
          const [still] = await worlds.compare(small, [first.version])
          notes.push(`seed ${at}: ${JSON.stringify(small)}`, `  ${JSON.stringify(still ?? first)}`)
        }
        if (++done % 100 === 0) console.log(`  ${done} worlds, ${worlds.count.answers} answers, ${bad} worlds with a disagreement`)
      }
    }
    // The Djangos take unequally long: the next worlds wait in their pipes.
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    const { answers, unknown } = worlds.count
    return {
      part: 'Generated worlds',
      versions: Object.keys(homes).join(', '),
      what: `${count} worlds from seed ${seed}`,
      answers,
      disagreements: bad,
      unknowns: unknown,
      notes,
    }
  } finally {
    worlds.close()
  }
}

/** The migration packages of Django's own test suite. */
function runDjangoTests(version: string, home: string): Figures {
  const tests = djangoTests(version, home)
  const names = migrationPackages(tests)
  const total: Figures = { part: "Django's own tests", versions: version, what: '', answers: 0, disagreements: 0, unknowns: 0, notes: [] }
  let [nodes, edges, operations] = [0, 0, 0]
  for (const name of names) {
    const one = comparePackage(tests, name, home)
    if ('django' in one) {
      total.notes.push(`${name}: Django itself cannot load it here (${one.django.slice(0, 120)})`)
      continue
    }
    nodes += one.nodes
    edges += one.edges
    operations += one.operations
    total.disagreements += one.disagreements.length
    total.unknowns += one.unknowns.length
    total.notes.push(...one.disagreements.map((text) => `${name}: ${text}`), ...one.unknowns.map((text) => `${name}: unknown: ${text}`))
  }
  total.what = `${names.length} packages: ${nodes} migrations, ${edges} edges, ${operations} operations`
  total.answers = nodes + edges + operations
  return total
}
