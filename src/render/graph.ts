import type { GraphResult } from '../api/graph.js'
import { cleanLine } from './clean.js'
import type { Page } from './page.js'
import { wrap } from './wrap.js'

export type GraphFormat = 'text' | 'mermaid' | 'dot'

/** The graph as lines for a terminal, or in the language of Mermaid or Graphviz. */
export function renderGraph(result: GraphResult, format: GraphFormat, page: Page): string {
  if (format === 'mermaid') return mermaid(result)
  return format === 'dot' ? dot(result) : lines(result, page)
}

type Node = GraphResult['nodes'][number]

const nameOf = ({ app, name }: Pick<Node, 'app' | 'name'>) => cleanLine(`${app}.${name}`)
const keyOf = (app: string, name: string) => `${app}\0${name}`

/** Ancestors first; each with what it stands on. */
function lines({ nodes, edges }: GraphResult, page: Page): string {
  const parents = new Map<string, string[]>()
  for (const [[app, name], [parentApp, parent]] of edges) {
    const key = keyOf(app, name)
    parents.set(key, [...(parents.get(key) ?? []), app === parentApp ? cleanLine(parent) : nameOf({ app: parentApp, name: parent })])
  }
  const mark = { applied: page.good('[X]'), unapplied: '[ ]', 'unrecorded-squash': page.note('[-]') }
  return nodes
    .map((node) => {
      const below = parents.get(keyOf(node.app, node.name)) ?? []
      return wrap(`${mark[node.state]} ${nameOf(node)}${below.length > 0 ? page.weak(`  after ${below.join(', ')}`) : ''}`, page.width, '      ')
    })
    .join('\n')
}

function mermaid({ nodes, edges }: GraphResult): string {
  const ids = new Map(nodes.map((node, index) => [keyOf(node.app, node.name), `m${index}`]))
  const apps = [...new Set(nodes.map((node) => node.app))]
  const label = (text: string) => cleanLine(text).replaceAll('"', '#quot;')
  const groups = apps.map((app, index) => {
    const inside = nodes
      .filter((node) => node.app === app)
      .map((node) => `    ${ids.get(keyOf(app, node.name))}["${label(node.name)}"]:::${node.state.replace('-', '_')}`)
    return [`  subgraph app${index}["${label(app)}"]`, ...inside, '  end'].join('\n')
  })
  const arrows = edges.map(([[app, name], [parentApp, parent]]) => `  ${ids.get(keyOf(parentApp, parent))} --> ${ids.get(keyOf(app, name))}`)
  const classes = [
    '  classDef applied fill:#d4edda,stroke:#28a745',
    '  classDef unapplied fill:#fff,stroke:#999,stroke-dasharray:4',
    '  classDef unrecorded_squash fill:#fff3cd,stroke:#b8860b',
  ]
  return ['flowchart LR', ...groups, ...arrows, ...classes].join('\n')
}

function dot({ nodes, edges }: GraphResult): string {
  const quote = (text: string) => `"${cleanLine(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const colour = { applied: 'fillcolor="#d4edda"', unapplied: 'fillcolor="white", style="filled,dashed"', 'unrecorded-squash': 'fillcolor="#fff3cd"' }
  const apps = [...new Set(nodes.map((node) => node.app))]
  const clusters = apps.map((app, index) => {
    const inside = nodes.filter((node) => node.app === app).map((node) => `    ${quote(nameOf(node))} [label=${quote(node.name)}, ${colour[node.state]}];`)
    return [`  subgraph cluster_${index} {`, `    label=${quote(app)};`, ...inside, '  }'].join('\n')
  })
  const arrows = edges.map(([[app, name], [parentApp, parent]]) => `  ${quote(nameOf({ app: parentApp, name: parent }))} -> ${quote(nameOf({ app, name }))};`)
  return ['digraph migrations {', '  rankdir=LR;', '  node [shape=box, style=filled];', ...clusters, ...arrows, '}'].join('\n')
}
