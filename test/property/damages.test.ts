import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BrokenShop, brokenShop, codesOf, migrationFile, type ShownFinding } from '../support/broken-shop.js'
import { engines } from '../support/databases.js'
import { djangos } from '../support/django.js'
import { harmless } from '../support/hints.js'

const SEED = Number(process.env.MIGSTATE_TEST_SEED ?? 20260)
const RUNS = Number(process.env.MIGSTATE_TEST_DAMAGES ?? 12)

/** One app of its own for each damage, so that which finding is whose can be told. */
interface Damage {
  name: string
  app: string
  statements: (app: string) => string[]
  /** What doctor may call it. */
  codes: string[]
  /** Rows and schema alone say what is right. */
  mends: boolean
}

const of = (app: string, name: string) => `WHERE app = '${app}' AND name = '${name}'`
const like = (app: string, name: string) => `INSERT INTO django_migrations (app, name, applied) SELECT '${app}', '${name}', max(applied) FROM django_migrations`

const DAMAGES: Omit<Damage, 'app'>[] = [
  { name: 'delete in the middle', statements: (app) => [`DELETE FROM django_migrations ${of(app, '0002_two')}`], codes: ['hole'], mends: true },
  { name: 'delete at the end', statements: (app) => [`DELETE FROM django_migrations ${of(app, '0003_three')}`], codes: ['present-unrecorded'], mends: true },
  { name: 'duplicate', statements: (app) => [like(app, '0002_two')], codes: ['duplicate'], mends: true },
  { name: 'ghost', statements: (app) => [like(app, '0002_another')], codes: ['ghost'], mends: false },
  { name: 'rename', statements: (app) => [`UPDATE django_migrations SET name = '0002_zwei' ${of(app, '0002_two')}`], codes: ['renamed'], mends: true },
  { name: 'case', statements: (app) => [`UPDATE django_migrations SET name = '0002_Two' ${of(app, '0002_two')}`], codes: ['damaged-name'], mends: true },
  { name: 'a blank', statements: (app) => [`UPDATE django_migrations SET name = '0002_two ' ${of(app, '0002_two')}`], codes: ['damaged-name'], mends: true },
  {
    name: 'half of a squash',
    statements: (app) => [like(app, '0004_squashed_0005'), like(app, '0004_four')],
    codes: ['squash-stale-row', 'squash-partial', 'squash-not-believed', 'recorded-missing', 'faked-burst'],
    mends: false,
  },
  {
    name: 'time',
    statements: (app) => [`UPDATE django_migrations SET applied = '2024-13-45 00:00:00' ${of(app, '0001_one')}`],
    codes: ['malformed-applied'],
    mends: true,
  },
  { name: 'a dropped column', statements: (app) => [`ALTER TABLE ${app}_thing DROP COLUMN three`], codes: ['recorded-missing', 'faked-burst'], mends: false },
  { name: 'a dropped table', statements: (app) => [`DROP TABLE ${app}_thing`], codes: ['recorded-missing', 'faked-burst'], mends: false },
]

const APPS = ['alpha', 'bravo', 'charlie', 'delta']

const files = (app: string): Record<string, string> => ({
  [`${app}/__init__.py`]: '',
  [`${app}/migrations/__init__.py`]: '',
  [`${app}/migrations/0001_one.py`]: migrationFile(
    '',
    'migrations.CreateModel("Thing", [("id", models.AutoField(primary_key=True)), ("one", models.IntegerField(default=1))])',
  ),
  [`${app}/migrations/0002_two.py`]: migrationFile(`("${app}", "0001_one")`, 'migrations.AddField("thing", "two", models.IntegerField(default=2))'),
  [`${app}/migrations/0003_three.py`]: migrationFile(`("${app}", "0002_two")`, 'migrations.AddField("thing", "three", models.IntegerField(null=True))'),
})

const squashed = (app: string): Record<string, string> => ({
  [`${app}/migrations/0004_squashed_0005.py`]: migrationFile(
    `("${app}", "0003_three")`,
    'migrations.AddField("thing", "four", models.IntegerField(null=True)), migrations.AddField("thing", "five", models.IntegerField(null=True))',
    `    replaces = [("${app}", "0004_four"), ("${app}", "0005_five")]\n`,
  ),
})

async function world(): Promise<BrokenShop> {
  const given = await brokenShop()
  const settings = `import os
SECRET_KEY = "x"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [${APPS.map((app) => `"${app}"`).join(', ')}]
DATABASES = {"default": {"ENGINE": os.environ["SHOP_DB_ENGINE"], "NAME": os.environ["SHOP_DB_NAME"]}}
`
  given.shop.write({ 'project/settings.py': settings, ...Object.assign({}, ...APPS.map(files)) })
  await given.database.query('DELETE FROM django_migrations')
  const migrated = await given.shop.manage('migrate', '-v0')
  expect(migrated, migrated.output).toMatchObject({ exitCode: 0 })
  return given
}

const damages = fc
  .uniqueArray(fc.constantFrom(...DAMAGES), { minLength: 1, maxLength: APPS.length, selector: ({ name }) => name })
  .map((list) => list.map((one, index): Damage => ({ ...one, app: APPS[index] as string })))

