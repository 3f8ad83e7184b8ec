import { Random } from './random.js'
import { labelOf, type Pair, type World, type WorldApp, type WorldMigration } from './world.js'

/** A world out of a seed: usually sane, often odd, sometimes broken. */
export function generateWorld(seed: number): World {
  const random = new Random(seed)
  // The first values of neighbouring seeds are alike.
  for (let skip = 0; skip < 5; skip++) random.next()
  const world: World = { apps: makeApps(random), settings: random.below(6), states: [] }
  for (const app of world.apps) chain(random, app)
  crossEdges(random, world)
  if (random.chance(0.65)) squashes(random, world)
  if (random.chance(0.25)) oddities(random, world)
  for (const app of world.apps) for (const migration of app.migrations) if (random.chance(0.3)) migration.style = random.below(8)
  const states = 3 + random.below(3)
  for (let index = 0; index < states; index++) world.states.push({ rows: makeRows(random, world), targets: makeTargets(random, world) })
  return world
}

function makeApps(random: Random): WorldApp[] {
  const modules = ['a', 'b', 'c', 'pkg.d', 'e'].slice(0, 1 + random.below(4))
  return modules.map((module) => {
    const app: WorldApp = { module, migrations: [] }
    if (random.chance(0.15)) {
      app.entry = random.pick(['config', 'automatic', 'default_app_config'] as const)
      if (random.chance(0.7)) app.label = `${module.split('.').at(-1)}_app`
    }
    if (random.chance(0.08)) app.kind = random.pick(['empty', 'namespace', 'module', 'absent'] as const)
    else if (random.chance(0.05)) app.migrationModule = random.pick(['moved.here', null, ''] as const)
    return app
  })
}

const WORDS = ['initial', 'data', 'more', 'fix', 'auto', 'index']

function chain(random: Random, app: WorldApp): void {
  const label = labelOf(app)
  const length = 1 + random.below(5)
  let tips: string[] = []
  for (let index = 1; index <= length; index++) {
    const name = random.chance(0.06) ? `${random.pick(WORDS)}${index}` : `${String(index).padStart(4, '0')}_${index === 1 ? 'initial' : random.pick(WORDS)}`
    const parents = tips.length > 1 || random.chance(0.9) ? tips : []
    app.migrations.push({ name, dependencies: parents.map((parent) => [label, parent]) })
    tips = [name]
    if (random.chance(0.12) && index > 1) {
      const branch = `${String(index).padStart(4, '0')}_other`
      app.migrations.push({ name: branch, dependencies: parents.map((parent) => [label, parent]) })
      // Not merged at the end of the chain: a conflict.
      if (index < length || random.chance(0.3)) tips.push(branch)
    }
  }
  if (tips.length > 1 && random.chance(0.8))
    app.migrations.push({ name: `${String(length + 1).padStart(4, '0')}_merge`, dependencies: tips.map((tip) => [label, tip]) })
}

function crossEdges(random: Random, world: World): void {
  world.apps.forEach((app, at) => {
    const others = world.apps.filter((_other, index) => index !== at)
    if (others.length === 0) return
    for (const migration of app.migrations) {
      if (random.chance(0.3)) {
        // Mostly to apps before, so that cycles stay rare.
        const other = random.chance(0.93) ? world.apps[random.below(at)] : random.pick(others)
        if (other && other !== app && other.migrations.length > 0) {
          const name = random.chance(0.2) ? random.pick(['__first__', '__latest__']) : random.pick(other.migrations).name
          migration.dependencies.push([labelOf(other), name])
        }
      }
      if (random.chance(0.05)) {
        const later = world.apps[at + 1 + random.below(world.apps.length - at)]
        if (later && later.migrations.length > 0)
          migration.runBefore = [[labelOf(later), random.chance(0.1) ? '__first__' : random.pick(later.migrations).name]]
      }
    }
  })
  if (random.chance(0.15)) {
    const owner = random.pick(world.apps)
    world.userModel = `${labelOf(owner)}.User`
    const user = random.pick(world.apps)
    if (user !== owner) random.pick(user.migrations).swappable = true
  }
}

/** A squash over a run of an app's migrations, its parts kept, partly kept or gone, sometimes over two apps, sometimes nested. */
function squashes(random: Random, world: World): void {
  const app = random.pick(world.apps)
  const first = squashRun(random, app)
  if (first && random.chance(0.25)) {
    const other = random.pick(world.apps)
    const part = random.pick(other.migrations)
    if (part !== first) first.replaces?.push([labelOf(other), part.name])
  }
  if (random.chance(0.35)) squashRun(random, random.pick(world.apps))
  if (first && random.chance(0.2)) {
    const label = labelOf(app)
    const next = app.migrations.find(
      (one) =>
        one.dependencies.some(([parent, name]) => parent === label && first.replaces?.some((replaced) => replaced[1] === name)) &&
        !first.replaces?.some(([, name]) => name === one.name) &&
        one !== first,
    )
    app.migrations.push({
      name: `${first.name}_again`,
      dependencies: [...first.dependencies],
      replaces: [[label, first.name], ...(next ? [[label, next.name] as Pair] : [])],
    })
  }
}

