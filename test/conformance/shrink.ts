import type { World } from './world.js'

/** A smaller world that still fails: whatever can be left out is left out. */
export async function shrink(world: World, fails: (world: World) => Promise<boolean>): Promise<World> {
  let smallest = world
  for (let again = true; again; ) {
    again = false
    for (const smaller of smallerWorlds(smallest)) {
      if (!(await fails(smaller))) continue
      smallest = smaller
      again = true
      break
    }
  }
  return smallest
}

function* smallerWorlds(world: World): Generator<World> {
  const copy = () => structuredClone(world)
  const without = function* <T>(list: (world: World) => T[] | undefined): Generator<World> {
    for (let at = (list(world)?.length ?? 0) - 1; at >= 0; at--) {
      const smaller = copy()
      list(smaller)?.splice(at, 1)
      yield smaller
    }
  }
  if (world.states.length > 1) for (const state of world.states) yield { ...copy(), states: [structuredClone(state)] }
  yield* without((one) => one.apps)
  for (let state = 0; state < world.states.length; state++) {
    yield* without((one) => one.states[state]?.targets)
    yield* without((one) => one.states[state]?.rows)
  }
  for (let app = 0; app < world.apps.length; app++) {
    yield* without((one) => one.apps[app]?.migrations)
    for (const key of ['label', 'entry', 'kind', 'migrationModule', 'extra'] as const)
      if (world.apps[app]?.[key] !== undefined) {
        const smaller = copy()
        delete smaller.apps[app]?.[key]
        yield smaller
      }
    for (let at = 0; at < (world.apps[app]?.migrations.length ?? 0); at++) {
      yield* without((one) => one.apps[app]?.migrations[at]?.dependencies)
      yield* without((one) => one.apps[app]?.migrations[at]?.replaces)
      for (const key of ['runBefore', 'replaces', 'swappable', 'style', 'text'] as const)
        if (world.apps[app]?.migrations[at]?.[key] !== undefined) {
          const smaller = copy()
          delete smaller.apps[app]?.migrations[at]?.[key]
          yield smaller
        }
    }
  }
  for (const key of ['settings', 'userModel'] as const)
    if (world[key] !== undefined && world[key] !== 0) {
      const smaller = copy()
      delete smaller[key]
      yield smaller
    }
}
