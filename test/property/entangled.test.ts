import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DoctorResult, type Migstate, MigstateError, open } from '../../src/index.js'
import { type BrokenShop, brokenShop } from '../support/broken-shop.js'
import { engines } from '../support/databases.js'
import { djangos } from '../support/django.js'
import { whenTestEnds } from '../support/endings.js'
import { FILES, NAMES, TARGETS, TRACELESS } from '../support/entangled-apps.js'
import { words } from '../support/words.js'

const SEED = Number(process.env.MIGSTATE_TEST_SEED ?? 4711)
const RUNS = Number(process.env.MIGSTATE_TEST_ENTANGLED ?? 40)

/** Histories that were once answered wrongly, by their seed and their place. */
const SEEN = [
  [4711, 22],
  [4711, 47],
  [4711, 58],
  [1, 33],
  [1, 74],
  [2, 85],
  [4, 79],
] as const

const KINDS = ['forget', 'forget', 'forget', 'claim', 'twice', 'rename', 'case', 'ghost'] as const

interface Damage {
  kind: (typeof KINDS)[number]
  /** Which row, or which migration. */
  at: number
}

const damage: fc.Arbitrary<Damage> = fc.record({ kind: fc.constantFrom(...KINDS), at: fc.nat(1000) })
interface Round {
  world: number
  damages: Damage[]
}

const rounds: fc.Arbitrary<Round> = fc.record({ world: fc.nat(TARGETS.length - 1), damages: fc.array(damage, { minLength: 1, maxLength: 5 }) })

/** A healthy history as Django made it. */
interface World {
  file: string
  said: string
  /** `app.name` of what has run. */
  truth: ReadonlySet<string>
}

/** Only rows are broken, in ways that hang together; the schema is as Django left it, so that what has run is known. */
describe.runIf(Object.keys(djangos).length > 0 && engines.includes('sqlite'))(`entangled damages, seed ${SEED}`, () => {
  it(`${RUNS + SEEN.length} histories: nothing that is recommended leads away from what has run`, { timeout: 1_200_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'migstate-entangled-'))
    whenTestEnds(() => rmSync(folder, { recursive: true, force: true }))
    const given = await brokenShop()
    given.shop.write(FILES)
    const worlds: World[] = []
    for (const [index, targets] of TARGETS.entries()) worlds.push(await makeWorld(given, join(folder, `${index}.sqlite3`), targets))
    const faults: string[] = []
    const seen = SEEN.map(([seed, index]) => fc.sample(rounds, { seed, numRuns: index + 1 })[index] as Round)
    for (const [index, { world, damages }] of [...fc.sample(rounds, { seed: SEED, numRuns: RUNS }), ...seen].entries()) {
      const { file, said, truth } = worlds[world] as World
      copyFileSync(file, given.database.file as string)
      const done: string[] = []
      for (const one of damages) done.push(await apply(given, one))
      const found = await opened(given, (migstate) => judge(given, migstate, truth))
      faults.push(...found.map((fault) => `history ${index}: ${said}; ${done.join('; ')}\n  ${fault}`))
    }
    await given.end()
    expect(faults.join('\n')).toBe('')
  })
})

async function opened<T>({ shop, database }: BrokenShop, work: (migstate: Migstate) => Promise<T>): Promise<T> {
  await using migstate = await open({ url: database.url, cwd: shop.folder, env: { ...process.env, ...shop.env } })
  return await work(migstate)
}

async function makeWorld(given: BrokenShop, file: string, targets: readonly string[][]): Promise<World> {
  rmSync(given.database.file as string)
  for (const target of targets) {
    const migrated = await given.shop.manage('migrate', '-v0', ...target)
    expect(migrated, migrated.output).toMatchObject({ exitCode: 0 })
  }
  copyFileSync(given.database.file as string, file)
  const said = targets.map((target) => ['migrate', ...target].join(' ')).join(', ')
  const { findings } = await opened(given, (migstate) => migstate.doctor())
  expect(
    findings.map(({ message }) => message),
    said,
  ).toEqual([])
  return { file, said, truth: new Set(await given.names()) }
}

/** @returns what was done, for people */
async function apply({ database }: BrokenShop, { kind, at }: Damage): Promise<string> {
  const rows = await database.query('SELECT id, app, name FROM django_migrations ORDER BY id')
  const insert = (app: string, name: string) =>
    database.query(`INSERT INTO django_migrations (app, name, applied) VALUES ('${app}', '${name}', '2026-01-02 03:04:05')`)
  const row = rows[at % Math.max(1, rows.length)]
  if (kind === 'claim' || !row) {
    const [app, name] = NAMES[at % NAMES.length] as (typeof NAMES)[number]
    await insert(app, name)
    return `claim ${app}.${name}`
  }
  const [id, app, name] = [Number(row.id), String(row.app), String(row.name)]
  const rename = (to: string) => database.query(`UPDATE django_migrations SET name = '${to}' WHERE id = ${id}`)
  if (kind === 'forget') await database.query(`DELETE FROM django_migrations WHERE id = ${id}`)
  else if (kind === 'twice') await insert(app, name)
  else if (kind === 'rename') await rename(`${name.slice(0, 4)}_renamed`)
  else if (kind === 'case') await rename(name.toUpperCase())
  else await insert(app, `0009_${name.slice(5)}_ghost`)
  return `${kind} ${app}.${name}`
}

