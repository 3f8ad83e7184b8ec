import type { TestDatabase } from './databases.js'

/** From now on every row that is inserted into a table gets another value in this column: the database itself does not do what it was told. */
export async function alterInserts({ engine, query }: TestDatabase, table: string, column: string, value: string): Promise<void> {
  if (engine === 'sqlite')
    return void (await query(
      `CREATE TRIGGER alter_${table} AFTER INSERT ON ${table} BEGIN UPDATE ${table} SET ${column} = '${value}' WHERE rowid = NEW.rowid; END`,
    ))
  if (engine === 'postgresql')
    return void (await query(
      `CREATE FUNCTION alter_${table}() RETURNS trigger AS $$ BEGIN NEW.${column} := '${value}'; RETURN NEW; END $$ LANGUAGE plpgsql;
       CREATE TRIGGER alter_${table} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION alter_${table}()`,
    ))
  await query(`CREATE TRIGGER alter_${table} BEFORE INSERT ON ${table} FOR EACH ROW SET NEW.${column} = '${value}'`)
}
