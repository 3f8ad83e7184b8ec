import { describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, type TestDatabase } from '../support/databases.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { handMade } from '../support/rehearsals.js'
import { everything, furnish } from '../support/rehearsed-shop.js'
import { roleUrl } from '../support/roles.js'

const FILE = 'shop/migrations/0003_fill_slugs.py'

async function furnished(engine: (typeof engines)[number]) {
  const { database, shop } = await migratedShop(oneDjango as string, engine)
  await furnish(database)
  const run = (...argv: string[]) => migstate(['rehearse', 'shop', '0003', ...argv, '--json'], { cwd: shop.folder, env: shop.env })
  /** Of a migration with this code; the database must be as before. */
  const rehearse = async (body: string, ...argv: string[]) => {
    shop.write({ [FILE]: handMade({ body }) })
    const before = await everything(database)
    const { json, stderr } = await run(...argv)
    expect(await everything(database)).toEqual(before)
    expect(json.result, `${JSON.stringify(json)}\n${stderr}`).toBeDefined()
    return json.result.rehearsal
  }
  return { database, shop, run, rehearse }
}

const digits = Array.from({ length: 10 }, (_unused, digit) => `SELECT ${digit} AS d`).join(' UNION ALL ')
const BULK = `INSERT INTO shop_product (name) SELECT 'bulk' FROM ${['a', 'b', 'c', 'e', 'f'].map((name) => `(${digits}) ${name}`).join(', ')}`

/** A table of types whose values drivers show in ways of their own. */
const ODD: Record<TestDatabase['engine'], string> = {
  sqlite: 'id integer PRIMARY KEY, data blob, ratio real, at text',
  postgresql: 'id integer PRIMARY KEY, data bytea, ratio real, at timestamptz',
  mysql: 'id integer PRIMARY KEY, data blob, ratio float, at datetime(6)',
  mariadb: 'id integer PRIMARY KEY, data blob, ratio float, at datetime(6)',
}

