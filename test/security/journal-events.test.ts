import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { built, migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { forger, liftedDetail, outcome, type ForgedRow, sql } from '../support/forged.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'

const READING = [['status'], ['history'], ['snapshot', 'list'], ['show', 'shop', '0001_initial']]

/** What stands in the side tables need not be what the tool would write there: it is looked at, named, and nothing follows from it. */
describe.each(engines.filter((engine) => engine !== 'mysql'))('what stands in the journal, %s', (engine) => {
  let database: TestDatabase
  let forge: ReturnType<typeof forger>
  let finished: string
  let snapshot: string
  let rows: ForgedRow[]
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, [
      ['shop', '0001_initial'],
      ['shop', '0002_data'],
    ])
    forge = forger(database)
    const { operation } = (await run('mark', 'unapplied', 'shop', '0002_data', '--yes')).json.result
    ;({ id: finished, snapshot } = operation)
    rows = (await run('snapshot', 'show', snapshot)).json.result.snapshot.history
  })

  const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json', '--url', database.url])
  const text = (...argv: string[]) => migstate([...argv, '--no-files', '--url', database.url])
  const mark = (name = '0003_more') => run('mark', 'applied', 'shop', name, '--yes')

  /** Reading goes on, with one warning of this code. */
  async function expectRead(code: string | null, ...words: string[]): Promise<void> {
    for (const argv of READING) {
      const read = await run(...argv)
      expect(read.exitCode, `${argv.join(' ')}: ${read.stdout}`).toBe(0)
      const warnings = read.json.warnings.filter((one: { code: string }) => one.code === code)
      expect(warnings, argv.join(' ')).toHaveLength(code === null ? 0 : 1)
      for (const word of words) expect(warnings[0].message).toContain(word)
    }
  }

  async function expectRefused(code: string, ...argv: string[]): Promise<{ message: string; hint: string }> {
    const before = await fingerprint(database)
    const { exitCode, json, stdout } = await run(...argv)
    expect([exitCode, json.error?.code], stdout).toEqual([2, code])
    expect(await fingerprint(database)).toEqual(before)
    return json.error
  }

  describe('names of events', () => {
    it.each(['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf', 'Done', 'done ', 'fertig', ''])('"%s" ends nothing', async (name) => {
      await forge.operation('f0')
      await forge.event('f0', name, '{"__proto__":{"status":"done"},"changes":{}}')
      expect((await mark()).json.error?.code).toBe('unfinished-operation')
      const shown = (await run('history', 'f0')).json.result.operation
      expect(shown).toMatchObject({ status: 'running', finishedAt: null, events: [{ event: name }] })
      await expectRead(null)
      expect((await run('recover')).json.result.operation).toMatchObject({ id: 'f0', status: 'aborted' })
      expect((await mark()).exitCode).toBe(0)
    })

    it('are shown escaped', async () => {
      await forge.operation('f0', { host: 'evil\u001b[2Jhost', actor: 'mal\u202elory' })
      await forge.event('f0', '\u001b]0;owned\u0007', 'null')
      await forge.event('f0', 'ready', { pid: 1, host: '\u001b[31m' })
      for (const argv of [['history'], ['history', 'f0'], ['status'], ['mark', 'applied', 'x', '0001', '--yes'], ['recover']]) {
        const { stdout, stderr } = await text(...argv)
        expect(stdout + stderr, argv.join(' ')).not.toMatch(/[\u001b\u0007\u202e]/)
      }
      expect((await text('history', 'f0')).stdout).toContain('\\x1b]0;owned\\x07')
    })
  })

  const LIFTED = () => liftedDetail({ target: rows.slice(-1), app: 'shop', name: '0002_data', rest: [rows[0]?.id] }).lifted as Record<string, unknown>
  const STARTED = { pid: 4, startTime: null, host: 'elsewhere', command: 'x' }

  describe('details', () => {
    it.each([
      ['lifted', 'not json', 'not JSON'],
      ['lifted', '', 'not JSON'],
      ['lifted', 'null', 'is not an object'],
      ['lifted', '[]', 'is not an object'],
      ['lifted', '{"lifted":"x"}', 'lifted is not an object'],
      ['lifted', () => ({ lifted: { ...LIFTED(), target: {} } }), 'lifted.target is not a list'],
      ['lifted', () => ({ lifted: { ...LIFTED(), target: [] } }), 'lifted.target is empty'],
      ['lifted', () => ({ lifted: { ...LIFTED(), target: [{ id: 1, app: 'shop', name: '0002_data', applied: 'x' }] } }), 'lifted.target[0].id is not text'],
      ['lifted', () => ({ lifted: { ...LIFTED(), sequence: '0x10' } }), 'lifted.sequence is not a number in digits'],
      ['lifted', () => ({ lifted: { ...LIFTED(), rest: '12' } }), 'lifted.rest is not a list'],
      ['lifted', () => ({ lifted: { ...LIFTED(), remote: 'no' } }), 'lifted.remote is not true or false'],
      ['lifted', () => ({ __proto__: 1, lifted: undefined }), 'lifted is not an object'],
      ['shadowed', '{"shadowed":{"app":"shop"}}', 'shadowed.name is not text'],
      ['sequence-pending', '{"operation":"f0","expected":"1","wanted":"2","then":"toString","outcome":{}}', 'then is not done or failed or aborted'],
      ['snapshot', '{"id":"f0s"}', 'rows is not a whole number'],
      ['lifted', '['.repeat(200_000) + ']'.repeat(200_000), 'nested too deeply'],
    ])('%s %#: an unfinished operation waits, and says for what', async (name, detail, word) => {
      await forge.operation('f0')
      await forge.event('f0', name, typeof detail === 'function' ? detail() : detail)
      await expectRead('damaged-journal', word, `"${name}"`)
      expect((await mark()).json.error?.code).toBe('unfinished-operation')
      if (name === 'snapshot') expect((await run('recover')).json.result.operation.status).toBe('aborted')
      else
        for (const argv of [['recover'], ['recover', '--dry-run'], ['recover', '--assume', 'applied']]) {
          const error = await expectRefused('damaged-journal', ...argv)
          expect(error.message).toContain(word)
          expect(error.hint).toMatch(/migstate history f0[\s\S]*DELETE FROM \S+ WHERE seq = \d+;/)
        }
      const [shown] = (await run('history', 'f0')).json.result.operation.events
      expect(shown).toMatchObject({ event: name, problem: expect.stringContaining(word) })
      expect((await text('history', 'f0')).stdout.replaceAll(/\s+/g, ' ')).toContain(word)
    })

    it('an end that says nothing ends; only what needs it is refused', async () => {
      const { operation } = (await mark()).json.result
      const [end] = await database.query(`SELECT seq FROM migstate_event WHERE event = 'done' AND operation = '${operation.id}'`)
      await database.query(`UPDATE migstate_event SET detail = 'gone' WHERE seq = ${end?.seq}`)
      await expectRead('damaged-journal', operation.id, `seq ${end?.seq}`, 'not JSON')
      for (const argv of [
        ['rollback', '--yes'],
        ['rollback', operation.id, '--yes'],
        ['rollback', '--to', finished, '--yes'],
        ['rollback', '--dry-run'],
      ])
        expect((await expectRefused('damaged-journal', ...argv)).message).toContain(`"done" (seq ${end?.seq})`)
      const [shown] = (await run('history')).json.result.operations
      expect(shown).toMatchObject({ id: operation.id, status: 'done', readable: false })
      expect((await text('history')).stdout).toContain('unreadable')
      expect((await text('history', operation.id)).stdout).toContain('cannot be told')
      expect((await mark('0004_after')).exitCode).toBe(0)
      expect((await run('rollback', '--yes')).exitCode).toBe(0)
      expect((await run('rollback', finished, '--yes')).exitCode).toBe(0)
      expect((await run('recover')).exitCode).toBe(0)
    })

    it.each([0, -1, 1.5, '1', '../self', null, 9_007_199_254_740_993, true, [1]])('a pid is the number of a process: %j', async (pid) => {
      await forge.operation('f0')
      await forge.copyRows(snapshot, 'f0s')
      const header = await forge.header(snapshot)
      await forge.event('f0', 'snapshot', { ...header, id: 'f0s' })
      await forge.event('f0', 'lifted', { lifted: { ...LIFTED(), sequence: header.sequence } })
      await forge.event('f0', 'child-started', { ...STARTED, host: hostname(), pid })
      expect((await expectRefused('damaged-journal', 'recover')).message).toContain('pid is not the number of a process')
    })

    it('a pid is never a path', { timeout: 30_000 }, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'migstate-pid-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      // Whoever opens it waits for ever.
      spawnSync('mkfifo', [join(folder, 'stat')])
      await forge.operation('f0')
      await forge.copyRows(snapshot, 'f0s')
      const header = await forge.header(snapshot)
      await forge.event('f0', 'snapshot', { ...header, id: 'f0s' })
      await forge.event('f0', 'lifted', { lifted: { ...LIFTED(), sequence: header.sequence } })
      await forge.event('f0', 'child-started', { ...STARTED, host: hostname(), pid: `..${folder}` })
      const recovered = await built(['recover', '--no-files', '--json', '--url', database.url])
      expect(recovered.json.error.code).toBe('damaged-journal')
    })
  })

  describe('format', () => {
    it('a later one is read by nobody here; all else goes on', async () => {
      const { operation } = (await mark()).json.result
      await database.query(`UPDATE migstate_operation SET format = 99 WHERE id = '${operation.id}'`)
      await expectRead('newer-format', operation.id, 'format 99')
      for (const argv of [
        ['rollback', '--yes'],
        ['rollback', operation.id, '--yes'],
        ['rollback', '--to', finished, '--yes'],
        ['snapshot', 'restore', operation.snapshot, '--yes'],
      ])
        expect((await expectRefused('newer-format', ...argv)).hint).toContain('Update migstate')
      expect((await run('history')).json.result.operations[0]).toMatchObject({ id: operation.id, status: 'done', readable: false })
      expect((await text('history')).stdout).toContain('unreadable')
      expect((await run('snapshot', 'show', operation.snapshot)).json).toMatchObject({
        ok: true,
        warnings: expect.arrayContaining([expect.objectContaining({ code: 'newer-format' })]),
      })
      expect((await run('snapshot', 'restore', snapshot, '--yes')).exitCode).toBe(0)
      expect((await mark('0004_after')).exitCode).toBe(0)
    })

    it('of an unfinished operation: nothing is finished, whatever its events look like', async () => {
      await forge.operation('f0', { format: 3 })
      await forge.event('f0', 'lifted', '{"other":"shape"}')
      await expectRead('newer-format', 'f0')
      expect((await mark()).json.error?.code).toBe('unfinished-operation')
      for (const argv of [['recover'], ['recover', '--dry-run'], ['recover', 'f0', '--assume', 'applied']]) await expectRefused('newer-format', ...argv)
    })

    it.each([0, -1])('%i is none', async (format) => {
      await forge.operation('f0', { format })
      await expectRead('damaged-journal', 'its format is no number')
      await expectRefused('damaged-journal', 'recover')
    })
  })

  it('an id that no tool has made goes into no command to type', async () => {
    const id = '$(touch owned)'
    await forge.operation(id)
    await forge.event(id, 'lifted', 'x')
    const { hint } = await expectRefused('damaged-journal', 'recover')
    expect(hint).not.toContain('$(')
    expect((await expectRefused('damaged-journal', 'recover', id)).message).toContain(id)
  })

  it('ids of nobody, times that are none, texts without end', async () => {
    await forge.event('nobody', 'done', outcome({}, null))
    await forge.event('nobody', 'lifted', 'x')
    await forge.event(undefined, 'lifted', 'x')
    await forge.event('', 'done', 'x')
    await expectRead(null)
    await forge.operation('f0', { started_at: 'yesterday', command: 'x'.repeat(300_000), reason: '', kind: 'k'.repeat(64), snapshot })
    await forge.event('f0', 'done', outcome({}, null), { at: '2026-99-99T00:00:00.000Z' })
    await expectRead('damaged-journal', 'the time of its beginning is none')
    await forge.event(finished, 'alive', 'null', { at: '' })
    await expectRead('damaged-journal', 'has a time that is none')
    expect((await text('history', 'f0')).exitCode).toBe(0)
    await expectRefused('damaged-journal', 'rollback', 'f0', '--yes')
    expect((await run('rollback', finished, '--yes')).exitCode).toBe(0)
  })

  it('an operation whose beginning has no time is not undone by guess', async () => {
    const { operation } = (await mark()).json.result
    await database.query(`UPDATE migstate_operation SET started_at = 'soon' WHERE id = '${operation.id}'`)
    await database.query(`UPDATE migstate_event SET at = 'later' WHERE operation = '${operation.id}' AND event = 'done'`)
    await expectRefused('damaged-journal', 'rollback', '--yes')
  })

  it.runIf(engine === 'sqlite')('values of other types, and none where there has to be one', async () => {
    for (const table of ['migstate_operation', 'migstate_event', 'migstate_snapshot_row']) {
      const [{ sql: made }] = (await database.query(`SELECT sql FROM sqlite_master WHERE name = '${table}'`)) as [{ sql: string }]
      await database.query(`ALTER TABLE ${table} RENAME TO old`)
      await database.query(made.replaceAll(/ NOT NULL| UNIQUE/g, '').replaceAll(/\b(text|integer)(?! PRIMARY)/g, ''))
      await database.query(`INSERT INTO ${table} SELECT * FROM old`)
      await database.query('DROP TABLE old')
    }
    await database.query("INSERT INTO migstate_operation (id, format, history_table) VALUES (NULL, NULL, 'django_migrations')")
    await database.query("INSERT INTO migstate_operation (id, format, history_table, started_at) VALUES (x'00ff', x'63', 'django_migrations', 12)")
    await database.query(`INSERT INTO migstate_operation (id, format, history_table) VALUES (${sql(database, finished)}, 1.5, 'django_migrations')`)
    await database.query(
      "INSERT INTO migstate_event (operation, history_table, at, event, detail) VALUES (x'00ff', 'django_migrations', 1.5, x'646f6e65', x'7b7d')",
    )
    await database.query(`INSERT INTO migstate_event (operation, history_table) VALUES (${sql(database, finished)}, 'django_migrations')`)
    await database.query(`INSERT INTO migstate_event (operation, history_table, event) VALUES (NULL, 'django_migrations', 'snapshot')`)
    await expectRead('damaged-journal')
    expect((await mark()).json.error?.code).toBe('unfinished-operation')
    await expectRefused('damaged-journal', 'recover')
  })
})