/** A healthy history and up to four damages, each in an app of its own. */
describe.runIf(Object.keys(djangos).length > 0 && engines.includes('sqlite'))(`damages, seed ${SEED}`, () => {
  it(`${RUNS} histories: each damage is named, what is whole is not, and what rows can mend is mended`, { timeout: 120_000 }, async () => {
    const until = Date.now() + 40_000
    const given = await world()
    let done = 0
    try {
      expect(codesOf(await given.doctor())).toEqual([])
      const { snapshot } = (await given.run('snapshot', 'create', '--json')).json.result
      for (const list of fc.sample(damages, { seed: SEED, numRuns: RUNS })) {
        if (Date.now() > until) break
        done++
        const said = `seed ${SEED}, history ${done}: ${list.map(({ app, name }) => `${name} in ${app}`).join(', ')}`
        for (const { app, name, statements } of list) {
          if (name === 'half of a squash') given.shop.write(squashed(app))
          for (const statement of statements(app)) await given.database.query(statement)
        }
        await named(given, list, said)
        await typed(given, said)
        await mended(given, list, said)
        await healed(given, list, snapshot.id, said)
      }
    } finally {
      await given.end()
    }
    expect(done).toBeGreaterThan(0)
  })
})

async function named(given: BrokenShop, list: readonly Damage[], said: string): Promise<void> {
  const found = (await given.doctor()).filter(({ severity }) => severity !== 'info')
  for (const { app, codes } of list)
    expect(
      codesOf(ofApp(found, app)).some((code) => codes.includes(code.split(' ')[0] as string)),
      `${said}: ${codesOf(found).join('; ')}`,
    ).toBe(true)
  const whole = APPS.filter((app) => !list.some((one) => one.app === app))
  expect(codesOf(found.filter(({ app }) => app === null || whole.includes(app))), said).toEqual([])
}

/** A finding may be about more than one app, and then names all of them. */
const ofApp = (found: readonly ShownFinding[], app: string) => found.filter((one) => one.app === app || one.message.includes(app))

/** Nothing that doctor prints for people to type leads into a refusal. */
async function typed(given: BrokenShop, said: string): Promise<void> {
  for (const { id, code, repairs } of await given.doctor())
    for (const { command } of repairs.filter((one) => /^migstate /.test(one.command))) {
      const { exitCode, stdout } = await given.run(...harmless(command.split(' && ')[0] as string), '--json')
      expect(exitCode, `${said}: ${code} (${id}): ${command}\n${stdout}`).toBe(0)
    }
}

async function mended(given: BrokenShop, list: readonly Damage[], said: string): Promise<void> {
  const before = await given.database.query('SELECT id, app, name FROM django_migrations ORDER BY id')
  const recommended = (await given.doctor()).filter(({ repairs }) =>
    repairs.some((one) => one.recommended && /^migstate (repair|mark) /.test(one.command) && !one.command.includes('&&')),
  )
  if (recommended.length > 0) {
    const done = await given.run('repair', ...recommended.map(({ id }) => id), '--yes', '--json')
    expect(done.exitCode, `${said}: ${done.stdout}`).toBe(0)
  }
  const left = (await given.doctor()).filter(({ severity }) => severity !== 'info')
  for (const { app, mends } of list) if (mends) expect(codesOf(left.filter((one) => one.app === app)), said).toEqual([])
  // What cannot be known is left, and said so: no way is recommended that only changes rows.
  for (const { app, name } of list)
    if (name === 'ghost')
      expect(
        ofApp(left, app).flatMap(({ repairs }) => repairs.filter((one) => one.recommended)),
        said,
      ).toEqual([])
  const untouched = before.filter(({ app }) => !list.some((one) => one.app === app))
  const after = await given.database.query('SELECT id, app, name FROM django_migrations ORDER BY id')
  expect(
    after.filter(({ app }) => !list.some((one) => one.app === app)),
    said,
  ).toEqual(untouched)
  if (list.every(({ mends }) => mends)) {
    const check = await given.shop.manage('migrate', '--check')
    expect(check, `${said}: ${check.output}`).toMatchObject({ exitCode: 0 })
  }
}

/** As it was, for the next one. */
async function healed(given: BrokenShop, list: readonly Damage[], snapshot: string, said: string): Promise<void> {
  const restored = await given.run('snapshot', 'restore', snapshot, '--yes', '--json')
  expect(restored.exitCode, `${said}: ${restored.stdout}`).toBe(0)
  for (const { app, name } of list) {
    if (name === 'a dropped column') await given.database.query(`ALTER TABLE ${app}_thing ADD COLUMN three integer NULL`)
    if (name === 'a dropped table')
      await given.database.query(
        `CREATE TABLE ${app}_thing (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, one integer NOT NULL, two integer NOT NULL, three integer NULL)`,
      )
    if (name === 'half of a squash') (await import('node:fs')).rmSync(`${given.shop.folder}/${app}/migrations/0004_squashed_0005.py`)
  }
  expect(codesOf(await given.doctor()), said).toEqual([])
}
