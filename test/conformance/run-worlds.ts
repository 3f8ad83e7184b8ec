import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openProject, type ProjectFiles } from '../../src/project/index.js'
import { rulesFor } from '../../src/django/rules.js'
import { type Count, compareState, type Difference, type StateAnswer } from './compare.js'
import { Oracle } from './oracle.js'
import { filesOf, labelOf, type World } from './world.js'

export interface Disagreement extends Difference {
  version: string
  state: number
}

/** Enough for every order in which a handful of files can come out of a set: of 160 seeds all miss one of six orders once in 10^12. */
const HASH_SEEDS = Array.from({ length: 160 }, (_unused, index) => String(index + 1))

/** So many of them are nearly always enough; the processes of the others are not kept. */
const KEPT_SEEDS = 16

/** Asks Django and ourselves about worlds; holds one process for each Django. */
export class Worlds {
  readonly count: Count = { answers: 0, unknown: 0 }
  readonly #oracles: Oracle[]
  readonly #homes: Record<string, string>
  readonly #folder = mkdtempSync(join(tmpdir(), 'migstate-worlds-'))
  readonly #seeded = new Map<string, Oracle>()
  #made = 0

  /** @param homes version to the folder of its virtual environment */
  constructor(homes: Record<string, string>) {
    this.#homes = homes
    this.#oracles = Object.entries(homes).map(([version, home]) => new Oracle(version, home))
  }

  async compare(world: World, versions = Object.keys(this.#homes)): Promise<Disagreement[]> {
    const folder = this.#write(world)
    try {
      const found = await Promise.all(
        this.#oracles.filter((oracle) => versions.includes(oracle.version)).map((oracle) => this.#compareOne(world, folder, oracle)),
      )
      return found.flat()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  async #compareOne(world: World, folder: string, oracle: Oracle): Promise<Disagreement[]> {
    const ask = (who: Oracle) => who.ask<{ states: StateAnswer[] }>({ folder, states: world.states })
    const answer = await ask(oracle)
    const project = readProject(folder, oracle)
    const compare = (said: { states: StateAnswer[] }, count: Count) =>
      world.states.flatMap((state, index) =>
        compareState(project, state, said.states[index] as StateAnswer, count).map((one) => ({ ...one, version: oracle.version, state: index })),
      )
    let differences = compare(answer, this.count)
    // The dict order of Python 2 hardly moves with the hash seed, and in Django 1.8 it decides what a squash of squashes means.
    if (!rulesFor(oracle.version).replacesInGraph && isNested(world)) return []
    // Where Django's answer depends on the order of a set, another hash seed gives another one: any of them is right.
    for (const seed of HASH_SEEDS) {
      if (differences.length === 0) return []
      const asked = this.#withHashSeed(oracle, seed)
      const again = compare(await ask(asked), { answers: 0, unknown: 0 })
      if (Number(seed) > KEPT_SEEDS) asked.close()
      differences = differences.filter((one) => again.some((other) => other.state === one.state && other.what === one.what))
    }
    return differences
  }

  #withHashSeed(oracle: Oracle, seed: string): Oracle {
    const key = `${oracle.version} ${seed}`
    const known = this.#seeded.get(key) ?? new Oracle(oracle.version, oracle.home, 'oracle.py', { PYTHONHASHSEED: seed })
    if (Number(seed) <= KEPT_SEEDS) this.#seeded.set(key, known)
    return known
  }

  #write(world: World): string {
    const folder = join(this.#folder, String(this.#made++))
    for (const [path, text] of Object.entries(filesOf(world))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    return folder
  }

  close(): void {
    for (const oracle of [...this.#oracles, ...this.#seeded.values()]) oracle.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

export function isNested(world: World): boolean {
  const squashes = new Set(world.apps.flatMap((app) => app.migrations.filter((one) => one.replaces).map((one) => `${labelOf(app)}.${one.name}`)))
  return world.apps.some((app) => app.migrations.some((one) => one.replaces?.some((pair) => squashes.has(pair.join('.')))))
}

function readProject(folder: string, { home }: Oracle): ProjectFiles {
  return openProject({ folder, managePy: undefined, settings: undefined, python: join(home, 'bin', 'python'), path: [], env: {} }).files()
}
