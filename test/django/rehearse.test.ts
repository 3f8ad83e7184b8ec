import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { HAND_MADE, handMade } from '../support/rehearsals.js'
import { everything, furnish } from '../support/rehearsed-shop.js'

/** Each migration is one that is recorded, in mid-history; the database must be as before each time. */
describe.each(oneDjango ? engines : [])('a rehearsal on %s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  let before: string[]
  beforeAll(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
    await furnish(database)
    before = await everything(database)
  })

  const rehearse = (...argv: string[]) => migstate(['rehearse', 'shop', '0003', ...argv, '--json'], { cwd: shop.folder, env: shop.env })

  it.each(HAND_MADE.filter(({ not }) => !not?.includes(engine)))('$name: $answer', async (made) => {
    shop.write({ 'shop/migrations/0003_fill_slugs.py': handMade(made) })
    const { json, exitCode, stderr } = await rehearse()
    expect(await everything(database)).toEqual(before)
    expect(exitCode, `${JSON.stringify(json)}\n${stderr}`).toBe(made.exit)
    const rehearsal = exitCode === 4 ? json.error.details.rehearsal : json.result.rehearsal
    expect(rehearsal.answer, rehearsal.verdict).toBe(made.answer)
    if (exitCode === 4) expect(json.error).toMatchObject({ code: 'cannot-rehearse', consequence: 'nothing' })
    expect(rehearsal.idempotent).toBe(
      made.answer === 'repeatable' ? true : made.answer === 'changes-more' || rehearsal.runs.length === 2 ? rehearsal.idempotent : null,
    )
    if (made.answer === 'changes-more') expect(rehearsal.idempotent).toBe(false)
    if (made.says !== undefined) expect(rehearsal.verdict).toContain(made.says)
    const kinds = rehearsal.outside.map(({ kind }: { kind: string }) => kind).filter((kind: string) => kind !== 'sequence')
    expect(kinds).toEqual(made.outside ?? [])
    expect(rehearsal.differences.map(({ table }: { table: string }) => table)).toEqual(made.differs ?? [])
    expect(existsSync(join(shop.folder, 'rehearsed.txt'))).toBe(false)
    expect(JSON.stringify(json)).not.toContain('secret text')
  })
})

/** Those before 2.0: rehearse-old.test.ts. */
const OTHERS = Object.keys(djangos).filter((version) => version !== oneDjango && Number(version) >= 2)

describe.each(OTHERS.flatMap((version) => engines.map((engine) => [version, engine] as const)))('a rehearsal by Django %s on %s', (version, engine) => {
  it.each(['create', 'a trigger', 'a failure the second time only', 'COMMIT by hand'])('%s', async (name) => {
    const { database, shop } = await migratedShop(version, engine)
    await furnish(database)
    const before = await everything(database)
    const made = HAND_MADE.find((one) => one.name === name) as (typeof HAND_MADE)[number]
    shop.write({ 'shop/migrations/0003_fill_slugs.py': handMade(made) })
    const { json, exitCode, stderr } = await migstate(['rehearse', 'shop', '0003', '--json'], { cwd: shop.folder, env: shop.env })
    expect(await everything(database)).toEqual(before)
    expect(exitCode, `${JSON.stringify(json)}\n${stderr}`).toBe(made.exit)
    const rehearsal = exitCode === 4 ? json.error.details.rehearsal : json.result.rehearsal
    expect(rehearsal.answer, rehearsal.verdict).toBe(made.answer)
    if (made.says !== undefined) expect(rehearsal.verdict).toContain(made.says)
    expect(rehearsal.differences.map(({ table }: { table: string }) => table)).toEqual(made.differs ?? [])
  })
})
