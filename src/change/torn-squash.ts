import { MigstateError } from '../errors/index.js'
import { dotted, type Key, type LoaderView, makeKey, pairOf } from '../migrations/index.js'

/**
 * Squashes that Django could use no longer: some of their parts would be recorded and others not, and one of them has no file. Django takes the
 * squash out of the graph without a word where nothing of it is left (`remove_replacement_node`), and dies of what its models are missing to.
 */
function newlyTorn(now: LoaderView, after: LoaderView): Key[] {
  return [...after.replacements]
    .filter(([key, { replaces }]) => now.graph.hasNode(key) && !after.graph.hasNode(key) && replaces.some(([app, name]) => !after.disk.has(makeKey(app, name))))
    .map(([key]) => key)
    .sort()
}

/** @throws MigstateError `would-make-hole` */
export function refuseTornSquash(now: LoaderView, after: LoaderView): void {
  const torn = newlyTorn(now, after)
  if (torn.length === 0) return
  const names = torn.map(dotted).join(', ')
  const one = torn.length === 1
  throw new MigstateError(
    'would-make-hole',
    `Of what ${names} ${one ? 'replaces' : 'replace'} only a part would be recorded, and the rest has no file: Django could use neither the squash nor its parts, and would stop at what depends on them.`,
    {
      hint: 'Name the squash itself: its row and those of all that it replaces belong together. As long as its file has "replaces", these rows are not to be pruned.',
      details: { holes: torn.map(pairOf), applied: [] },
    },
  )
}
