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

/** From now on the journal cannot take an event of this name; the one after it can come. */
export async function refuseEvent({ engine, query }: TestDatabase, event: string): Promise<() => Promise<unknown>> {
  const [when, drop] = [`NEW.event = '${event}'`, 'DROP TRIGGER refuse_event']
  if (engine === 'sqlite') {
    await query(`CREATE TRIGGER refuse_event BEFORE INSERT ON migstate_event WHEN ${when} BEGIN SELECT RAISE(ABORT, 'no room'); END`)
    return () => query(drop)
  }
  if (engine === 'postgresql') {
    await query(
      `CREATE FUNCTION refuse_event() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$ LANGUAGE plpgsql;
       CREATE TRIGGER refuse_event BEFORE INSERT ON migstate_event FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION refuse_event()`,
    )
    return () => query(`${drop} ON migstate_event; DROP FUNCTION refuse_event`)
  }
  await query(
    `CREATE TRIGGER refuse_event BEFORE INSERT ON migstate_event FOR EACH ROW BEGIN IF ${when} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no room'; END IF; END`,
  )
  return () => query(drop)
}
