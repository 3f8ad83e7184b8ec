import { appOf, checkApps, fullPlan, loadHistory, type MigrationStatus, pairOf, stateOf } from '../migrations/index.js'
import { needFiles } from './need-files.js'
import { lookAround, warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface GraphArgs {
  /** Labels; none: all apps. */
  apps?: string[]
}

type Pair = [app: string, name: string]

export interface GraphResult {
  /** In the order in which an empty database would get them. */
  nodes: { app: string; name: string; state: MigrationStatus['state'] }[]
  /** Child first. */
  edges: [child: Pair, parent: Pair][]
}

/** The migration graph as Django sees it with these rows, squashes in their places. */
export async function graph(workspace: Workspace, args: GraphArgs): Promise<GraphResult> {
  const { warnings } = workspace
  const project = needFiles(workspace, 'The graph')
  const { rows, journal } = await lookAround(workspace)
  checkApps(project, rows, args.apps ?? [])
  await warnUnfinished(workspace, journal)
  const rules = workspace.rules()
  const view = loadHistory(project, rows, rules)
  for (const gate of view.gates) if (gate.gate === 'missing-parent' || gate.gate === 'circular') warnings.add(gate.gate, gate.message)
  const wanted = args.apps?.length ? new Set(args.apps) : null
  // The members of a cycle are below no leaf.
  const order = new Set([...fullPlan(view), ...[...view.graph.nodes.keys()].sort()])
  const keys = [...order].filter((key) => wanted === null || wanted.has(appOf(key)))
  const shown = new Set(keys)
  return {
    nodes: keys.map((key) => ({ app: pairOf(key)[0], name: pairOf(key)[1], state: stateOf(view, rules, key) })),
    edges: keys.flatMap((key) =>
      view.graph
        .parents(key)
        .filter((parent) => shown.has(parent))
        .map((parent): [Pair, Pair] => [pairOf(key), pairOf(parent)]),
    ),
  }
}
