import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { engines, freshDatabase } from '../support/databases.js'
import { createHistoryTable } from '../support/history-table.js'
import { PROGRAM } from '../support/program.js'

/** What Node has of its own and no command needs: each takes milliseconds of every start (all of fetch, on Node 20, more than ten). */
const HEAVY = ['internal/deps/undici/undici', 'http', 'https', 'zlib', 'worker_threads', 'repl', 'internal/deps/cjs-module-lexer/lexer']

it.each(engines)('a start on %s loads nothing large that it does not need', async (engine) => {
  const database = await freshDatabase(engine)
  await createHistoryTable(database)
  const tell = "process.on('exit', () => process.stderr.write('LOADED ' + JSON.stringify(process.moduleLoadList)))"
  const [program, ...words] = PROGRAM
  const argv = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`, ...words, 'status', '--no-files', '--url', database.url]
  const { status, stderr } = spawnSync(program, argv, { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const loaded = JSON.parse(stderr.slice(stderr.indexOf('LOADED ') + 7)) as string[]
  expect(loaded).toContain('NativeModule fs')
  expect(HEAVY.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([])
})
