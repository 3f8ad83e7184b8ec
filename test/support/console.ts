import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { BrokenShop } from './broken-shop.js'
import { words } from './words.js'

interface Command {
  line: string
  /** What a heredoc gives it. */
  input: string | null
  /** Pieces of its output, in this order. */
  wanted: string[]
}

/** The console blocks of a page, as a person would type them. */
export function sessionsOf(page: string): string[] {
  return [...page.matchAll(/```console\n([\s\S]*?)\n```/g)].map(([, text]) => text as string)
}

function commandsOf(session: string): Command[] {
  const commands: Command[] = []
  const lines = session.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    if (line.startsWith('$ ')) {
      const here = line.endsWith("<<'EOF'")
      const end = here ? lines.indexOf('EOF', at) : at
      commands.push({
        line: line.slice(2),
        input: here
          ? lines
              .slice(at + 1, end)
              .map((one) => `${one}\n`)
              .join('')
          : null,
        wanted: [],
      })
      at = end
    } else commands.at(-1)?.wanted.push(...line.split('...').map((part) => part.trim()))
  }
  return commands
}

const squeezed = (text: string) => text.replaceAll(/\s+/g, ' ')

/** Does what a console session says in a copy of the shop, and holds its output against what the page says of it. @returns all output */
export async function type(session: string, given: BrokenShop, names: ReadonlyMap<string, string>): Promise<string> {
  const real = (text: string) => [...names].reduce((now, [shown, own]) => now.replaceAll(shown, own), text)
  let all = ''
  for (const { line, input, wanted } of commandsOf(session)) {
    const output = await one(real(line), input, given)
    all += output
    let rest = squeezed(output)
    for (const part of wanted.map((text) => squeezed(real(text))).filter((text) => text !== '')) {
      expect(rest, `${line}\n${output}`).toContain(part)
      rest = rest.slice(rest.indexOf(part) + part.length)
    }
  }
  return all
}

async function one(line: string, input: string | null, { shop, database, run }: BrokenShop): Promise<string> {
  const [program, ...args] = words(line)
  const at = (path: string | undefined) => join(shop.folder, path as string)
  switch (program) {
    case 'python':
      return (await shop.manage(...args.slice(1))).output
    case 'migstate': {
      const done = await run(...args)
      return done.stdout + done.stderr
    }
    case 'sqlite3':
      return answered(database.query(args[1] as string))
    case 'mysql':
    case 'psql':
      return args[0]?.startsWith('postgresql:') ? answered(queryAs(args[0], args[2] as string)) : answered(database.query(args[1] as string))
    case 'cat':
      mkdirSync(dirname(at(args[1])), { recursive: true })
      shop.write({ [args[1] as string]: input as string })
      return ''
    case 'echo':
      appendFileSync(at(args[2]), `${args[0]}\n`)
      return ''
    case 'rm':
      rmSync(at(args[0]))
      return ''
    case 'mv':
      renameSync(at(args[0]), at(args[1]))
      return ''
    case 'sed': {
      const [, old, now] = (args[1] as string).split('/') as [string, string, string]
      for (const path of args.slice(2)) writeFileSync(at(path), readFileSync(at(path), 'utf8').replaceAll(old, now))
      return ''
    }
    case 'export': {
      const [name, value] = (args[0] as string).split(/=(.*)/s) as [string, string]
      shop.env[name] = value.replace('$PWD', shop.folder)
      return ''
    }
    case 'unset':
      delete shop.env[args[0] as string]
      return ''
    default:
      throw new Error(`a page types "${line}", which is not known here`)
  }
}

async function answered(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => '',
    (error: Error) => error.message,
  )
}

async function queryAs(url: string, sql: string): Promise<void> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}
