import { describe, expect } from 'vitest'
import { migstate } from '../support/cli.js'
import type { Engine } from '../support/databases.js'
import { type ReportedCase, reportedCase } from '../support/reported.js'
import { words } from '../support/words.js'

interface Finding {
  code: string
  app: string | null
  migration: string | null
  severity: string
  message: string
  evidence: string[]
  repairs: { command: string; recommended: boolean; safe: boolean }[]
}

interface Case extends ReportedCase {
  doctor(...argv: string[]): Promise<Finding[]>
}

function reported(name: string, engine: Engine, what: string, test: (given: Case) => Promise<void>): void {
  reportedCase(name, engine, what, ({ database, project, run }) =>
    test({
      database,
      project,
      doctor: async (...argv) => (await migstate(['doctor', ...argv, '--json'], { cwd: project.folder, env: project.env })).json.result.findings,
      run: (command) => run(`${command} --yes`),
    }),
  )
}

const codes = (findings: readonly Finding[]) => findings.map(({ code, app, migration }) => [code, ...[app, migration].filter((one) => one !== null)].join(' '))
const recommended = (findings: readonly Finding[]) => findings.flatMap(({ repairs }) => repairs.filter((one) => one.recommended).map(({ command }) => command))

describe('reported cases', () => {
  reported('L01', 'postgresql', 'both parents never ran: run them once, in order, and nothing else', async ({ database, project, doctor, run }) => {
    const found = await doctor()
    expect(codes(found)).toEqual(['hole settings_store 0001_initial', 'hole settings_store 0002_copy_old'])
    expect(recommended(found)).toEqual([
      'migstate run settings_store.0001_initial && migstate run settings_store.0002_copy_old',
      'migstate run settings_store.0002_copy_old --with-dependencies',
    ])
    const before = await database.query("SELECT * FROM django_migrations WHERE app = 'common' ORDER BY id")
    for (const command of recommended(found).flatMap((one) => one.split(' && '))) {
      const done = await run(command)
      expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    }
    expect(await database.query("SELECT * FROM django_migrations WHERE app = 'common' ORDER BY id")).toEqual(before)
    expect(await database.query('SELECT count(*) AS n FROM settings_store_entry')).toEqual([{ n: '1' }])
    expect((await project.manage('migrate', '--check')).exitCode).toBe(0)
    expect(await doctor()).toEqual([])
  })

  reported('L05', 'sqlite', 'the column is there: the part of the squash is to be marked', async ({ project, doctor, run }) => {
    expect((await project.manage('migrate')).output).toContain('InconsistentMigrationHistory')
    const found = await doctor('--only', 'hole')
    expect(recommended(found)).toContain('migstate mark applied ph.0003_b')
    // It makes the squash count as applied, below which the stub is not; Django does not mind, and filling a hole is never refused.
    const done = await run('migstate mark applied ph.0003_b')
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    const plan = await project.manage('migrate', '--plan')
    expect(plan.output).toContain('ph.0004_c')
    expect(plan.output).not.toContain('Inconsistent')
  })

  reported('L11', 'postgresql', 'what came from another branch has to run, its merges only need rows', async ({ project, doctor, run }) => {
    const found = await doctor()
    expect(codes(found)).toEqual(['hole m 0063_a', 'hole m 0064_merge', 'hole n 0030_y', 'hole n 0031_merge'])
    expect(recommended(found)).toEqual([
      'migstate run m.0063_a && migstate mark applied m.0064_merge',
      'migstate run n.0030_y && migstate mark applied n.0031_merge',
    ])
    for (const command of recommended(found).flatMap((one) => one.split(' && '))) {
      const done = await run(command)
      expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    }
    expect((await project.manage('migrate', '--check')).exitCode).toBe(0)
    expect(await doctor()).toEqual([])
  })

  for (const [name, engine] of [
    ['L12-nokey-maria', 'mariadb'],
    ['L12-nokey-pg', 'postgresql'],
    ['L12-nokey-sqlite', 'sqlite'],
  ] as const)
    reported(name, engine, 'the history was copied without its key', async ({ doctor }) => {
      const found = await doctor('--only', 'id-default-missing')
      expect(codes(found)).toEqual(['id-default-missing'])
      expect(found[0]?.repairs[0]).toMatchObject({ recommended: true, safe: false })
    })

  reported('L12-text-maria', 'mariadb', 'a column of text gives Django no times', async ({ database, project, doctor }) => {
    const dead = await project.manage('showmigrations', '-v2')
    expect(dead.exitCode).not.toBe(0)
    const [found] = await doctor('--only', 'malformed-applied')
    expect(found).toMatchObject({ code: 'malformed-applied', severity: 'error' })
    expect(await doctor('--explain', "AttributeError: 'str' object has no attribute 'utcoffset'")).toHaveLength(1)
    await database.query((found as Finding).repairs[0]?.command as string)
    expect(await doctor('--only', 'malformed-applied')).toEqual([])
    expect((await project.manage('showmigrations', '-v2')).exitCode).toBe(0)
  })

  reported('L12-timestamp-pg', 'postgresql', 'a timestamp without time zone is no finding: Django works with it', async ({ doctor }) => {
    expect(codes(await doctor('--only', 'malformed-applied'))).toEqual([])
  })

  reported('L16', 'sqlite', 'a lost file is missing-parent and no conflict; its row is to stay', async ({ database, project, doctor, run }) => {
    expect((await project.manage('migrate')).output).toContain('NodeNotFoundError')
    const found = await doctor()
    expect(codes(found).filter((code) => /conflict|ghost|hole/.test(code))).toEqual([])
    expect(found[0]).toMatchObject({ code: 'missing-parent', app: 'a', migration: '0002_x' })
    expect(found[0]?.message).toContain('a.0003_y, b.0001_initial depend on a.0002_x')
    expect(found[0]?.evidence.at(-1)).toContain('its row must stay')
    for (const command of ['migstate status', 'migstate fake a 0003_y --dry-run', 'migstate plan']) {
      const { stdout, stderr } = await migstate(words(command).slice(1), { cwd: project.folder, env: project.env })
      expect(stdout + stderr, command).not.toMatch(/\bconflict\b|conflicting|makemigrations/i)
      expect(stdout + stderr, command).toContain('a.0003_y')
    }
    expect((await migstate(['show', 'a', '0002_x'], { cwd: project.folder, env: project.env })).stdout).toMatch(
      /dependants +b\.0001_initial, a\.0003_y|dependants +a\.0003_y, b\.0001_initial/,
    )
    const before = await database.query('SELECT * FROM django_migrations ORDER BY id')
    const refused = await run('migstate mark unapplied a.0002_x')
    expect(refused.exitCode, refused.stdout + refused.stderr).toBe(4)
    const said = (refused.stdout + refused.stderr).replaceAll(/\s+/g, ' ')
    expect(said).toContain('a.0002_x would be unrecorded while a.0003_y, b.0001_initial, which depend on it, are recorded.')
    expect(said).toContain('the file is gone, and files that are there name it')
    expect(await database.query('SELECT * FROM django_migrations ORDER BY id')).toEqual(before)
  })

  reported('L22', 'postgresql', 'the sequence is behind: said before Django runs anything, and one statement mends it', async ({ database, doctor }) => {
    const [found] = await doctor('--only', 'sequence-behind')
    expect(found).toMatchObject({
      code: 'sequence-behind',
      severity: 'error',
      repairs: [{ command: 'migstate repair --fix-table', recommended: true }, { recommended: false }],
    })
    expect(await doctor('--explain', 'django.db.utils.IntegrityError: duplicate key value violates unique constraint "django_migrations_pkey"')).toHaveLength(1)
    await database.query((found as Finding).repairs[1]?.command as string)
    expect(await doctor('--only', 'sequence-behind')).toEqual([])
  })

  reported('L24', 'sqlite', 'a name with .py is one finding, and one UPDATE that keeps id and time', async ({ database, doctor, run }) => {
    const found = await doctor()
    expect(codes(found).filter((code) => !code.startsWith('recorded-missing'))).toEqual(['damaged-name helpdesk 0018_secret'])
    expect((await run(recommended(found.filter(({ code }) => code === 'damaged-name'))[0] as string)).exitCode).toBe(0)
    expect(await database.query('SELECT id, name, applied FROM django_migrations WHERE id = 2')).toEqual([
      { id: '2', name: '0018_secret', applied: '2024-01-02 10:00:00' },
    ])
  })

  reported('L33', 'postgresql', 'a role that may read the history alone', async ({ database, project }) => {
    await database.query("ALTER ROLE ms_c33_ro PASSWORD 'x'")
    const url = new URL(database.url)
    url.username = 'ms_c33_ro'
    url.password = 'x'
    const answer = await migstate(['doctor', '--json', '--url', url.href], { cwd: project.folder, env: project.env })
    expect(answer.json.ok, answer.stdout).toBe(true)
    expect(await database.query('REVOKE ALL ON django_migrations FROM ms_c33_ro').then(() => database.query('DROP ROLE ms_c33_ro'))).toEqual([])
  })

  reported(
    'L36',
    'postgresql',
    'the tables of one app are not in the dump: run its migrations again, and leave core alone',
    async ({ database, doctor, run }) => {
      const found = await doctor()
      expect(codes(found)).toEqual(['recorded-missing ex 0001_i'])
      expect(recommended(found)).toEqual(['migstate rerun ex.0001_i ex.0002_x --force'])
      const before = await database.query("SELECT * FROM django_migrations WHERE app = 'core'")
      const done = await run(recommended(found)[0] as string)
      expect(done.exitCode, done.stdout + done.stderr).toBe(0)
      expect(await database.query("SELECT * FROM django_migrations WHERE app = 'core'")).toEqual(before)
      expect(await doctor()).toEqual([])
    },
  )
})