describe.each(oneDjango ? engines : [])('which rows a rehearsal compares on %s', (engine) => {
  it('100,000 rows that come anew, and as many that are filled once', async () => {
    const { database, shop, run, rehearse } = await furnished(engine)
    const added = await rehearse(`sql("${BULK}")`, '--show', '3')
    expect(added).toMatchObject({ answer: 'changes-more', differences: [{ table: 'shop_product', inserted: 100_000, updated: 0, deleted: 0 }] })
    const ids = added.differences[0].examples.map(({ key }: { key: { id: string } }) => Number(key.id))
    expect(ids).toEqual([ids[0], ids[0] + 1, ids[0] + 2])
    expect(added.runs[0].rows).toEqual({ shop_product: { inserted: 100_000, updated: 0, deleted: 0 } })
    await database.query(BULK)
    shop.write({ [FILE]: handMade({ body: 'products.filter(slug__isnull=True).update(slug="x")' }) })
    const filled = (await run()).json.result.rehearsal
    expect(Number((await database.query('SELECT count(*) AS n FROM shop_product WHERE slug IS NULL'))[0]?.n)).toBe(100_002)
    expect(filled).toMatchObject({ answer: 'repeatable', compared: { tables: 1, rows: 100_002, left: [] } })
    expect(filled.runs.map(({ rows }: { rows: object }) => rows)).toEqual([{ shop_product: { inserted: 0, updated: 100_002, deleted: 0 } }, {}])
  })

  it('bytes, and numbers that a text of the server shortens', async () => {
    const { database, rehearse } = await furnished(engine)
    await database.query(`CREATE TABLE shop_odd (${ODD[engine]})`)
    await database.query("INSERT INTO shop_odd (id, data, ratio, at) VALUES (1, 'abc', 1, '2024-03-10 02:30:00.123456'), (2, 'abd', 2, NULL)")
    const same = await rehearse('sql("UPDATE shop_odd SET data = data")')
    expect(same).toMatchObject({ answer: 'repeatable', compared: { rows: 2 } })
    expect(same.runs[0].rows).toEqual({})
    const bytes = await rehearse('sql("UPDATE shop_odd SET data = \'x%d\' WHERE id = 2" % __import__("time").perf_counter_ns())')
    expect(bytes).toMatchObject({
      answer: 'changes-more',
      differences: [{ table: 'shop_odd', updated: 1, examples: [{ change: 'updated', key: { id: '2' } }] }],
    })
    const ratio = await rehearse('sql("UPDATE shop_odd SET ratio = ratio + 0.000001 WHERE id = 1")')
    expect(ratio).toMatchObject({ answer: 'changes-more', differences: [{ updated: 1, examples: [{ key: { id: '1' } }] }] })
  })

  it('a time of the server that the second run would write anew', async () => {
    const { database, rehearse } = await furnished(engine)
    const type = { sqlite: 'text', postgresql: 'timestamptz', mysql: 'datetime', mariadb: 'datetime' }[engine]
    await database.query(`CREATE TABLE shop_seen (id integer PRIMARY KEY, at ${type}, note varchar(20))`)
    await database.query('INSERT INTO shop_seen (id) VALUES (1), (2)')
    const anew = await rehearse('sql("UPDATE shop_seen SET at = CURRENT_TIMESTAMP WHERE id = 2")')
    expect(anew).toMatchObject({ answer: 'changes-more', differences: [{ table: 'shop_seen', updated: 1, examples: [{ key: { id: '2' } }] }] })
    const whole = await rehearse('sql("UPDATE shop_seen SET at = CURRENT_TIMESTAMP")', '--max-rows', '1')
    expect(whole).toMatchObject({ answer: 'changes-more', differences: [{ table: 'shop_seen', updated: 1 }] })
    const once = await rehearse('sql("UPDATE shop_seen SET at = CURRENT_TIMESTAMP WHERE at IS NULL")')
    expect(once).toMatchObject({ answer: 'repeatable', runs: [{ rows: { shop_seen: { updated: 2 } } }, { rows: {} }] })
    const other = await rehearse('sql("UPDATE shop_seen SET note = \'x\'")')
    expect(other).toMatchObject({ answer: 'repeatable' })
    // As Django writes it where the column has no fractions.
    if (engine !== 'mysql' && engine !== 'mariadb') return
    const seconds = await rehearse('sql("UPDATE shop_seen SET at = \'%s\'" % __import__("time").strftime("%Y-%m-%d %H:%M:%S"))')
    expect(seconds.answer).toBe('changes-more')
  })

  it('a key of two columns, and no key at all', async () => {
    const { database, rehearse } = await furnished(engine)
    await database.query('CREATE TABLE shop_pair (a integer NOT NULL, b varchar(9) NOT NULL, n integer, PRIMARY KEY (a, b))')
    await database.query("INSERT INTO shop_pair VALUES (1, 'x', 0), (1, 'y', 0), (2, 'x', 0)")
    await database.query('CREATE TABLE shop_heap (a integer)')
    await database.query('INSERT INTO shop_heap VALUES (1), (1), (2)')
    const pair = await rehearse('sql("UPDATE shop_pair SET n = n + 1 WHERE b = \'x\'")')
    const examples = ['1', '2'].map((a) => ({ change: 'updated', key: { a, b: 'x' } }))
    expect(pair.differences).toEqual([{ table: 'shop_pair', inserted: 0, updated: 2, deleted: 0, examples }])
    const heap = await rehearse('sql("INSERT INTO shop_heap VALUES (1)")\n    sql("DELETE FROM shop_heap WHERE a = 2")')
    expect(heap.runs[0].rows).toEqual({ shop_heap: { inserted: 1, updated: 0, deleted: 1 } })
    expect(heap.differences).toEqual([{ table: 'shop_heap', inserted: 1, updated: 0, deleted: 0, examples: [] }])
  })

  // A schema editor of Django turns foreign keys off on SQLite: nothing cascades in its migrations.
  it.skipIf(engine === 'sqlite')('rows that a cascade deletes', async () => {
    const { database, rehearse } = await furnished(engine)
    const tag = 'tag_id integer NOT NULL, FOREIGN KEY (tag_id) REFERENCES shop_tag (id) ON DELETE CASCADE'
    await database.query(`CREATE TABLE shop_note (id integer PRIMARY KEY, ${tag})`)
    await database.query("INSERT INTO shop_tag (name) VALUES ('b'), ('c')")
    await database.query('INSERT INTO shop_note (id, tag_id) SELECT id, id FROM shop_tag')
    const body =
      'with db.cursor() as cursor:\n        cursor.execute("SELECT min(id) FROM shop_tag")\n        sql("DELETE FROM shop_tag WHERE id = %d" % cursor.fetchone()[0])'
    const { differences, runs } = await rehearse(body)
    expect(runs[0].rows).toEqual(Object.fromEntries(['shop_note', 'shop_tag'].map((table) => [table, { inserted: 0, updated: 0, deleted: 1 }])))
    expect(differences.map(({ table, deleted }: { table: string; deleted: number }) => [table, deleted])).toEqual([
      ['shop_note', 1],
      ['shop_tag', 1],
    ])
  })
})

