import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { engines, freshDatabase } from '../support/databases.js'
import { createHistoryTable, record } from '../support/history-table.js'
import { PROGRAM } from '../support/program.js'

/** What Node has of its own and no command needs: each takes milliseconds of every start (all of fetch, on Node 20, more than ten). */
const HEAVY = ['internal/deps/undici/undici', 'http', 'https', 'zlib', 'worker_threads', 'repl', 'internal/deps/cjs-module-lexer/lexer']

/** Runs the built program, with a module before it that writes down what it sees; @returns what that is, as JSON */
function watched(module: string, ...argv: string[]): unknown {
  const [program, ...words] = PROGRAM
  const { status, stderr } = spawnSync(program, ['--import', `data:text/javascript,${encodeURIComponent(module)}`, ...words, ...argv], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return JSON.parse(stderr.slice(stderr.indexOf('SEEN ') + 5))
}

it.each(engines)('a start on %s loads nothing large that it does not need', async (engine) => {
  const database = await freshDatabase(engine)
  await createHistoryTable(database)
  const tell = "process.on('exit', () => process.stderr.write('SEEN ' + JSON.stringify(process.moduleLoadList)))"
  const loaded = watched(tell, 'status', '--no-files', '--url', database.url) as string[]
  expect(loaded).toContain('NativeModule fs')
  expect(HEAVY.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([])
})

it.each(engines)('a change on %s ends when it has been told: no timer is waited for', async (engine) => {
  const database = await freshDatabase(engine)
  await createHistoryTable(database)
  await record(database, [['shop', '0001_initial']])
  const tell = `
    const [write, start, late] = [process.stdout.write.bind(process.stdout), globalThis.setTimeout, []]
    let told = false
    process.stdout.write = (...args) => (told = true, write(...args))
    globalThis.setTimeout = (run, ms, ...args) => start(() => (told && late.push(ms), run(...args)), ms)
    process.on('exit', () => process.stderr.write('SEEN ' + JSON.stringify({ told, late })))`
  for (const kind of ['unapplied', 'applied'])
    expect(watched(tell, 'mark', kind, 'shop', '0001_initial', '--no-files', '--yes', '--url', database.url)).toEqual({ told: true, late: [] })
})
