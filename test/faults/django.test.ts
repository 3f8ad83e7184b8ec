import { beforeEach, describe, expect, it } from 'vitest'
import { type CliResult, migstate, start } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { endProcessesIn } from '../support/endings.js'
import { type Gate, gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'
import { until } from '../support/until.js'

const all = process.env.DJANGO_VERSIONS === 'all'
const versions = all ? Object.keys(djangos) : [oneDjango as string]
const databases = all ? engines : engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql')

/** Table mode with real Django: what becomes of the rows when somebody or something comes between. */
describe.each(versions)('Django %s', (version) => {
  describe.each(databases)('%s', (engine) => {
    let database: TestDatabase
    let shop: DjangoProject
    let go: Gate
    beforeEach(async () => {
      ;({ database, shop } = await migratedShop(version, engine))
      shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('wait()\n    create("it ran")') })
      go = gate()
    })

    const options = () => ({ cwd: shop.folder, env: { ...shop.env, WAIT_FOR: go.file } })
    const run = (...argv: string[]) => migstate([...argv, '--json'], options())
    const rerun = async () => {
      const running = start(['rerun', 'shop', '0003', '--mode', 'table', '--yes', '--json'], options())
      await go.reached()
      return running
    }
    const products = async () => Number((await database.query('SELECT count(*) AS n FROM shop_product'))[0]?.n)

    it('tool and child killed in the middle, recover: identical', async () => {
      const before = await fingerprint(database)
      const running = await rerun()
      endProcessesIn(shop.folder)
      await running.done
      expect((await fingerprint(database)).rows.length).toBeLessThan(before.rows.length)
      const decidable = engine === 'sqlite' || engine === 'postgresql'
      const recovered = await run('recover', ...(decidable ? [] : ['--assume', 'not-applied']))
      expect(recovered.exitCode, recovered.stdout).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
      expect(await products()).toBe(0)
      expect((await shop.manage('migrate', '--check')).exitCode).toBe(0)
    })

    it('only the tool killed, the child goes on: recover waits for it and finds that it ran', async () => {
      const before = await fingerprint(database)
      const running = await rerun()
      running.process.kill('SIGKILL')
      await running.done
      const recovering = start(['recover', '--lock-timeout', '60', '--json'], options())
      let said = ''
      recovering.process.stderr?.on('data', (chunk) => (said += chunk))
      await until('recover waits', () => /manage\.py/.test(said) && /[Ww]aiting/.test(said))
      go.open()
      const recovered = await recovering.done
      expect(recovered.exitCode, recovered.stdout).toBe(0)
      expect(recovered.json.result.operation).toMatchObject({ kind: 'rerun', status: 'done' })
      expect(await products()).toBe(1)
      const after = await fingerprint(database)
      expect(after.counter).toBe(before.counter)
      expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
      await run('rollback', '--yes')
      expect(await fingerprint(database)).toEqual(before)
    })

    it('Ctrl-C in the middle: as before, exit 130', async () => {
      const before = await fingerprint(database)
      const running = await rerun()
      running.process.kill('SIGINT')
      const done = await running.done
      expect(done.exitCode, done.stderr).toBe(130)
      expect(await fingerprint(database)).toEqual(before)
      expect(await products()).toBe(0)
    })

    it('somebody else records a dependant meanwhile: it stays, is reported, and is not doubled', async () => {
      const before = await fingerprint(database)
      const running = await rerun()
      // A deploy in the window of table mode sees the rows missing; the tables exist, so it fakes.
      const deploy = await shop.manage('migrate', '--fake', 'billing', '0001')
      expect(deploy, deploy.output).toMatchObject({ exitCode: 0 })
      go.open()
      const done: CliResult = await running.done
      expect(done.exitCode, done.stdout + done.stderr).toBe(0)
      expect(done.json.warnings).toContainEqual({ code: 'interleaved', message: expect.stringContaining('billing.0001_initial') })
      const names = (rows: string[]) => rows.map((row) => row.split('|').slice(1, 3).join('.')).sort()
      expect(names((await fingerprint(database)).rows)).toEqual(names(before.rows))
      expect(await products()).toBe(1)
      expect((await shop.manage('migrate', '--check')).exitCode).toBe(0)
    })
  })
})
