// "npm run fuzz -- --kills --engine mysql --minutes 20 --seed 1": commands that are struck at random moments, and what has to be true afterwards.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Engine } from '../../support/databases.js'
import { makeEnvironment } from '../../support/environment.js'
import { Lab } from './lab.js'
import { KillRound, type Round } from './round.js'

const { values } = parseArgs({
  options: {
    kills: { type: 'boolean' },
    engine: { type: 'string', default: 'sqlite' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string' },
    only: { type: 'string' },
  },
})
const engine = values.engine as Engine
const end = performance.now() + Number(values.minutes) * 60_000
const only = values.only === undefined ? undefined : new RegExp(values.only)
const most = Number(values.rounds ?? Number.POSITIVE_INFINITY)

const environment = await makeEnvironment([engine], (line) => console.error(line))
Object.assign(process.env, environment.variables)
const home = (JSON.parse(environment.variables.MIGSTATE_TEST_DJANGO ?? '{}') as Record<string, string>)['5.2'] as string
let [rounds, faulty] = [0, 0]
let lab: Lab | null = null
try {
  for (let seed = Number(values.seed); performance.now() < end && rounds < most; seed++) {
    lab ??= await Lab.make(engine, home)
    const round = await run(lab, seed)
    rounds++
    console.log(`seed ${seed}: ${round.faults.length === 0 ? 'ok' : 'FAULT'}  ${round.story}`)
    if (round.faults.length === 0) continue
    faulty++
    keep(lab, round)
    lab = null
  }
} finally {
  await lab?.close()
  await environment.stop()
}
console.log(`${engine}: ${rounds} rounds, ${faulty} with faults.`)
process.exit(faulty > 0 ? 1 : 0)

async function run(at: Lab, seed: number): Promise<Round> {
  const one = new KillRound(at, seed, { only })
  try {
    return await one.run()
  } catch (error) {
    one.round.faults.push((error as Error).stack ?? String(error))
    return one.round
  }
}

/** The database and the project of a faulty round stay as they are. */
function keep(at: Lab, { seed, faults, transcript }: Round): void {
  const folder = mkdtempSync(join(tmpdir(), `migstate-kills-${seed}-`))
  writeFileSync(join(folder, 'round.txt'), [...faults, '', ...transcript].join('\n'))
  for (const fault of faults) console.log(`  ${fault}`)
  console.log(`  every command: ${join(folder, 'round.txt')}; the database: ${at.database.url}; the project: ${at.folder}`)
  console.log(`  again: npm run fuzz -- --kills --engine ${engine} --seed ${seed} --rounds 1${only ? ` --only '${values.only}'` : ''}`)
}