async function judge(given: BrokenShop, migstate: Migstate, truth: ReadonlySet<string>): Promise<string[]> {
  const { findings } = await migstate.doctor()
  const recommended = findings.flatMap((finding) => finding.repairs.filter((one) => one.recommended).map(({ command }) => ({ finding, command })))
  const ofRows = recommended.filter(({ command }) => /^migstate (repair|mark) /.test(command) && !/ && (migstate run|python)/.test(command))
  const ids = ofRows.map(({ finding }) => finding.id)
  return [
    ...findings
      .filter(({ code, app, migration }) => code === 'present-unrecorded' && migration !== null && !truth.has(`${app}.${migration}`))
      .map(({ message }) => message),
    ...recommended.flatMap(({ finding, command }) => judgeCommand(finding, command, truth)),
    ...(await Promise.all(recommended.map(({ command }) => tryMark(migstate, command, findings)))).flat(),
    ...(await judgeRepair(given, migstate, { findings, truth }, { all: true })),
    ...(ids.length > 0 ? await judgeRepair(given, migstate, { findings, truth }, { findings: ids }) : []),
  ]
}

function judgeCommand({ code, message }: DoctorResult['findings'][number], command: string, truth: ReadonlySet<string>): string[] {
  return command.split(' && ').flatMap((part) => {
    const [program, first, second, ...rest] = words(part)
    if (program !== 'migstate') return []
    const isMark = first === 'mark'
    const wrong = (target: string) =>
      first === 'run' || first === 'rerun'
        ? truth.has(target)
        : isMark && second === 'applied'
          ? !truth.has(target) && !TRACELESS.has(target)
          : isMark && second === 'unapplied' && truth.has(target) && !TRACELESS.has(target)
    const targets = [...(isMark ? [] : [second ?? '']), ...rest].filter((word) => /^[a-z]+\.\w+$/.test(word))
    return targets.filter(wrong).map((target) => `${code} recommends "${command}" (${target}): ${message}`)
  })
}

/** What is recommended to be typed first is not refused. */
async function tryMark(migstate: Migstate, command: string, findings: DoctorResult['findings']): Promise<string[]> {
  const [, verb, state, ...targets] = words(command.split(' && ')[0] as string)
  if (verb !== 'mark') return []
  try {
    await migstate.mark({ applied: state === 'applied', migrations: targets, dryRun: true })
    return []
  } catch (error) {
    if (!(error instanceof MigstateError)) throw error
    return isForAnother(error, findings) ? [] : [`${command}: ${error.code}: ${error.message}`]
  }
}

interface Known {
  findings: DoctorResult['findings']
  truth: ReadonlySet<string>
}

async function judgeRepair(given: BrokenShop, migstate: Migstate, { findings, truth }: Known, args: { all: true } | { findings: string[] }): Promise<string[]> {
  const said = 'all' in args ? 'repair --all' : 'the repair of what is recommended'
  try {
    const { changes } = await migstate.repair({ ...args, dryRun: true })
    const names = await given.names()
    // One of several rows may go; a row of another name was never the truth.
    const left = (row: string) => names.filter((one) => one === row).length - changes.removed.filter(({ app, name }) => `${app}.${name}` === row).length
    return [
      ...changes.added.map(({ app, name }) => `${app}.${name}`).flatMap((row) => (truth.has(row) ? [] : [`${said} records ${row}, which never ran`])),
      ...changes.removed
        .map(({ app, name }) => `${app}.${name}`)
        .flatMap((row) => (truth.has(row) && left(row) < 1 ? [`${said} takes out ${row}, which ran`] : [])),
    ]
  } catch (error) {
    if (!(error instanceof MigstateError)) throw error
    const others = findings.filter(({ id }) => 'findings' in args && !args.findings.includes(id))
    return isForAnother(error, others) ? [] : [`${said}: ${error.code}: ${error.message}`]
  }
}

/** What is missing below has a finding of its own: that comes first. */
function isForAnother({ code, details }: MigstateError, findings: DoctorResult['findings']): boolean {
  const { holes = [] } = details as { holes?: [app: string, name: string][] }
  return code === 'would-make-hole' && holes.every(([app, name]) => findings.some((one) => one.app === app && one.migration === name))
}
