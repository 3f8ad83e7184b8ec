import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { root } from './cli.js'
import type { TestDatabase } from './databases.js'
import { endProcessesIn, whenTestEnds } from './endings.js'
import { forkManage } from './manage-server.js'
import { migratedDatabase } from './migrated.js'

/** Version to the folder of its virtual environment. */
export const djangos = JSON.parse(process.env.MIGSTATE_TEST_DJANGO ?? '{}') as Record<string, string>

export const newestDjango = Object.keys(djangos).at(-1)
/** One version for tests that are about migstate and not about Django. */
export const oneDjango = djangos['5.2'] ? '5.2' : newestDjango

export interface DjangoProject {
  folder: string
  /** For migstate and for manage.py. */
  env: Record<string, string>
  manage(...args: string[]): Promise<{ exitCode: number; output: string }>
  /** The same, told of its output as it comes. */
  manageLive(args: string[], onOutput: (chunk: string) => void): Promise<{ exitCode: number; output: string }>
  /** Adds or replaces files, given by path in the project. */
  write(files: Record<string, string>): void
  remove(): void
}

/** A copy of examples/shop that uses a test's database and one Django. */
export function shopProject(version: string, database: TestDatabase): DjangoProject {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-shop-'))
  cpSync(join(root, 'examples', 'shop'), folder, { recursive: true })
  return projectAt(folder, version, database)
}

/** The shop in a database of its own, its migrations applied by Django. */
export async function migratedShop(version: string, engine: TestDatabase['engine']): Promise<{ database: TestDatabase; shop: DjangoProject }> {
  const database = await migratedDatabase(engine, version, async (first) => {
    const shop = shopProject(version, first)
    const migrated = await shop.manage('migrate', '-v0')
    expect(migrated, migrated.output).toMatchObject({ exitCode: 0 })
  })
  return { database, shop: shopProject(version, database) }
}

export function projectAt(folder: string, version: string, database: TestDatabase): DjangoProject {
  const home = djangos[version] as string
  const env: Record<string, string> = { ...database.env, VIRTUAL_ENV: home }
  const remove = () => {
    endProcessesIn(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  whenTestEnds(remove)
  // Django 1.8 has the backend under its old name only.
  if (version === '1.8' && database.engine === 'postgresql') env.SHOP_DB_ENGINE = 'django.db.backends.postgresql_psycopg2'
  return {
    folder,
    env,
    manage: (...args) => (forks(version, env) ? forkManage(home, folder, args, { ...process.env, ...env }) : manage(folder, home, env, args)),
    manageLive: (args, onOutput) => manage(folder, home, env, args, onOutput),
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), text)
        // Python takes compiled code for that of a file by size and second (docs.python.org, "Cached bytecode invalidation").
        rmSync(join(dirname(join(folder, path)), '__pycache__'), { recursive: true, force: true })
      }
    },
    remove,
  }
}

/** What Python itself reads of the environment. */
const pythonsOwn = (env: NodeJS.ProcessEnv) =>
  JSON.stringify(
    Object.entries(env)
      .filter(([name]) => name.startsWith('PYTHON'))
      .sort(),
  )
const atStart = pythonsOwn(process.env)

/** What Python itself reads of the environment counts at its start only: a fork has what the process of the tests began with. */
function forks(version: string, env: Record<string, string>): boolean {
  return Number(version) >= 3.2 && pythonsOwn({ ...process.env, ...env }) === atStart
}

function manage(
  folder: string,
  home: string,
  env: Record<string, string>,
  args: string[],
  onOutput: (chunk: string) => void = () => {},
): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      join(home, 'bin', 'python'),
      ['manage.py', ...args],
      { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 10_000_000 },
      (error, stdout, stderr) => {
        resolve({ exitCode: error ? Number(error.code ?? 1) : 0, output: stdout + stderr })
      },
    )
    child.stdout?.on('data', onOutput)
  })
}
