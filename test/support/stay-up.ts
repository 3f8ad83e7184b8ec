// "npm run test:env": servers that stay up between runs, for `vitest --watch`. Prints what a shell needs; "npm run test:env -- --stop" ends them.
import { spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FOREIGN_VARIABLES, makeEnvironment } from './environment.js'
import { ENGINES } from './servers/server.js'
import { until } from './until.js'

interface Up {
  pid: number
  variables: Record<string, string>
}

const state = join(tmpdir(), `migstate-test-env-${userInfo().username}.json`)
const log = state.replace(/json$/, 'log')

/** What an earlier call has left up, if it still is. */
function up(): Up | null {
  try {
    const found = JSON.parse(readFileSync(state, 'utf8')) as Up
    process.kill(found.pid, 0)
    return found
  } catch {
    return null
  }
}

async function hold(): Promise<void> {
  const environment = await makeEnvironment(ENGINES, (line) => console.error(line))
  for (const line of environment.missing) console.error(line)
  writeFileSync(state, JSON.stringify({ pid: process.pid, variables: environment.variables }), { mode: 0o600 })
  const timer = setInterval(() => {}, 1 << 30)
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      clearInterval(timer)
      void environment.stop().then(() => {
        rmSync(state, { force: true })
        process.exit(0)
      })
    })
}

async function stop(): Promise<void> {
  const found = up()
  if (!found) return console.error('Nothing is up.')
  process.kill(found.pid, 'SIGTERM')
  await until('they are down', () => up() === null, 60_000)
  console.error('The servers are down.')
}

async function print(): Promise<void> {
  if (!up()) {
    rmSync(state, { force: true })
    const output = openSync(log, 'w', 0o600)
    const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), '--hold'], { detached: true, stdio: ['ignore', output, output] })
    const ended = new Promise<never>((_resolve, reject) => child.on('exit', () => reject(new Error(readFileSync(log, 'utf8')))))
    await Promise.race([until('the servers are up', () => existsSync(state), 600_000), ended])
    child.unref()
    process.stderr.write(readFileSync(log, 'utf8'))
  }
  const { variables } = up() as Up
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value.replaceAll("'", "'\\''")}'`)
  console.log(`unset ${FOREIGN_VARIABLES.join(' ')}`)
  console.error('In this shell: eval "$(npm run --silent test:env)", then npx vitest --watch --project faults. To end them: npm run test:env -- --stop')
  process.exit(0)
}

const [word] = process.argv.slice(2)
await (word === '--hold' ? hold() : word === '--stop' ? stop() : print())
