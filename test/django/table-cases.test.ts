import { describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { type Engine, engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { reportedCase } from '../support/reported.js'
import { dataMigration } from '../support/shadow-project.js'

const version = oneDjango as string
const plus = (engine: Engine) => (engine === 'postgresql' ? '::timestamptz' : '')

interface Given {
  database: TestDatabase
  project: DjangoProject
  run(...argv: string[]): ReturnType<typeof migstate>
}

function reported(name: string, engine: Engine, what: string, test: (given: Given) => Promise<void>): void {
  reportedCase(name, engine, what, ({ database, project }) =>
    test({ database, project, run: (...argv) => migstate([...argv, '--json'], { cwd: project.folder, env: project.env }) }),
  )
}

const codes = (json: { warnings: { code: string }[] }) => json.warnings.map(({ code }) => code)

describe('reported cases of tables', () => {
  for (const [name, engine] of [
    ['L12-nokey-maria', 'mariadb'],
    ['L12-nokey-pg', 'postgresql'],
    ['L12-nokey-sqlite', 'sqlite'],
  ] as const)
    reported(name, engine, 'no new row without an id; undo and snapshots work', async ({ database, run }) => {
      expect(codes((await run('status')).json)).toContain('id-default-missing')
      expect(codes((await run('plan')).json)).toContain('id-default-missing')
      const rows = () => database.query('SELECT id, app, name, applied FROM django_migrations ORDER BY id')
      const before = await rows()
      const refused = await run('mark', 'applied', 'a', '0003', '--yes')
      expect([refused.exitCode, refused.json.error.code]).toEqual([4, 'id-default-missing'])
      expect(await rows()).toEqual(before)
      expect((await run('mark', 'unapplied', 'a', '0002', '--yes')).exitCode).toBe(0)
      expect((await run('rollback', '--yes')).exitCode).toBe(0)
      expect(await rows()).toEqual(before)
      expect((await run('snapshot', 'create')).exitCode).toBe(0)
    })

  reported('L12-text-maria', 'mariadb', 'plan says what Django dies of, status warns', async ({ project, run }) => {
    const dead = await project.manage('migrate', '--plan')
    expect([dead.exitCode === 0, dead.output]).toEqual([false, expect.stringContaining("AttributeError: 'str' object has no attribute 'utcoffset'")])
    expect(codes((await run('status', '--check')).json)).toContain('malformed-applied')
    const plan = await run('plan')
    expect([plan.exitCode, plan.json.result]).toMatchObject([
      3,
      { steps: [], blockedBy: [{ gate: 'bad-row', exception: 'AttributeError', message: "'str' object has no attribute 'utcoffset'" }] },
    ])
  })

  reported('L12-timestamp-pg', 'postgresql', 'the rerun ends, with the new time as Django would write it, in both modes', async ({ database, run }) => {
    const time = async () => String((await database.query("SELECT applied::text AS applied FROM django_migrations WHERE name = '0002_x'"))[0]?.applied)
    for (const mode of ['shadow', 'table']) {
      const before = await database.query('SELECT id, app, name FROM django_migrations ORDER BY id')
      const old = await time()
      const done = await run('rerun', 'a', '0002', '--mode', mode, '--yes')
      expect(done.exitCode, done.stdout + done.stderr).toBe(0)
      expect(await time()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$/)
      expect(Math.abs(Date.parse(`${await time()}Z`) - Date.now())).toBeLessThan(60_000)
      expect(await database.query('SELECT id, app, name FROM django_migrations ORDER BY id')).toEqual(before)
      expect((await run('rollback', '--yes')).exitCode).toBe(0)
      expect(await time()).toBe(old)
    }
    expect((await run('recover', '--yes')).exitCode).toBe(0)
    expect((await run('mark', 'applied', 'a', '0003', '--yes')).exitCode).toBe(0)
  })

  reported('L13', 'postgresql', 'a restore never moves the sequence of another table', async ({ database, run }) => {
    const { result } = (await run('snapshot', 'create', '--schema', 'branch_s1')).json
    await database.query("INSERT INTO public.django_migrations (app, name, applied) SELECT 'x', 'n' || i, now() FROM generate_series(1, 5) i")
    expect((await run('mark', 'applied', 'users', '0002', '--schema', 'branch_s1', '--yes')).exitCode).toBe(0)
    const restored = await run('snapshot', 'restore', result.snapshot.id, '--schema', 'branch_s1', '--yes')
    expect([restored.exitCode, codes(restored.json)], restored.stdout).toEqual([0, expect.arrayContaining(['shared-sequence'])])
    await database.query("INSERT INTO public.django_migrations (app, name, applied) VALUES ('x', 'n6', now())")
    expect(await database.query('SELECT count(*) AS n, count(DISTINCT id) AS ids FROM public.django_migrations')).toEqual([{ n: '8', ids: '8' }])
  })

  reported('L22', 'postgresql', 'the sequence is behind: said by status and plan, refused before anything', async ({ database, run }) => {
    for (const command of ['status', 'plan']) expect(codes((await run(command)).json), command).toContain('sequence-behind')
    for (const more of ['--dry-run', '--yes']) {
      const refused = await run('mark', 'applied', 'a', '0004', more)
      expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([4, 'sequence-behind'])
    }
    const [finding] = (await run('doctor', '--only', 'sequence-behind')).json.result.findings
    await database.query(finding.repairs.find(({ command }: { command: string }) => !command.startsWith('migstate')).command)
    expect((await run('mark', 'applied', 'a', '0004', '--yes')).json.result.changes.added).toMatchObject([{ id: '4' }])
  })
})

/** A run is refused before its code runs, or ends with all rows whole. */
describe.runIf(version)('runs in odd tables', () => {
  describe.each(engines)('%s', (engine) => {
    const shop = async () => {
      const made = await migratedShop(version, engine)
      made.shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("ran")') })
      const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: made.shop.folder, env: made.shop.env })
      const products = async () => Number((await made.database.query('SELECT count(*) AS n FROM shop_product'))[0]?.n)
      return { ...made, run, products, end: async () => (made.shop.remove(), await made.database.drop()) }
    }
    const rows = (database: TestDatabase) => database.query('SELECT id, app, name, tag FROM django_migrations ORDER BY id')

    it('extra columns: every row keeps its own, in both modes and by rollback', async () => {
      const { database, run, products, end } = await shop()
      await database.query("ALTER TABLE django_migrations ADD COLUMN tag varchar(20) DEFAULT 'new'")
      await database.query('UPDATE django_migrations SET tag = name WHERE length(name) <= 20')
      await database.query("UPDATE django_migrations SET tag = 'mine' WHERE name = '0003_fill_slugs'")
      const before = await rows(database)
      for (const mode of ['shadow', 'table']) {
        const done = await run('rerun', 'shop', '0003', '--mode', mode, '--yes')
        expect(done.exitCode, done.stdout + done.stderr).toBe(0)
        expect(await rows(database)).toEqual(before)
      }
      expect(await products()).toBe(2)
      expect((await run('rollback', '--yes')).exitCode).toBe(0)
      expect(await rows(database)).toEqual(before)
      await end()
    })

    it.runIf(engine !== 'sqlite')('a column of days: refused before the code runs, table-unfit', async () => {
      const { database, run, products, end } = await shop()
      await database.query(
        engine === 'postgresql' ? 'ALTER TABLE django_migrations ALTER COLUMN applied TYPE date' : 'ALTER TABLE django_migrations MODIFY applied date NOT NULL',
      )
      for (const mode of ['shadow', 'table'])
        for (const more of ['--dry-run', '--yes']) {
          const refused = await run('rerun', 'shop', '0003', '--mode', mode, more)
          expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([4, 'table-unfit'])
        }
      expect(await products()).toBe(0)
      expect((await run('recover', '--yes')).json.result.operation ?? null).toBeNull()
      await end()
    })

    it.runIf(engine !== 'sqlite')('a column of whole seconds: it ends, with the time as the column keeps it', async () => {
      const { database, run, end } = await shop()
      await database.query(
        engine === 'postgresql'
          ? 'ALTER TABLE django_migrations ALTER COLUMN applied TYPE timestamp(0)'
          : 'ALTER TABLE django_migrations MODIFY applied datetime NOT NULL',
      )
      for (const mode of ['shadow', 'table']) {
        const done = await run('rerun', 'shop', '0003', '--mode', mode, '--yes')
        expect(done.exitCode, done.stdout + done.stderr).toBe(0)
        expect(done.json.result.changes.updated[0].after.applied).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
      }
      await end()
    })

    it('a trigger that gives rows a time of its own: found before the code runs, in both modes', async () => {
      const { database, run, products, end } = await shop()
      await ownTime(database)
      const before = await database.query('SELECT id, app, name, applied FROM django_migrations ORDER BY id')
      for (const mode of ['shadow', 'table']) {
        const refused = await run('rerun', 'shop', '0003', '--mode', mode, '--yes')
        expect([refused.exitCode, refused.json.error?.code], refused.stdout + refused.stderr).toEqual([4, 'table-unfit'])
        expect(refused.json.error.message).toMatch(/0003_fill_slugs/)
      }
      expect(await products()).toBe(0)
      expect(await database.query('SELECT id, app, name, applied FROM django_migrations ORDER BY id')).toEqual(before)
      expect((await run('mark', 'unapplied', 'shop', '0003', '--with-dependants', '--yes')).exitCode).toBe(0)
      await end()
    })

    it('an id that fills itself no more: a first run is refused before its code runs', async () => {
      const { database, run, products, end } = await shop()
      await database.query("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0003_fill_slugs'")
      for (const statement of copied(engine)) await database.query(statement)
      for (const more of ['--dry-run', '--yes']) {
        const refused = await run('run', 'shop.0003', more)
        expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([4, 'id-default-missing'])
      }
      expect(await products()).toBe(0)
      await end()
    })
  })
})

async function ownTime(database: TestDatabase): Promise<void> {
  const { engine } = database
  if (engine === 'postgresql') {
    await database.query("CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.applied := '2001-01-01'; RETURN NEW; END $$")
    await database.query('CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON django_migrations FOR EACH ROW EXECUTE FUNCTION stamp()')
    return
  }
  for (const event of ['INSERT', 'UPDATE'])
    await database.query(
      engine === 'sqlite'
        ? `CREATE TRIGGER stamp_${event} AFTER ${event} ON django_migrations BEGIN UPDATE django_migrations SET applied = '2001-01-01' WHERE id = NEW.id AND applied <> '2001-01-01'; END`
        : `CREATE TRIGGER stamp_${event} BEFORE ${event} ON django_migrations FOR EACH ROW SET NEW.applied = '2001-01-01'`,
    )
}

function copied(engine: Engine): string[] {
  const time = engine === 'postgresql' ? `applied${plus(engine)} AS applied` : 'applied'
  return [
    `CREATE TABLE copied AS SELECT id, app, name, ${time} FROM django_migrations`,
    'DROP TABLE django_migrations',
    'ALTER TABLE copied RENAME TO django_migrations',
  ]
}
