import { loadHistory, pairOf, rulesFor } from '../../src/migrations/index.js'
import type { MigrationFile, Operation, ProjectFiles } from '../../src/project/index.js'

interface DjangoOperation {
  type: string
  bases: string[]
  reversible: boolean | null
  model_name?: string | null
  name?: string | null
  old_name?: string | null
  new_name?: string | null
  elidable?: boolean | null
  atomic?: boolean | null
  code?: string | null
  [more: string]: unknown
}

export interface DjangoProject {
  apps: { label: string; name: string }[]
  migrated: string[]
  /** Of an empty table, in its order; empty where the graph cannot be built. */
  plan?: [string, string][]
  migrations: {
    key: [string, string]
    label: string
    dependencies: [string, string][]
    runBefore: [string, string][]
    replaces: [string, string][]
    initial: boolean | null
    atomic: boolean
    operations: DjangoOperation[]
  }[]
  graph: { nodes: [string, string][]; edges: [[string, string], [string, string]][] } | { exception: string; message: string }
}

export interface ProjectFigures {
  apps: number
  nodes: number
  edges: number
  operations: number
  /** What we say otherwise than Django. */
  disagreements: string[]
  /** What we make no claim about. */
  unknowns: string[]
}

/** Node by node, edge by edge, operation by operation, label by label. */
export function compareProject(ours: ProjectFiles, django: DjangoProject): ProjectFigures {
  const figures: ProjectFigures = { apps: django.apps.length, nodes: django.migrations.length, edges: 0, operations: 0, disagreements: [], unknowns: [] }
  const wrong = (what: string, theirs: unknown, mine: unknown) => figures.disagreements.push(`${what}: Django ${show(theirs)}, ours ${show(mine)}`)
  compareApps(ours, django, figures, wrong)
  const mine = new Map(ours.apps.flatMap((app) => app.migrations.map((file) => [`${app.label}.${file.name}`, file])))
  for (const one of django.migrations) {
    const name = one.key.join('.')
    const file = mine.get(name)
    mine.delete(name)
    if (!file && !ours.complete) figures.unknowns.push(name)
    else if (!file) wrong(name, 'a migration', 'none')
    else compareMigration(name, file, one, figures, wrong)
  }
  for (const [name, file] of mine) if (!file.broken) wrong(name, 'no migration', 'one')
  if ('nodes' in django.graph) compareGraph(ours, django.graph, figures, wrong)
  return figures
}

type Wrong = (what: string, theirs: unknown, mine: unknown) => void

function compareApps(ours: ProjectFiles, django: DjangoProject, figures: ProjectFigures, wrong: Wrong): void {
  if (!ours.complete) figures.unknowns.push(`INSTALLED_APPS: ${ours.problems[0]?.message}`)
  for (const entry of ours.notFound) figures.unknowns.push(`app ${entry} was not found`)
  const labels = new Map(ours.apps.map((app) => [app.label, app]))
  for (const { label, name } of django.apps) {
    const app = labels.get(label)
    if (!app && !ours.complete) figures.unknowns.push(`label ${label}`)
    else if (!app) wrong(`label ${label}`, name, 'not there')
    else if (app.module !== name) wrong(`app ${label}`, name, app.module)
    else if (app.migrated !== django.migrated.includes(label)) wrong(`app ${label} has migrations`, !app.migrated, app.migrated)
    labels.delete(label)
  }
  for (const [label, app] of labels) if (app.inDoubt) labels.delete(label)
  for (const label of labels.keys()) wrong(`label ${label}`, 'not there', 'an app')
}

