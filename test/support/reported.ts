import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'
import { type CliResult, migstate, root } from './cli.js'
import { type Engine, engines, freshDatabase, type TestDatabase } from './databases.js'
import { type DjangoProject, djangos, oneDjango, projectAt } from './django.js'
import { words } from './words.js'

export interface ReportedCase {
  database: TestDatabase
  project: DjangoProject
  /** A command line as it is printed. */
  run(command: string, env?: Record<string, string | undefined>): Promise<CliResult>
}

const DATABASES = `
DATABASES = {"default": {"ENGINE": os.environ["SHOP_DB_ENGINE"], "NAME": os.environ["SHOP_DB_NAME"], "HOST": os.environ.get("SHOP_DB_HOST", ""),
    "PORT": os.environ.get("SHOP_DB_PORT", ""), "USER": os.environ.get("SHOP_DB_USER", ""), "PASSWORD": os.environ.get("SHOP_DB_PASSWORD", "")}}
`

/** Public reports of broken states, made small: test/cases has the files and the rows of each. */
export function reportedCase(name: string, engine: Engine, what: string, test: (given: ReportedCase) => Promise<void>): void {
  it.runIf(engines.includes(engine) && Object.keys(djangos).length > 0)(`${name}: ${what}`, async () => {
    const database = await freshDatabase(engine)
    const folder = mkdtempSync(join(tmpdir(), 'migstate-case-'))
    cpSync(join(root, 'test/cases', name), folder, { recursive: true })
    const rows = join(folder, 'rows.sql')
    const statements = existsSync(rows) ? readFileSync(rows, 'utf8').split(/;\s*(?:\n|$)/) : []
    for (const statement of statements) if (statement.trim() !== '') await database.query(statement)
    const project = projectAt(folder, oneDjango as string, database)
    project.write({ 'proj/settings.py': readFileSync(join(folder, 'proj/settings.py'), 'utf8') + DATABASES })
    try {
      await test({ database, project, run: (command, env) => migstate(words(command).slice(1), { cwd: folder, env: { ...project.env, ...env } }) })
    } finally {
      project.remove()
      await database.drop()
    }
  })
}
