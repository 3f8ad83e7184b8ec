import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/index.js'
import type { Database } from '../../src/database/index.js'
import {
  eventsOf,
  findOperation,
  findSnapshot,
  newestOperation,
  newestOperations,
  newestSnapshots,
  operationsDownTo,
  operationsOn,
  unfinishedOperations,
} from '../../src/journal/index.js'
import { Workspace } from '../../src/api/workspace.js'
import { migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { whenTestEnds } from '../support/endings.js'
import { forger } from '../support/forged.js'
import { gate } from '../support/gate.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { lengthenJournal, longId } from '../support/long-journal.js'

const INDEXES: Record<string, string> = {
  migstate_operation_newest: 'migstate_operation',
  migstate_event_newest: 'migstate_event',
}

/** What a command needs of the journal it asks for; how much else there is makes no difference. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  let forge: ReturnType<typeof forger>
  const migrations: [string, string][] = [
    ['shop', '0001_initial'],
    ['shop', '0002_data'],
  ]
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, migrations)
    forge = forger(database)
  })

  const run = (...argv: string[]) => migstate([...argv, '--no-files', '--json', '--url', database.url])
  const mark = async (kind: 'applied' | 'unapplied', name = '0002_data') => {
    const marked = await run('mark', kind, 'shop', name, '--yes')
    expect(marked.exitCode, marked.stdout).toBe(0)
    return marked.json.result.operation as { id: string; snapshot: string }
  }

  /** How many statements a question takes, and how many rows come back. */
  interface Cost {
    statements: number
    rows: number
  }

  async function asking<T>(question: (opened: Database) => Promise<T>): Promise<{ answer: T; cost: Cost }> {
    const cost = { statements: 0, rows: 0 }
    const config = loadConfig({ url: database.url, noFiles: true }, {}, process.cwd())
    const workspace = await Workspace.open(config, { files: 'optional', readOnly: true, command: 'test', env: {}, cwd: process.cwd() })
    const opened = workspace.database
    const rows = opened.edit.rows.bind(opened.edit)
    opened.edit.rows = (async (sql: string, bindings: never[]) => {
      const found = await rows(sql, bindings)
      cost.statements++
      cost.rows += found.length
      return found
    }) as never
    try {
      return { answer: await opened.reading(() => question(opened)), cost }
    } finally {
      await workspace.close()
    }
  }

  /** In a journal of some operations, then in one of many, the last of which are the program's own. */
  async function compare<T>(question: (opened: Database) => Promise<T>, make: () => Promise<unknown>): Promise<T[]> {
    await mark('unapplied')
    await lengthenJournal(database, 60)
    await make()
    const short = await asking(question)
    await database.query("DELETE FROM migstate_operation WHERE id LIKE 'e0%'")
    await database.query("DELETE FROM migstate_event WHERE operation LIKE 'e0%'")
    await lengthenJournal(database, 1500)
    await make()
    const long = await asking(question)
    expect(long.cost).toEqual(short.cost)
    return [short.answer, long.answer]
  }

  const toggle = async () => {
    const { id } = await mark('applied')
    const rolled = await run('rollback', id, '--yes')
    expect(rolled.exitCode, rolled.stdout).toBe(0)
    return id
  }

  it('the newest operations, with what has undone them', async () => {
    for (const answer of await compare((opened) => newestOperations(opened, 5), toggle)) {
      expect(answer).toHaveLength(5)
      expect(answer.map(({ kind }) => kind).slice(0, 2)).toEqual(['rollback', 'mark applied'])
      expect(answer[1]?.undoneBy).toBe(answer[0]?.id)
      expect(answer[0]?.undoes).toEqual([answer[1]?.id])
    }
  })

  it('the one that a rollback takes', async () => {
    for (const answer of await compare((opened) => newestOperation(opened, ({ kind }) => kind === 'rollback'), toggle)) expect(answer?.undoes).toHaveLength(1)
    const { answer } = await asking((opened) => newestOperation(opened, ({ kind }) => kind === 'mark unapplied'))
    expect(answer?.kind).toBe('mark unapplied')
    expect((await asking((opened) => newestOperation(opened, () => false))).answer).toBeUndefined()
  })

  it('one by its beginning, and who has undone it', async () => {
    let id = ''
    const answers = await compare(
      (opened) => findOperation(opened, id.slice(0, 9)),
      async () => (id = await toggle()),
    )
    for (const answer of answers) expect(answer.undoneBy).not.toBeNull()
    expect(answers[1]?.id).toBe(id)
    const old = await asking((opened) => findOperation(opened, longId(1499)))
    expect([old.answer.id, old.answer.undoneBy]).toEqual([longId(1499), longId(1500)])
    expect((await asking((opened) => findOperation(opened, longId(1498)))).answer.undoneBy).toBeNull()
    const several = await run('history', longId(1499).slice(0, -2))
    expect(several.json.error).toMatchObject({ code: 'unknown-operation', details: { candidates: expect.arrayContaining([longId(1499)]) } })
    expect(several.json.error.details.candidates).toHaveLength(20)
    expect(several.json.error.message).toContain('and 80 more')
    for (const odd of ['', '%', 'e0000_', "'", 'é', 'E00000000001']) expect((await run('history', odd)).json.error?.code, odd).toBe('unknown-operation')
  })

  it('an undo that is undone leaves its operation in force, however often', async () => {
    const { id } = await mark('unapplied')
    const undoers: string[] = []
    for (let times = 0; times < 4; times++) {
      const rolled = (await run('rollback', '--yes')).json.result.operation
      undoers.push(rolled.id)
      const { undoneBy } = (await run('history', id)).json.result.operation
      expect(undoneBy, String(times)).toBe(times % 2 === 0 ? undoers[0] : null)
      const listed = (await run('history')).json.result.operations.find((one: { id: string }) => one.id === id)
      expect(listed.undoneBy).toBe(undoneBy)
    }
    // As many as nobody asks for one by one.
    for (let at = 0; at < 25; at++) {
      await forge.operation(`u${at}`, { kind: 'rollback' })
      const undoes = at === 0 ? undoers.at(-1) : `u${at - 1}`
      await forge.event(`u${at}`, 'done', { undoes, changes: { removed: [], added: [], updated: [] }, sequence: { before: null, after: null } })
    }
    const shown = (await run('history')).json.result.operations as { id: string; undoneBy: string | null }[]
    for (const one of [id, ...undoers, 'u0', 'u3', 'u24'])
      expect((await run('history', one)).json.result.operation.undoneBy, one).toBe(shown.find((other) => other.id === one)?.undoneBy)
  })

  it('what is unfinished, however old, and the events of one', async () => {
    await mark('unapplied')
    await forge.operation('f0')
    await forge.event('f0', 'alive', 'null')
    await lengthenJournal(database, 300)
    const { answer } = await asking((opened) => unfinishedOperations(opened))
    expect(answer.map(({ id, status }) => [id, status])).toEqual([['f0', 'running']])
    expect((await asking((opened) => eventsOf(opened, 'f0'))).answer.map(({ event }) => event)).toEqual(['alive'])
    expect((await run('status')).json.warnings).toMatchObject([{ code: 'unfinished-operation', message: expect.stringContaining('f0') }])
    expect((await run('mark', 'applied', 'shop', '0002_data', '--yes')).json.error?.code).toBe('unfinished-operation')
    expect((await run('recover')).json.result.operation).toMatchObject({ id: 'f0', status: 'aborted' })
    await mark('applied')
  })

  it('that all have ended is written down now and then, under the lock, and does not hide what begins later', async () => {
    await mark('unapplied')
    await lengthenJournal(database, 200)
    const settled = () => database.query("SELECT detail FROM migstate_event WHERE event = 'settled'")
    await mark('applied')
    const [written, ...more] = await settled()
    const [last] = await database.query(`SELECT seq FROM migstate_operation WHERE id = '${longId(200)}'`)
    expect([JSON.parse(String(written?.detail)), more]).toEqual([{ through: String(last?.seq) }, []])
    await mark('unapplied')
    expect(await settled()).toHaveLength(1)
    await forge.operation('f0')
    expect((await run('mark', 'applied', 'shop', '0002_data', '--yes')).json.error?.code).toBe('unfinished-operation')
    expect((await run('status')).json.warnings[0].message).toContain('f0')
    // What a DBA has taken out since, "recover" finds.
    await run('recover')
    await database.query(`DELETE FROM migstate_event WHERE operation = '${longId(7)}' AND event = 'done'`)
    expect((await run('recover')).json.result.operation).toMatchObject({ id: longId(7) })
  })

  it('what was written down is looked at again under the lock: it may be gone since', async () => {
    await mark('unapplied')
    await lengthenJournal(database, 200)
    await mark('applied')
    const hold = gate()
    const running = start(['mark', 'unapplied', 'shop', '0002_data', '--no-files', '--yes', '--json'], {
      env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: hold.at('lock-taken') },
    })
    await hold.reached()
    await database.query(`DELETE FROM migstate_event WHERE event = 'settled' OR (operation = '${longId(7)}' AND event = 'done')`)
    hold.open()
    const { json } = await running.done
    expect(json.error).toMatchObject({ code: 'unfinished-operation', details: { operation: longId(7) } })
  })

  it.each(['x', '{"through":"soon"}', '{"through":5}', 'null'])('what is written down and cannot be read says nothing: %s', async (detail) => {
    await mark('unapplied')
    await forge.operation('f0')
    await forge.event(undefined, 'settled', detail)
    await forge.event(undefined, 'settled ', '{}')
    expect((await run('status')).json.warnings[0]).toMatchObject({ code: 'unfinished-operation' })
    expect((await run('mark', 'applied', 'shop', '0002_data', '--yes')).json.error).toMatchObject({ code: 'unfinished-operation' })
  })

  it('all down to one, and those on one migration', async () => {
    const answers = await compare((opened) => operationsOn(opened, 'old', '000042_x'), toggle)
    for (const answer of answers) expect(answer).toEqual([longId(42)])
    expect((await asking((opened) => operationsOn(opened, 'new', '000042_x'))).answer).toEqual([])
    expect((await asking((opened) => operationsOn(opened, 'old', '000049_x'))).answer).toEqual([longId(50), longId(49)])
    const { answer } = await asking((opened) => operationsDownTo(opened, longId(1497)))
    expect(answer.slice(-4).map(({ id, undoneBy }) => [id, undoneBy])).toEqual([
      [longId(1500), null],
      [longId(1499), longId(1500)],
      [longId(1498), null],
      [longId(1497), null],
    ])
  })

  it('a name that JSON writes in another way is found too', async () => {
    for (const name of ['0003_é_x', '0004_"x"', '0005_50%_|x']) {
      const { id } = await mark('applied', name)
      expect((await asking((opened) => operationsOn(opened, 'shop', name))).answer, name).toEqual([id])
    }
    const [event] = await database.query("SELECT seq, detail FROM migstate_event WHERE event = 'done' ORDER BY seq")
    const escaped = String(event?.detail).replace('0003_é_x', '0003_\\u00e9_x')
    await database.query(
      `UPDATE migstate_event SET detail = '${engine === 'mysql' || engine === 'mariadb' ? escaped.replaceAll('\\', '\\\\') : escaped}' WHERE seq = ${event?.seq}`,
    )
    expect((await asking((opened) => operationsOn(opened, 'shop', '0003_é_x'))).answer).toHaveLength(1)
  })

  it('snapshots: the newest, and one by its beginning', async () => {
    let snapshot = ''
    const answers = await compare(
      async (opened) => [(await newestSnapshots(opened, 3)).snapshots, await findSnapshot(opened, snapshot.slice(0, 8))] as const,
      async () => (snapshot = (await mark(await nextKind())).snapshot),
    )
    for (const [newest, one] of answers) {
      expect(newest).toHaveLength(3)
      expect(newest[0]?.id).toBe(one.id)
    }
    expect(answers[1]?.[1].id).toBe(snapshot)
    expect((await run('snapshot', 'list', '--limit', '2')).json.result.snapshots).toHaveLength(2)
  })
  const nextKind = async () => ((await fingerprint(database)).rows.some((row) => row.includes('0002_data')) ? 'unapplied' : 'applied')

  describe('a journal that an older version has made', () => {
    const drop = async () => {
      for (const [name, table] of Object.entries(INDEXES))
        await database.query(engine === 'mysql' || engine === 'mariadb' ? `DROP INDEX ${name} ON ${table}` : `DROP INDEX ${name}`)
      if (engine === 'postgresql') await database.query('DROP INDEX migstate_operation_id')
    }
    const indexes = async () => {
      const sql =
        engine === 'sqlite'
          ? "SELECT name FROM sqlite_master WHERE type = 'index'"
          : engine === 'postgresql'
            ? 'SELECT indexname AS name FROM pg_indexes'
            : 'SELECT DISTINCT INDEX_NAME AS name FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()'
      const names = (await database.query(sql)).map(({ name }) => String(name))
      return [...Object.keys(INDEXES), ...(engine === 'postgresql' ? ['migstate_operation_id'] : [])].filter((name) => names.includes(name))
    }

    it('gets its indexes when something is next written, and is read without them', async () => {
      await mark('unapplied')
      const all = await indexes()
      expect(all).toHaveLength(engine === 'postgresql' ? 3 : 2)
      await drop()
      for (const argv of [['status'], ['history'], ['show', 'shop', '0002_data']])
        expect((await run(...argv)).json, argv[0]).toMatchObject({ ok: true, warnings: [] })
      expect((await run('mark', 'applied', 'shop', '0002_data', '--dry-run')).exitCode).toBe(0)
      expect(await indexes()).toEqual([])
      await mark('applied')
      expect(await indexes()).toEqual(all)
      expect((await run('status')).json.warnings).toEqual([])
    })

    it.runIf(engine !== 'sqlite')('stays without them where the role may make none', async () => {
      await mark('unapplied')
      await drop()
      const role = `ms_role_${randomBytes(4).toString('hex')}`
      const postgres = engine === 'postgresql'
      const account = postgres ? role : `'${role}'@'%'`
      await database.query(postgres ? `CREATE ROLE ${role} LOGIN PASSWORD 'x'` : `CREATE USER ${account} IDENTIFIED BY 'x'`)
      whenTestEnds(async () => {
        await database.drop()
        const admin = await freshDatabase(engine)
        await admin.query(postgres ? `DROP ROLE ${role}` : `DROP USER ${account}`)
      })
      const tables = ['django_migrations', 'migstate_operation', 'migstate_event', 'migstate_snapshot_row']
      for (const table of tables) await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${account}`)
      if (postgres) await database.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`)
      else await database.query(`GRANT LOCK TABLES ON \`${new URL(database.url).pathname.slice(1)}\`.* TO ${account}`)
      const own = new URL(database.url)
      own.username = role
      own.password = 'x'
      const marked = await migstate(['mark', 'applied', 'shop', '0002_data', '--yes', '--no-files', '--json', '--url', own.href])
      expect(marked.exitCode, marked.stdout).toBe(0)
      expect(await indexes()).toEqual([])
    })

    it.runIf(engine === 'postgresql')('and an index of another kind under their names is the trap that it is', async () => {
      await mark('unapplied')
      await drop()
      await database.query('CREATE INDEX migstate_event_newest ON migstate_event (lower(detail))')
      const marked = await run('mark', 'applied', 'shop', '0002_data', '--yes')
      expect([marked.exitCode, marked.json.error?.code]).toEqual([2, 'damaged-journal'])
      expect(marked.json.error.message).toContain('over an expression')
    })
  })
})
