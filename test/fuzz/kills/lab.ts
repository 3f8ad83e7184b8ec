import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Migstate, MigstateError, open } from '../../../src/index.js'
import { type Engine, freshDatabase, type TestDatabase } from '../../support/databases.js'
import { commandLineOf, endProcessesIn, processesIn } from '../../support/endings.js'
import { counterOf, fingerprint } from '../../support/history-table.js'
import { root } from '../../support/root.js'
import { Wire } from './wire.js'

export interface Ended {
  argv: readonly string[]
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
  /** stdout as one JSON document; undefined when it is none. */
  json: any
}

export interface Started {
  pid: number
  kill(signal: NodeJS.Signals): void
  done: Promise<Ended>
}

export type Fingerprint = Awaited<ReturnType<typeof fingerprint>>

/** How the migration does its work: only the first can be known in every case. */
export type Kind = 'atomic' | 'plain' | 'sql'

/** A project with Django, its database, and everything that the rounds do to them. */
export class Lab {
  readonly engine: Engine
  readonly folder: string
  readonly database: TestDatabase
  readonly env: Record<string, string>
  readonly #python: string
  #wire: Wire | null = null
  #base: { insert: string; counter: string } = { insert: '', counter: '' }

  private constructor(engine: Engine, database: TestDatabase, home: string) {
    this.engine = engine
    this.database = database
    this.folder = mkdtempSync(join(tmpdir(), 'migstate-kills-'))
    this.#python = join(home, 'bin', 'python')
    this.env = { ...database.env, VIRTUAL_ENV: home, PYTHONDONTWRITEBYTECODE: '1' }
    cpSync(join(root, 'examples', 'shop'), this.folder, { recursive: true })
  }

  static async make(engine: Engine, home: string): Promise<Lab> {
    const lab = new Lab(engine, await freshDatabase(engine, { keep: true }), home)
    lab.write('atomic')
    const migrated = await lab.#spawn(lab.#python, ['manage.py', 'migrate', '-v0'], {}).done
    if (migrated.exitCode !== 0) throw new Error(`manage.py migrate: ${migrated.stderr}`)
    if (engine !== 'sqlite') lab.#wire = await Wire.to(lab.database.url)
    await lab.#remember()
    return lab
  }

  get mysqlLike(): boolean {
    return this.engine === 'mysql' || this.engine === 'mariadb'
  }

  get wire(): Wire | null {
    return this.#wire
  }

  /** `shop.0003_fill_slugs` leaves a row in a table of its own for each way that it has run to its end. */
  write(kind: Kind): void {
    writeFileSync(join(this.folder, 'shop', 'migrations', '0003_fill_slugs.py'), migrationText(kind))
  }

  /** The built program in a process of its own. @param struck over the wire on which its messages are counted */
  start(argv: readonly string[], { struck = false, env = {} as Record<string, string> } = {}): Started {
    const url = struck && this.#wire ? this.#wire.url : this.database.url
    return this.#spawn(process.execPath, [join(root, 'bin', 'run.js'), ...argv], { MIGSTATE_URL: url, ...env })
  }

  run(argv: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    return this.start(argv, { env }).done
  }

  /** A command that nobody strikes, asked of the library: the same answer without a process. @param words for the transcript */
  async ask(words: string, verb: (migstate: Migstate) => Promise<unknown>): Promise<Ended> {
    const ended = (exitCode: number, json: object): Ended => ({ argv: [words], exitCode, signal: null, stdout: JSON.stringify(json), stderr: '', json })
    try {
      await using migstate = await open({ url: this.database.url, cwd: this.folder, env: { ...process.env, ...this.env } })
      return ended(0, { ok: true, result: await verb(migstate) })
    } catch (error) {
      if (!(error instanceof MigstateError)) throw error
      const { code, message, exitCode, consequence, details } = error
      return ended(exitCode, { ok: false, error: { code, message, exitCode, consequence, details } })
    }
  }

  fingerprint(): Promise<Fingerprint> {
    return fingerprint(this.database)
  }

  /** How often the code of the migration has run, by what it has left. */
  async ran(): Promise<{ forward: number; backward: number }> {
    const found = await this.database.query('SELECT name, count(*) AS n FROM shop_product GROUP BY name')
    const count = (name: string) => Number(found.find((row) => row.name === name)?.n ?? 0)
    return { forward: count('forward'), backward: count('backward') }
  }

