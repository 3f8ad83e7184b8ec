import type { Socket } from 'node:net'
import { beforeEach, expect, it } from 'vitest'
import { built, migstate, start } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { eachServer } from '../support/each-server.js'
import { gate } from '../support/gate.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { throughProxy } from '../support/tcp-proxy.js'
import { until } from '../support/until.js'

/** A network that goes away at the worst moment: what the tool then says of the change is what has become of it. */
eachServer((engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, [
      ['shop', '0001_initial'],
      ['blog', '0001_initial'],
    ])
  })

  /** The connection that sends `words` is cut there. @param answered what becomes of the answer */
  async function cutAt(words: RegExp, answered: 'never sent' | 'lost' | 'passed on', { comesBack = true } = {}): Promise<{ url: string; cuts(): number }> {
    let cuts = 0
    const url = await throughProxy(database.url, () => {
      let waits = false
      const cut = (upstream: Socket) => {
        cuts++
        upstream.destroy()
      }
      if (cuts > 0 && !comesBack) return { toServer: (_data, upstream) => (upstream.destroy(), Buffer.alloc(0)) }
      return {
        toServer(data, upstream) {
          if (cuts > 0 || !words.test(data.toString('latin1'))) return data
          if (answered !== 'never sent') waits = true
          else cut(upstream)
          return answered === 'never sent' ? Buffer.alloc(0) : data
        },
        toClient(data, upstream) {
          if (!waits) return data
          waits = false
          if (answered === 'lost') return (cut(upstream), null)
          setImmediate(() => cut(upstream))
          return data
        },
      }
    })
    return { url: engine === 'postgresql' ? `${url}?sslmode=disable` : `${url}?ssl-mode=DISABLED`, cuts: () => cuts }
  }

  const run = (url: string, ...argv: string[]) => built([...argv, '--url', url, '--no-files', '--json'], { env: { MIGSTATE_LOCK_TIMEOUT: '2' } })
  const mark = ['mark', 'unapplied', 'blog', '0001_initial', '--yes']
  /** The commit of an edit, and not that of a transaction that reads. */
  const COMMIT = /\bCOMMIT(?!TED)/
  const names = async () => (await migstate(['status', '--url', database.url, '--no-files', '--json'])).json.result.unknownApps.flatMap(rowNames).sort()

  /** `COMMIT` ends transactions that read, too: the first one after the first write is meant. */
  const afterWrite = () => {
    let wrote = false
    return Object.assign(/x/, {
      test: (text: string) => {
        if (/DELETE FROM/i.test(text)) wrote = true
        return wrote && COMMIT.test(text)
      },
    })
  }

  it('the answer of the COMMIT is lost: looked up over a new connection, exit 0', async () => {
    const { url, cuts } = await cutAt(afterWrite(), 'lost')
    const marked = await run(url, ...mark)
    expect(cuts()).toBe(1)
    expect(marked.exitCode, marked.stdout).toBe(0)
    expect(marked.json.result).toMatchObject({ operation: { status: 'done' }, changes: { removed: [{ app: 'blog' }] } })
    expect(await names()).toEqual(['shop.0001_initial'])
    expect((await run(database.url, 'history')).json.result.operations).toMatchObject([{ status: 'done' }])
    // The lock was given back.
    expect((await run(database.url, 'rollback', '--yes')).exitCode).toBe(0)
  })

  it('the new connection has the lock that the lost one had', async () => {
    const { url } = await cutAt(afterWrite(), 'lost')
    const hold = gate()
    const marking = start([...mark, '--url', url, '--no-files', '--json'], { env: { MIGSTATE_FAILPOINT: hold.at('after-commit') } })
    await hold.reached()
    const other = await run(database.url, 'mark', 'applied', 'other', '0001', '--yes', '--lock-timeout', '0.3')
    expect([other.exitCode, other.json.error?.code], other.stdout).toEqual([5, 'lock-timeout'])
    hold.open()
    expect((await marking.done).exitCode).toBe(0)
  })

  it('the connection is cut right after the COMMIT: exit 0', async () => {
    const { url, cuts } = await cutAt(afterWrite(), 'passed on')
    const marked = await run(url, ...mark)
    expect(cuts()).toBe(1)
    expect(marked.exitCode, marked.stdout).toBe(0)
    expect(await names()).toEqual(['shop.0001_initial'])
  })

  it('the COMMIT never arrives: exit 1, rolled back', async () => {
    const before = await fingerprint(database)
    const { url, cuts } = await cutAt(afterWrite(), 'never sent')
    const marked = await run(url, ...mark)
    expect(cuts()).toBe(1)
    expect([marked.exitCode, marked.json.error?.code, marked.json.error?.consequence], marked.stdout).toEqual([1, 'cannot-connect', 'rolled-back'])
    expect(marked.json.error.message).toContain('The change was rolled back: nothing was changed.')
    expect(await fingerprint(database)).toEqual(before)
    expect((await run(database.url, 'history')).json.result.operations).toEqual([])
  })

  it('the answer is lost and the server does not come back: exit 8, not known, and the journal tells later', async () => {
    const { url, cuts } = await cutAt(afterWrite(), 'lost', { comesBack: false })
    const marked = await run(url, ...mark)
    expect(cuts()).toBe(1)
    expect([marked.exitCode, marked.json.error?.code, marked.json.error?.consequence], marked.stdout).toEqual([8, 'outcome-unknown', 'unknown'])
    const { operation } = marked.json.error.details
    expect(marked.json.error.hint).toContain(`migstate history ${operation}`)
    expect((await run(database.url, 'history', operation)).json.result.operation.status).toBe('done')
  })

  it('the answer is lost, and somebody else has the lock when the server is back: exit 8, not known, and the journal tells later', async () => {
    const { url, cuts } = await cutAt(afterWrite(), 'lost')
    const [lost, theirs] = [gate(), gate()]
    const marking = start([...mark, '--url', url, '--no-files', '--json'], { env: { MIGSTATE_LOCK_TIMEOUT: '1', MIGSTATE_FAILPOINT: lost.at('commit-lost') } })
    await lost.reached()
    const other = start(['mark', 'applied', 'other', '0001', '--yes', '--url', database.url, '--no-files', '--json'], {
      env: { MIGSTATE_FAILPOINT: theirs.at('lock-taken') },
    })
    await theirs.reached()
    lost.open()
    const marked = await marking.done
    expect(cuts()).toBe(1)
    expect([marked.exitCode, marked.json.error?.code, marked.json.error?.consequence], marked.stdout).toEqual([8, 'outcome-unknown', 'unknown'])
    theirs.open()
    expect((await other.done).exitCode).toBe(0)
    expect((await run(database.url, 'history', marked.json.error.details.operation)).json.result.operation.status).toBe('done')
  })

  /** The COMMIT stays on the network until it is let go. */
  async function heldCommit(): Promise<{ url: string; held(): boolean; letGo(): void }> {
    const commit = afterWrite()
    let send: (() => void) | undefined
    const url = await throughProxy(database.url, () => ({
      toServer(data, upstream) {
        if (send || !commit.test(data.toString('latin1'))) return data
        send = () => void upstream.write(data)
        return Buffer.alloc(0)
      },
      toClient: (data) => data,
    }))
    return { url: engine === 'postgresql' ? `${url}?sslmode=disable` : `${url}?ssl-mode=DISABLED`, held: () => send !== undefined, letGo: () => send?.() }
  }

  const marking = (url: string, patience: string) => start([...mark, '--url', url, '--no-files', '--json'], { env: { MIGSTATE_LOCK_TIMEOUT: patience } })

  it('the COMMIT takes its time: after --lock-timeout it is told who waits, and then it takes place', async () => {
    const { url, letGo } = await heldCommit()
    const { process: tool, done } = marking(url, '1')
    let said = ''
    tool.stderr?.on('data', (chunk) => (said += String(chunk).replaceAll(/\s+/g, ' ')))
    await until('it is told', () => said.includes('the answer to COMMIT'))
    expect(said).toMatch(engine === 'postgresql' ? /PostgreSQL session \d+/ : /server connection \d+/)
    letGo()
    const marked = await done
    expect([marked.exitCode, marked.json.result?.operation?.status], marked.stdout).toEqual([0, 'done'])
    expect(await names()).toEqual(['shop.0001_initial'])
  })

  it('Ctrl-C while the COMMIT is on its way: exit 8, not known, who waits is told, and the journal tells later', async () => {
    const { url, held, letGo } = await heldCommit()
    const { process: tool, done } = marking(url, '60')
    await until('it is sent', held)
    tool.kill('SIGINT')
    const stopped = await done
    expect([stopped.exitCode, stopped.json.error?.code, stopped.json.error?.consequence], stopped.stdout).toEqual([8, 'outcome-unknown', 'unknown'])
    const { operation } = stopped.json.error.details
    expect(stopped.json.error.message).toContain(`the COMMIT of operation ${operation} was sent and is not answered`)
    expect(stopped.json.error.message).toMatch(engine === 'postgresql' ? /PostgreSQL session \d+/ : /server connection \d+/)
    letGo()
    const told = await run(database.url, 'history', operation)
    expect(told.exitCode === 0 ? told.json.result.operation.status : told.json.error.code).toMatch(/^(done|unknown-operation)$/)
    expect(await names()).toHaveLength(told.exitCode === 0 ? 1 : 2)
  })

  it('a snapshot is committed and the connection is cut: it is there, exit 0', async () => {
    let wrote = false
    const afterCopy = Object.assign(/x/, {
      test: (text: string) => {
        if (/INSERT INTO \S*migstate_snapshot_row/i.test(text)) wrote = true
        return wrote && COMMIT.test(text)
      },
    })
    const { url, cuts } = await cutAt(afterCopy, 'passed on')
    const made = await run(url, 'snapshot', 'create')
    expect(cuts()).toBe(1)
    expect(made.exitCode, made.stdout).toBe(0)
    expect(made.json.warnings).toMatchObject([{ code: 'not-checked' }])
    expect((await run(database.url, 'snapshot', 'list')).json.result.snapshots).toMatchObject([{ id: made.json.result.snapshot.id }])
  })

  it('the side tables are dropped and the answer is lost: not known, and the same command tells', async () => {
    expect((await run(database.url, ...mark)).exitCode).toBe(0)
    const { url, cuts } = await cutAt(/DROP TABLE IF EXISTS/, 'lost')
    const dropped = await run(url, 'uninstall', '--no-export', '--yes')
    expect(cuts()).toBe(1)
    expect([dropped.exitCode, dropped.json.error?.code, dropped.json.error?.consequence], dropped.stdout).toEqual([8, 'outcome-unknown', 'unknown'])
    expect(dropped.json.error.message).not.toMatch(/nothing was changed/i)
    expect((await run(database.url, 'uninstall', '--no-export', '--yes')).json.result.dropped).toEqual([])
  })

  it('cut at the counter, after the rows are committed: it is put back all the same', async () => {
    expect((await run(database.url, 'mark', 'applied', 'blog', '0002_more', '--yes')).exitCode).toBe(0)
    const before = await fingerprint(database)
    const { url, cuts } = await cutAt(engine === 'postgresql' ? afterWrite() : /UNLOCK TABLES|AUTO_INCREMENT =/, 'never sent')
    const undone = await run(url, 'rollback', '--yes')
    expect(cuts()).toBe(1)
    if (engine === 'postgresql') {
      expect([undone.exitCode, undone.json.error?.consequence]).toEqual([1, 'rolled-back'])
      expect(await fingerprint(database)).toEqual(before)
      return
    }
    expect(undone.exitCode, undone.stdout).toBe(0)
    expect(await names()).toEqual(['blog.0001_initial', 'shop.0001_initial'])
    expect((await fingerprint(database)).counter).toBe('3')
  })

  it('cut at the counter, and the server does not come back: exit 8, and recover ends it', async () => {
    if (engine === 'postgresql') return
    expect((await run(database.url, 'mark', 'applied', 'blog', '0002_more', '--yes')).exitCode).toBe(0)
    const { url } = await cutAt(/UNLOCK TABLES|AUTO_INCREMENT =/, 'never sent', { comesBack: false })
    const undone = await run(url, 'rollback', '--yes')
    expect([undone.exitCode, undone.json.error?.code, undone.json.error?.consequence], undone.stdout).toEqual([8, 'unfinished-operation', 'committed'])
    expect(await names()).toEqual(['blog.0001_initial', 'shop.0001_initial'])
    expect((await run(database.url, 'recover', '--yes')).json.result.operation.status).toBe('done')
    expect((await fingerprint(database)).counter).toBe('3')
  })
})

function rowNames({ rows }: { rows: { app: string; name: string }[] }): string[] {
  return rows.map(({ app, name }) => `${app}.${name}`)
}
