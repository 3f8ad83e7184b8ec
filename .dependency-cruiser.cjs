// The import ladder of docs/decisions/0001: lowest first. A folder may import only what stands in its row.
const ladder = {
  errors: [],
  config: ['errors'],
  python: ['errors', 'config'],
  django: [],
  project: ['errors', 'config', 'python', 'django'],
  database: ['errors', 'config'],
  journal: ['errors', 'config', 'database'],
  change: ['errors', 'config', 'django', 'project', 'database', 'migrations', 'journal'],
  rerun: ['errors', 'config', 'django', 'project', 'database', 'migrations', 'journal', 'change'],
  recovery: ['errors', 'config', 'database', 'journal', 'change', 'rerun'],
  doctor: ['errors', 'config', 'django', 'project', 'database', 'migrations', 'journal'],
  api: ['errors', 'config', 'django', 'project', 'database', 'migrations', 'journal', 'change', 'rerun', 'recovery', 'doctor'],
  cli: ['errors', 'config', 'api', 'render'],
}

const onlyFrom = (name, comment, modules, folders) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(src|commands)/', pathNot: `^(${folders.join('|')})/` },
  to: { path: modules },
})

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(ladder).map(([folder, allowed]) => ({
      name: `ladder-${folder}`,
      comment: `src/${folder} may import ${allowed.join(', ') || 'nothing of the project'}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^(src|commands)/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
    })),
    {
      name: 'ladder-migrations',
      comment: 'src/migrations is pure: values of errors, facts of django, pure helpers of database/row, types of project and database',
      severity: 'error',
      from: { path: '^src/migrations/' },
      to: {
        path: '^(src|commands)/',
        pathNot: '^src/(migrations|errors|django)/|^src/database/row\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'ladder-render',
      comment: 'src/render turns values into text: types only',
      severity: 'error',
      from: { path: '^src/render/' },
      to: { path: '^(src|commands)/', pathNot: '^src/render/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'ladder-commands',
      comment: 'a command is metadata, parse, one call, render; commands never import each other',
      severity: 'error',
      from: { path: '^commands/' },
      to: { path: '^(src|commands)/', pathNot: '^src/(cli|api|render|errors)/' },
    },
    {
      name: 'ladder-index',
      severity: 'error',
      from: { path: '^src/(index|testing)\\.ts$' },
      to: { path: '^(src|commands)/', pathNot: '^src/(errors|api)/' },
    },
    onlyFrom('drivers', 'only src/database imports Knex and drivers', 'node_modules/(knex|pg|mysql2|better-sqlite3)/', ['src/database']),
    onlyFrom('processes', 'only src/rerun and src/project/ask start processes', '^(node:)?child_process$', ['src/rerun', 'src/project/ask']),
    onlyFrom('oclif', 'only src/cli and commands import oclif', 'node_modules/@oclif/', ['src/cli', 'commands']),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'], extensions: ['.ts', '.js', '.d.ts'] },
  },
}
