import type { TestDatabase } from './databases.js'

const ID: Record<TestDatabase['engine'], string> = {
  sqlite: 'integer PRIMARY KEY AUTOINCREMENT',
  postgresql: 'serial PRIMARY KEY',
  mysql: 'integer AUTO_INCREMENT PRIMARY KEY',
  mariadb: 'integer AUTO_INCREMENT PRIMARY KEY',
}

/** Two products, an order, tags with a trigger that logs each new one. */
export async function furnish(database: TestDatabase): Promise<void> {
  const { engine } = database
  for (const statement of [
    `CREATE TABLE shop_tag (id ${ID[engine]}, name varchar(50) NOT NULL UNIQUE)`,
    `CREATE TABLE shop_log (id ${ID[engine]}, note varchar(50) NOT NULL)`,
    "INSERT INTO shop_tag (name) VALUES ('a')",
    "INSERT INTO shop_product (name) VALUES ('Blue Hat')",
    "INSERT INTO shop_product (name) VALUES ('Red Hat')",
    "INSERT INTO shop_order (product_id, quantity) SELECT id, 1 FROM shop_product WHERE name = 'Blue Hat'",
    ...trigger(engine),
  ])
    await database.query(statement)
}

function trigger(engine: TestDatabase['engine']): string[] {
  const head = 'CREATE TRIGGER shop_tag_logged AFTER INSERT ON shop_tag FOR EACH ROW'
  if (engine === 'sqlite') return [`${head} BEGIN INSERT INTO shop_log (note) VALUES (new.name); END`]
  if (engine !== 'postgresql') return [`${head} INSERT INTO shop_log (note) VALUES (new.name)`]
  return [
    'CREATE FUNCTION shop_logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop_log (note) VALUES (new.name); RETURN new; END $$',
    `${head} EXECUTE PROCEDURE shop_logs()`,
  ]
}

/** Every row of every table, and the schema as far as the catalogue tells it. */
export async function everything(database: TestDatabase): Promise<string[]> {
  const lines: string[] = []
  const dump = async (sql: string) => {
    for (const row of await database.query(sql)) lines.push(JSON.stringify(row))
  }
  if (database.engine === 'sqlite') await dump('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2')
  else {
    const here = database.engine === 'postgresql' ? "table_schema = 'public'" : 'table_schema = DATABASE()'
    await dump(
      `SELECT table_name AS t, column_name AS c, column_type_or AS d FROM (SELECT table_name, column_name, data_type AS column_type_or, table_schema FROM information_schema.columns) x WHERE ${here} ORDER BY 1, 2`,
    )
  }
  for (const table of await tablesOf(database)) {
    lines.push(table)
    await dump(`SELECT * FROM ${table} ORDER BY 1`)
  }
  return lines
}

async function tablesOf({ engine, query }: TestDatabase): Promise<string[]> {
  const sql =
    engine === 'sqlite'
      ? "SELECT name AS t FROM sqlite_master WHERE type = 'table' ORDER BY 1"
      : `SELECT table_name AS t FROM information_schema.tables WHERE table_schema = ${engine === 'postgresql' ? "'public'" : 'DATABASE()'} ORDER BY 1`
  return (await query(sql)).map(({ t }) => String(t))
}