function squashRun(random: Random, app: WorldApp): WorldMigration | undefined {
  const label = labelOf(app)
  const plain = app.migrations.filter((one) => !one.replaces)
  if (plain.length < 2) return undefined
  const from = random.below(plain.length - 1)
  const to = from + 1 + random.below(plain.length - from - 1)
  const run = plain.slice(from, to + 1)
  const names = new Set(run.map((one) => one.name))
  const inside = ([parent, name]: Pair) => parent === label && names.has(name)
  const seen = new Set<string>()
  const dependencies = run.flatMap((one) => one.dependencies).filter((pair) => !inside(pair) && !seen.has(pair.join()) && seen.add(pair.join()))
  const squash: WorldMigration = {
    name: `${(run[0] as WorldMigration).name}_squashed_${(run.at(-1) as WorldMigration).name}`,
    dependencies,
    replaces: run.map((one): Pair => [label, one.name]),
  }
  app.migrations.push(squash)
  const last = (run.at(-1) as WorldMigration).name
  // Later migrations name the squash where somebody has cleaned up.
  if (random.chance(0.25))
    for (const one of app.migrations)
      if (one !== squash && !names.has(one.name))
        one.dependencies = one.dependencies.map((pair) => (pair[0] === label && pair[1] === last ? [label, squash.name] : pair))
  if (random.chance(0.35)) {
    const gone = new Set(random.chance(0.6) ? names : random.some([...names], 0.5))
    app.migrations = app.migrations.filter((one) => !gone.has(one.name))
  }
  if (random.chance(0.08)) delete squash.replaces
  return squash
}

function oddities(random: Random, world: World): void {
  const app = random.pick(world.apps)
  const label = labelOf(app)
  switch (random.below(9)) {
    case 0:
      random.pick(app.migrations).dependencies.push([label, '0099_gone'])
      break
    case 1:
      random.pick(app.migrations).dependencies.push(['nowhere', random.pick(['0001_initial', '__first__'])])
      break
    case 2:
      app.extra = { '_helper.py': 'x = 1\n', '~tilde.py': 'raise ValueError\n', '.hidden.py': 'raise ValueError\n', 'notes.txt': '' }
      break
    case 3:
      app.migrations.push({ name: `0${app.migrations.length + 1}-dash`, dependencies: [[label, (app.migrations.at(-1) as WorldMigration).name]] })
      break
    case 4:
      app.migrations.push({ name: '0050_empty', dependencies: [], text: '# nothing here\n' })
      break
    case 5:
      app.migrations.push({ name: '0051_broken', dependencies: [], text: 'class Migration(\n' })
      break
    case 6:
      app.extra = { 'sub/__init__.py': '', 'sub/0001_x.py': 'raise ValueError\n' }
      break
    case 7:
      app.migrations.push({ name: `${(app.migrations[0] as WorldMigration).name}x`, dependencies: [[label, (app.migrations.at(-1) as WorldMigration).name]] })
      break
    default:
      random.pick(app.migrations).dependencies.push([label, random.pick(['__first__', '__latest__'])])
  }
}

function makeRows(random: Random, world: World): Pair[] {
  const everything = world.apps.flatMap((app) =>
    app.migrations.flatMap((one): Pair[] => [...(one.replaces ?? []), ...(one.replaces && random.chance(0.5) ? [] : [[labelOf(app), one.name] as Pair])]),
  )
  const unique = [...new Map(everything.map((pair) => [pair.join(), pair])).values()]
  let rows: Pair[]
  switch (random.below(6)) {
    case 0:
      rows = []
      break
    case 1:
      rows = unique
      break
    case 2:
      rows = random.some(unique, 0.5)
      break
    case 3:
      rows = unique.filter(() => random.chance(0.85))
      break
    case 4: {
      // What an older checkout would have recorded: each app up to somewhere.
      const until = new Map(world.apps.map((app) => [labelOf(app), random.below(6)]))
      rows = unique.filter(([app, name]) => (until.get(app) ?? 0) >= Number.parseInt(name, 10))
      break
    }
    default:
      rows = unique.filter(([, name]) => !name.includes('squashed') || random.chance(0.3))
  }
  if (random.chance(0.1)) rows = [...rows, [labelOf(random.pick(world.apps)), '0077_ghost']]
  if (random.chance(0.06)) rows = [...rows, ['gone_app', '0001_initial']]
  if (rows.length > 0 && random.chance(0.1)) rows = [...rows, random.pick(rows)]
  return rows
}

function makeTargets(random: Random, world: World): string[][] {
  const targets: string[][] = [[]]
  const count = 2 + random.below(4)
  for (let index = 0; index < count; index++) {
    const app = random.pick(world.apps)
    const label = labelOf(app)
    const one = app.migrations.length > 0 ? random.pick(app.migrations) : undefined
    const name = random.pick([undefined, 'zero', one?.name, one?.name, one?.name, one?.name.slice(0, 4), one?.replaces?.[0]?.[1], one?.replaces?.at(-1)?.[1]])
    targets.push(name === undefined ? [label] : [label, name])
  }
  if (random.chance(0.1)) targets.push([random.pick(['nope', 'pkg.d', 'gone_app'])])
  if (random.chance(0.1)) targets.push([labelOf(random.pick(world.apps)), 'nothing_like_it'])
  return targets
}