function compareMigration(name: string, file: MigrationFile, one: DjangoProject['migrations'][number], figures: ProjectFigures, wrong: Wrong): void {
  if (file.broken) return wrong(name, 'loaded', `${file.broken.exception}: ${file.broken.message}`)
  if (file.problems.length > 0) {
    figures.unknowns.push(`${name}: ${file.problems[0]?.message} (line ${file.problems[0]?.line})`)
    return
  }
  const check = (what: string, theirs: unknown, mine: unknown) => {
    if (JSON.stringify(theirs) !== JSON.stringify(mine)) wrong(`${name} ${what}`, theirs, mine)
  }
  check('label', one.label, file.recordedAs ?? file.app)
  check(
    'dependencies',
    one.dependencies,
    file.dependencies.map((other) => [other.app, other.name]),
  )
  check(
    'run_before',
    one.runBefore,
    file.runBefore.map((other) => [other.app, other.name]),
  )
  check('replaces', one.replaces, file.replaces)
  check('initial', one.initial, file.initial)
  if (file.atomic === null) figures.unknowns.push(`${name}: atomic`)
  else check('atomic', one.atomic, file.atomic)
  figures.operations += one.operations.length
  if (file.operations === null) {
    figures.unknowns.push(`${name}: operations`)
    return
  }
  if (file.operations.length !== one.operations.length)
    return wrong(
      `${name} operations`,
      one.operations.map((each) => each.type),
      file.operations.map((each) => each.type),
    )
  one.operations.forEach((theirs, index) => compareOperation(`${name} operation ${index + 1}`, file.operations?.[index] as Operation, theirs, figures, wrong))
}

function compareOperation(name: string, ours: Operation, theirs: DjangoOperation, figures: ProjectFigures, wrong: Wrong): void {
  const check = (what: string, django: unknown, mine: unknown) => {
    if (JSON.stringify(django) !== JSON.stringify(mine)) wrong(`${name} (${theirs.type}) ${what}`, django, mine)
  }
  check('type', theirs.type, ours.type)
  if (ours.reversible === null) {
    // A custom operation may do anything; of Django's own we should know.
    if (theirs.bases[0] === theirs.type) figures.unknowns.push(`${name}: reversible`)
  } else check('reversible', theirs.reversible, ours.reversible)
  const django = theirs.bases[0] === theirs.type
  if (!django) return
  const lower = (text: unknown) => (typeof text === 'string' ? text.toLowerCase() : (text ?? undefined))
  const { model, field, oldName, newName } = ours
  if (typeof theirs.model_name === 'string') check('model_name', lower(theirs.model_name), lower(model))
  if (theirs.old_name !== undefined && theirs.old_name !== null) check('old_name', theirs.old_name, oldName)
  if (theirs.new_name !== undefined && theirs.new_name !== null) check('new_name', theirs.new_name, newName)
  if (typeof theirs.name === 'string' && !theirs.type.startsWith('Rename')) check('name', theirs.name, field ?? ours.name ?? model)
  if (theirs.elidable !== undefined) check('elidable', theirs.elidable, ours.elidable ?? false)
  if (theirs.type === 'RunPython' && theirs.atomic !== undefined) check('atomic', theirs.atomic ?? undefined, ours.atomic)
  if (theirs.code !== undefined && theirs.code !== null) {
    const mine = ours.code?.split('.').at(-1)
    if (mine === undefined || mine.includes('(')) figures.unknowns.push(`${name}: function ${ours.code}`)
    else check('code', theirs.code, mine)
  }
}

function compareGraph(
  ours: ProjectFiles,
  graph: { nodes: [string, string][]; edges: [[string, string], [string, string]][] },
  figures: ProjectFigures,
  wrong: Wrong,
): void {
  figures.edges = graph.edges.length
  const view = loadHistory(ours, [], rulesFor(ours.djangoVersion))
  // Where apps are open to more, what is not there is not claimed.
  const open = !ours.complete
  const nodes = new Set([...view.graph.nodes.keys()].map((key) => pairOf(key).join('.')))
  for (const node of graph.nodes) if (!nodes.delete(node.join('.')) && !open) wrong(`node ${node.join('.')}`, 'there', 'not there')
  for (const node of nodes) wrong(`node ${node}`, 'not there', 'there')
  // An edge of a file that is known to be unread is counted there.
  const unread = new Set(ours.apps.flatMap((app) => app.migrations.filter((file) => file.problems.length > 0).map((file) => `${app.label}.${file.name}`)))
  const edges = new Set(
    [...view.graph.nodes.keys()].flatMap((key) => view.graph.parents(key).map((parent) => `${pairOf(key).join('.')} -> ${pairOf(parent).join('.')}`)),
  )
  for (const [child, parent] of graph.edges) {
    const edge = `${child.join('.')} -> ${parent.join('.')}`
    if (!edges.delete(edge) && !open && !unread.has(child.join('.')) && !unread.has(parent.join('.'))) wrong(`edge ${edge}`, 'there', 'not there')
  }
  for (const edge of edges) wrong(`edge ${edge}`, 'not there', 'there')
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
