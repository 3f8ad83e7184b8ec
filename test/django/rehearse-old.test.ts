import { beforeAll, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop } from '../support/django.js'
import { HAND_MADE, type HandMade, handMade } from '../support/rehearsals.js'
import { everything, furnish } from '../support/rehearsed-shop.js'
import type { Engine } from '../support/servers/server.js'

/** Django whose statements are watched at its cursor, on a Python that keeps nothing in. */
const OLD = ['1.8', '1.11'].filter((version) => djangos[version])

/** What needs a newer Django, and what would really happen here. */
function has({ name, more, not = [] }: HandMade, version: string, engine: Engine): boolean {
  if (not.includes(engine) || /durable|^(HTTP|a file|a process|os\.system)/.test(name)) return false
  // Before 2.0 nothing checks foreign keys on SQLite; 1.8 knows neither `atomic` nor `on_commit`.
  if (engine === 'sqlite' && name.startsWith('a foreign key')) return false
  return version !== '1.8' || (more === undefined && name !== 'on_commit')
}

it.skipIf(OLD.length === 0)('Django before 2.0 is here', () => expect(OLD).not.toEqual([]))

describe.each(OLD.flatMap((version) => engines.map((engine) => [version, engine] as const)))('Django %s on %s', (version, engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  let before: string[]
  beforeAll(async () => {
    ;({ database, shop } = await migratedShop(version, engine))
    await furnish(database)
    before = await everything(database)
  })

  const rehearse = (...argv: string[]) => migstate(['rehearse', 'shop', '0003', ...argv, '--json'], { cwd: shop.folder, env: shop.env })

  it('nothing is rehearsed before somebody has said yes to what is not kept in', async () => {
    shop.write({ 'shop/migrations/0003_fill_slugs.py': handMade({ body: 'open("rehearsed.txt", "w")' }) })
    const { json, exitCode } = await rehearse()
    expect(exitCode, JSON.stringify(json)).toBe(4)
    expect(json.error).toMatchObject({ code: 'needs-yes', consequence: 'nothing' })
    expect(await everything(database)).toEqual(before)
  })

  it.each(HAND_MADE.filter((made) => has(made, version, engine)))('$name: $answer', async (made) => {
    shop.write({ 'shop/migrations/0003_fill_slugs.py': handMade(made) })
    const { json, exitCode, stderr } = await rehearse('--yes')
    expect(await everything(database)).toEqual(before)
    expect(exitCode, `${JSON.stringify(json)}\n${stderr}`).toBe(made.exit)
    const rehearsal = exitCode === 4 ? json.error.details.rehearsal : json.result.rehearsal
    expect(rehearsal.answer, rehearsal.verdict).toBe(made.answer)
    expect(rehearsal.verdict).toContain('Files, network and processes were not kept in')
    expect(rehearsal.differences.map(({ table }: { table: string }) => table)).toEqual(made.differs ?? [])
  })
})
