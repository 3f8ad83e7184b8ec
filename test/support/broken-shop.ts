import { expect } from 'vitest'
import { type CliResult, migstate } from './cli.js'
import type { Engine, TestDatabase } from './databases.js'
import { type DjangoProject, migratedShop, oneDjango } from './django.js'
import { words } from './words.js'

export interface ShownFinding {
  id: string
  code: string
  severity: string
  app: string | null
  migration: string | null
  message: string
  evidence: string[]
  repairs: { command: string; recommended: boolean; safe: boolean; why: string }[]
}

export interface BrokenShop {
  database: TestDatabase
  shop: DjangoProject
  run(...argv: string[]): Promise<CliResult>
  doctor(...argv: string[]): Promise<ShownFinding[]>
  /** The command that a finding recommends, as it is printed. */
  follow(command: string): Promise<CliResult>
  forget(...names: `${string}.${string}`[]): Promise<void>
  /** Of the rows of these names. */
  insert(app: string, name: string): Promise<void>
  names(): Promise<string[]>
  djangoIsContent(): Promise<void>
  end(): Promise<void>
}

/** `hole shop 0002_x` */
export const codesOf = (found: readonly ShownFinding[]) =>
  found.map(({ code, app, migration }) => [code, app, migration].filter((one) => one !== null).join(' '))
export const recommendedOf = (found: readonly ShownFinding[]) =>
  found.flatMap(({ repairs }) => repairs.filter((one) => one.recommended).map(({ command }) => command))

/** The migrated shop of the examples, to be broken. */
export async function brokenShop(engine: Engine = 'sqlite'): Promise<BrokenShop> {
  const { database, shop } = await migratedShop(oneDjango as string, engine)
  const run = (...argv: string[]) => migstate(argv, { cwd: shop.folder, env: shop.env })
  const doctor = async (...argv: string[]): Promise<ShownFinding[]> => (await run('doctor', ...argv, '--json')).json.result.findings
  return {
    database,
    shop,
    run,
    doctor,
    follow: (command) => run(...words(command).slice(1), '--yes'),
    async forget(...names) {
      for (const full of names) {
        const [app, name] = full.split('.')
        await database.query(`DELETE FROM django_migrations WHERE app = '${app}' AND name = '${name}'`)
      }
    },
    insert: async (app, name) =>
      void (await database.query(`INSERT INTO django_migrations (app, name, applied) SELECT '${app}', '${name}', max(applied) FROM django_migrations`)),
    names: async () => (await database.query('SELECT app, name FROM django_migrations ORDER BY id')).map(({ app, name }) => `${String(app)}.${String(name)}`),
    async djangoIsContent() {
      const check = await shop.manage('migrate', '--check')
      expect(check, check.output).toMatchObject({ exitCode: 0 })
      expect(codesOf(await doctor())).toEqual([])
    },
    async end() {
      shop.remove()
      await database.drop()
    },
  }
}

export const migrationFile = (dependencies: string, operations: string, more = '') => `from django.db import migrations, models


class Migration(migrations.Migration):
${more}    dependencies = [${dependencies}]
    operations = [${operations}]
`
