// Builds dist/cli.cjs, the one file that is shipped as the CLI, and dist/lib, the library with its declarations.
// "node bin/build.js --cli" builds the CLI only.
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The command map is the folder: commands/mark/applied.ts is "mark:applied". */
export function commandFiles(folder = join(root, 'commands')) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => ({ id: file.replace(/\.ts$/, '').split('/').join(':'), path: join(folder, file) }))
}

// Knex names every driver it could use, oclif its TypeScript helpers; none of them is installed or wanted.
const EXTERNAL = [
  'better-sqlite3',
  'pg-native',
  'pg-query-stream',
  'pg-cloudflare',
  'oracledb',
  'tedious',
  'mysql',
  'sqlite3',
  'mariadb/callback',
  'typescript',
  'ts-node',
  'tsx',
]

async function buildCli() {
  const { build } = await import('esbuild')
  const commands = commandFiles()
  const entry = `
    import { Config } from '@oclif/core'
    import { main } from './src/cli/main.ts'
    ${commands.map(({ path }, index) => `import C${index} from './${relative(root, path)}'`).join('\n')}
    export const COMMANDS = { ${commands.map(({ id }, index) => `'${id}': C${index}`).join(', ')} }
    export async function run(argv, root) {
      const config = await Config.load({ root })
      await main(argv, { config, find: async (id) => COMMANDS[id] })
    }`
  await build({
    stdin: { contents: entry, resolveDir: root, sourcefile: 'cli-entry.ts', loader: 'ts' },
    outfile: join(root, 'dist', 'cli.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: EXTERNAL,
    minifySyntax: true,
    minifyIdentifiers: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    define: { 'import.meta.url': '__bundleUrl' },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  })
}

function buildLibrary() {
  rmSync(join(root, 'dist', 'lib'), { recursive: true, force: true })
  const result = spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
  })
  if (result.status !== 0) process.exit(result.status ?? 1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildCli()
  if (!process.argv.includes('--cli')) buildLibrary()
}
