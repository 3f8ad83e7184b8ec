import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { engines, freshDatabase } from '../support/databases.js'
import { createHistoryTable, record } from '../support/history-table.js'
import { PROGRAM } from '../support/program.js'

/** What Node has of its own and no command needs: each takes milliseconds of every start (all of fetch, on Node 20, more than ten). */
const HEAVY = [
  ...['internal/deps/undici/undici', 'http', 'https', 'zlib', 'worker_threads', 'repl', 'internal/deps/cjs-module-lexer/lexer'],
  ...['child_process', 'dgram', 'fs/promises', 'readline', 'perf_hooks', 'assert'],
]

/** Runs the built program, with a module before it that writes down what it sees; @returns what that is, as JSON */
function watched(module: string, ...argv: string[]): unknown {
  const [program, ...words] = PROGRAM
  // By --import, Node would load for itself what the program does not need.
  const folder = mkdtempSync(join(tmpdir(), 'migstate-watched-'))
  writeFileSync(join(folder, 'watch.cjs'), module)
  const { status, stderr } = spawnSync(program, ['--require', join(folder, 'watch.cjs'), ...words, ...argv], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
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

it('a report is whole for a reader that is slow', async () => {
  const database = await freshDatabase('sqlite')
  await createHistoryTable(database)
  await record(
    database,
    Array.from({ length: 10_000 }, (_unused, at) => ['shop', `${String(at).padStart(5, '0')}_a_name_that_is_about_as_long_as_those_of_real_ones_are`]),
  )
  const [program, ...words] = PROGRAM
  const child = spawn(program, [...words, 'status', '--no-files', '--json', '--url', database.url], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  // Longer than the program takes, so that what the system holds for a reader is full.
  await sleep(2000)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  expect(await ended).toBe(0)
  const { result } = JSON.parse(Buffer.concat(chunks).toString()) as { result: { unknownApps: { rows: unknown[] }[] } }
  expect(result.unknownApps.flatMap((app) => app.rows)).toHaveLength(10_000)
})
