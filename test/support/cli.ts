/// <reference types="vite/client" />
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Config } from '@oclif/core'
import { main } from '../../src/cli/main.js'
import { whenTestEnds } from './endings.js'
import { PROGRAM } from './program.js'
import { root } from './root.js'

export { root }

export interface CliResult {
  exitCode: number | null
  stdout: string
  stderr: string
  /** stdout as one JSON document; throws when it is not. */
  json: any
}

const commands = Object.fromEntries(
  Object.entries(import.meta.glob<{ default: Command.Class }>('../../commands/**/*.ts', { eager: true })).map(([path, module]) => [
    path.replace('../../commands/', '').replace('.ts', '').replaceAll('/', ':'),
    module.default,
  ]),
)

let loaded: Promise<Config> | undefined

async function sourceConfig(): Promise<Config> {
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const [id, command] of Object.entries(commands)) command.id = id
  const config = await Config.load({ root, pjson: { ...pjson, oclif: { ...pjson.oclif, commands: undefined } } } as never)
  Object.defineProperty(config, 'commandIDs', { value: Object.keys(commands) })
  return config
}

/** In process, from source: no build, one Node. stdin is not a terminal. */
export async function migstate(
  argv: readonly string[],
  { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string | undefined> } = {},
): Promise<CliResult> {
  // Help is printed from the manifest of the commands, which the build writes.
  if (argv.includes('--help')) return built(argv, { cwd, env })
  loaded ??= sourceConfig()
  const config = await loaded
  const [before, folder, exitCode] = [{ ...process.env }, process.cwd(), process.exitCode]
  let stdout = ''
  let stderr = ''
  const [writeOut, writeErr] = [process.stdout.write, process.stderr.write]
  process.exitCode = 0
  try {
    Object.assign(process.env, env)
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete process.env[name]
    process.chdir(cwd)
    process.stdout.write = ((chunk: string) => (stdout += chunk) !== '') as never
    process.stderr.write = ((chunk: string) => (stderr += chunk) !== '') as never
    await main(argv, { config, find: async (id) => commands[id] })
    return result(Number(process.exitCode ?? 0), stdout, stderr)
  } finally {
    process.stdout.write = writeOut
    process.stderr.write = writeErr
    process.chdir(folder)
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
    process.exitCode = exitCode
  }
}

export interface Running {
  process: ChildProcess
  done: Promise<CliResult>
}

/** The built file, in a process of its own, which ends with the test. */
export function start(argv: readonly string[], { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string | undefined> } = {}): Running {
  const [program, ...words] = PROGRAM
  const child = spawn(program, [...words, ...argv], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  whenTestEnds(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  return {
    process: child,
    done: new Promise((resolve) => child.on('close', (code, signal) => resolve(result(code, stdout, signal ? `${stderr}[${signal}]` : stderr)))),
  }
}

export function built(argv: readonly string[], options: { cwd?: string; env?: Record<string, string | undefined> } = {}): Promise<CliResult> {
  return start(argv, options).done
}

function result(exitCode: number | null, stdout: string, stderr: string): CliResult {
  return {
    exitCode,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout)
    },
  }
}
