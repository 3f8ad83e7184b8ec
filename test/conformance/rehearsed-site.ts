// The site whose data migrations are rehearsed, migrated and filled on one engine, with copies of its database to really run them on.
import { execFile, spawn } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startServer } from '../support/servers/start.js'

export type SiteEngine = 'sqlite' | 'postgresql'

/** What truth.py says. */
export interface Truth {
  first: string | null
  second: string | null
  differ: string[]
}

interface Ran {
  status: number
  stdout: string
  stderr: string
}

export interface Site {
  engine: SiteEngine
  run(program: string, args: string[]): Promise<Ran>
  /** Really runs it twice, on a copy that goes. */
  truth(app: string, migration: string): Promise<Truth>
  /** Its database and its server are gone then. */
  end(): Promise<void>
}

type Variables = Record<string, string> & { SITE_NAME: string }

export async function makeSite(engine: SiteEngine, folder: string, python: string): Promise<Site> {
  const { variables, stop } = engine === 'sqlite' ? onSqlite(folder) : await onPostgresql()
  const env = { ...process.env, DATABASE_URL: undefined, SITE_MEDIA: join(folder, 'media'), DJANGO_SETTINGS_MODULE: 'settings', ...variables }
  const run = (program: string, args: string[]) =>
    new Promise<Ran>((resolve) => {
      execFile(program, args, { cwd: folder, env, maxBuffer: 100_000_000 }, (error, stdout, stderr) =>
        resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      )
    })
  const need = async (args: string[]) => {
    const done = await run(python, args)
    if (done.status !== 0) throw new Error(done.stderr)
  }
  const sql = (...statements: string[]) => need(['-c', SQL, ...statements])
  const drop = (name: string) => (engine === 'sqlite' ? rmSync(name, { force: true }) : sql(`DROP DATABASE IF EXISTS ${name}`))
  const copyTo = (name: string) =>
    engine === 'sqlite' ? copyFileSync(variables.SITE_NAME, name) : sql(`CREATE DATABASE ${name} TEMPLATE ${variables.SITE_NAME}`)
  if (engine === 'postgresql') await sql(`CREATE DATABASE ${variables.SITE_NAME}`)
  console.log(`Making the site on ${engine} …`)
  for (const args of [['manage.py', 'migrate', '-v0'], ['seed.py']]) await need(args)
  const truths = askTruth(python, folder, env)
  let copies = 0
  return {
    engine,
    run,
    async truth(app, migration) {
      const name = `${variables.SITE_NAME}_${++copies}`
      await copyTo(name)
      try {
        return await truths.ask({ name, app, migration })
      } finally {
        await drop(name)
      }
    },
    async end() {
      truths.end()
      await drop(variables.SITE_NAME)
      await stop()
    },
  }
}

const SQL = `
import os, sys, psycopg2
connection = psycopg2.connect(dbname="postgres", user=os.environ["SITE_USER"], password=os.environ["SITE_PASSWORD"] or None, host=os.environ["SITE_HOST"], port=os.environ["SITE_PORT"])
connection.autocommit = True
for statement in sys.argv[1:]: connection.cursor().execute(statement)`

/** A line for each question; it answers one after the other. */
function askTruth(python: string, folder: string, env: NodeJS.ProcessEnv) {
  const child = spawn(python, ['truth.py'], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-10_000)
  })
  return {
    async ask(question: Record<string, string>): Promise<Truth> {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await answers.next()
      const answer = done === true ? { error: said } : (JSON.parse(value) as Truth | { error: string })
      if ('error' in answer) throw new Error(`${question.app}.${question.migration}: ${answer.error}`)
      return answer
    },
    end: () => void child.stdin.end(),
  }
}

function onSqlite(folder: string): { variables: Variables; stop(): Promise<void> } {
  return { variables: { SITE_ENGINE: 'django.db.backends.sqlite3', SITE_NAME: join(folder, 'site.sqlite3') }, stop: async () => {} }
}

async function onPostgresql(): Promise<{ variables: Variables; stop(): Promise<void> }> {
  const server = await startServer('postgresql')
  if ('missing' in server) throw new Error(server.missing)
  const url = new URL(server.url)
  const variables = {
    SITE_ENGINE: 'django.db.backends.postgresql',
    SITE_NAME: `rehearsed_${process.pid}`,
    SITE_USER: url.username,
    SITE_PASSWORD: url.password,
    SITE_HOST: url.hostname,
    SITE_PORT: url.port,
  }
  return { variables, stop: server.stop }
}