  /** The history and the data as they were in the beginning; the journal stays. */
  async reset(): Promise<void> {
    await this.database.query('DELETE FROM shop_product')
    await this.database.query('DELETE FROM django_migrations')
    await this.database.query(this.#base.insert)
    await this.setCounter(this.#base.counter)
  }

  async setCounter(next: string): Promise<void> {
    await this.database.query(
      this.engine === 'sqlite'
        ? `UPDATE sqlite_sequence SET seq = ${next} - 1 WHERE name = 'django_migrations'`
        : this.engine === 'postgresql'
          ? `SELECT setval(pg_get_serial_sequence('django_migrations', 'id'), ${next}, false)`
          : `ALTER TABLE django_migrations AUTO_INCREMENT = ${next}`,
    )
  }

  /** Python processes that the tool has started. */
  children(): number[] {
    return processesIn(this.folder).filter((pid) => commandLineOf(pid).includes('manage.py'))
  }

  processes(): number[] {
    return processesIn(this.folder)
  }

  /** Other sessions in this database. @param whose PostgreSQL tells them apart by name; elsewhere the child's is the last that has come */
  async sessions(whose: 'all' | 'tool' | 'child' = 'all'): Promise<string[]> {
    if (this.engine === 'sqlite') return []
    if (this.mysqlLike) {
      const ids = (await this.database.query(MYSQL_SESSIONS)).map((row) => String(row.id))
      return whose === 'child' ? ids.slice(-1) : ids
    }
    const named = { all: 'TRUE', tool: "application_name NOT LIKE 'migstate:%'", child: "application_name LIKE 'migstate:%'" }[whose]
    return (await this.database.query(`${PG_SESSIONS} AND ${named} ORDER BY pid`)).map((row) => String(row.id))
  }

  /** What the other sessions do. */
  async saySessions(): Promise<string> {
    if (this.engine === 'sqlite') return ''
    const sql = this.mysqlLike
      ? 'SELECT * FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()'
      : 'SELECT pid, application_name, client_port, state, backend_start, query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
    return JSON.stringify(await this.database.query(sql))
  }

  async end(session: string): Promise<void> {
    await this.database.query(this.mysqlLike ? `KILL ${session}` : `SELECT pg_terminate_backend(${session})`).catch(() => [])
  }

  async close(): Promise<void> {
    endProcessesIn(this.folder)
    this.#wire?.close()
    rmSync(this.folder, { recursive: true, force: true })
    await this.database.drop()
  }

  #spawn(program: string, argv: readonly string[], env: Record<string, string>): Started {
    const child = spawn(program, argv, { cwd: this.folder, env: { ...process.env, ...this.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (chunk: string) => (said[name] += chunk))
    return {
      pid: child.pid as number,
      kill: (signal) => void child.kill(signal),
      done: new Promise((resolve) =>
        child.on('close', (exitCode, signal) => resolve({ argv: argv.slice(1), exitCode, signal, ...said, json: jsonOf(said.stdout) })),
      ),
    }
  }

  async #remember(): Promise<void> {
    const quoted = this.engine === 'postgresql' ? 'quote_literal(applied::text)' : this.engine === 'sqlite' ? 'quote(applied)' : 'QUOTE(CAST(applied AS CHAR))'
    const rows = await this.database.query(`SELECT id, app, name, ${quoted} AS applied FROM django_migrations ORDER BY id`)
    const values = rows.map(({ id, app, name, applied }) => `(${id}, '${app}', '${name}', ${applied})`)
    this.#base = { insert: `INSERT INTO django_migrations (id, app, name, applied) VALUES ${values.join(', ')}`, counter: await counterOf(this.database) }
  }
}

const MYSQL_SESSIONS = 'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID() ORDER BY ID'
const PG_SESSIONS = "SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** It takes its time before and after its work, so that a blow may fall on either side of it. */
function migrationText(kind: Kind): string {
  const insert = `migrations.RunSQL("INSERT INTO shop_product (name) VALUES ('forward')", "INSERT INTO shop_product (name) VALUES ('backward')")`
  return `import time

from django.db import migrations


def leave(name):
    def code(apps, schema_editor):
        time.sleep(0.08)
        apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).create(name=name)
        time.sleep(0.08)

    return code


class Migration(migrations.Migration):
    atomic = ${kind === 'plain' ? 'False' : 'True'}
    dependencies = [("shop", "0002_product_slug")]
    operations = [${kind === 'sql' ? insert : 'migrations.RunPython(leave("forward"), leave("backward"))'}]
`
}