describe.runIf(oneDjango && engines.includes('postgresql'))('which rows a rehearsal compares, on PostgreSQL alone', () => {
  it('ids that were drawn are told, and stay drawn', async () => {
    const { rehearse } = await furnished('postgresql')
    const { outside } = await rehearse('products.create(name="New")')
    expect(outside).toEqual([{ kind: 'sequence', what: '2 ids of public.shop_product_id_seq were used up', line: null }])
  })

  it('a time that a trigger writes with each update', async () => {
    const { database, rehearse } = await furnished('postgresql')
    await database.query('CREATE TABLE shop_seen (id integer PRIMARY KEY, note text, at timestamp)')
    await database.query("INSERT INTO shop_seen (id, note) VALUES (1, 'x'), (2, NULL)")
    await database.query('CREATE FUNCTION shop_touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at = now(); RETURN NEW; END $$')
    await database.query('CREATE TRIGGER shop_touched BEFORE UPDATE ON shop_seen FOR EACH ROW EXECUTE PROCEDURE shop_touch()')
    const always = await rehearse('sql("UPDATE shop_seen SET note = \'x\'")')
    expect(always).toMatchObject({ answer: 'changes-more', differences: [{ table: 'shop_seen', inserted: 0, updated: 2, deleted: 0 }] })
    expect((await rehearse('sql("UPDATE shop_seen SET note = \'x\' WHERE note IS NULL")')).answer).toBe('repeatable')
  })

  it('a table that may not be read leaves the answer open, and the others are compared', async () => {
    const { database, shop, run } = await furnished('postgresql')
    // As one that audits: only its trigger may write there.
    await database.query('ALTER FUNCTION shop_logs() SECURITY DEFINER')
    const url = await roleUrl(
      database,
      'GRANT USAGE, CREATE ON SCHEMA public TO @; GRANT ALL ON ALL TABLES IN SCHEMA public TO @; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO @; REVOKE ALL ON shop_log FROM @',
    )
    const as = async (body: string) => {
      shop.write({ [FILE]: handMade({ body }) })
      const { json } = await run('--on', url)
      expect(json.result, JSON.stringify(json)).toBeDefined()
      return json.result.rehearsal
    }
    const logged = 'sql("INSERT INTO shop_tag (name) VALUES (\'t%d\')" % products.count())'
    const open = await as('sql("INSERT INTO shop_tag (name) VALUES (\'b\')")\n    sql("DELETE FROM shop_tag WHERE name = \'b\'")')
    expect(open).toMatchObject({ answer: 'unknown', idempotent: null })
    expect(open.verdict).toContain('it writes to shop_log, which cannot be read')
    expect(open.compared.left).toEqual([expect.stringMatching(/^shop_log \(cannot be read: .*permission denied/)])
    const more = await as(`${logged}\n    products.create(name="New")`)
    expect(more.answer).toBe('changes-more')
    expect(more.differences.map(({ table }: { table: string }) => table)).toEqual(['shop_product', 'shop_tag'])
  })
})
