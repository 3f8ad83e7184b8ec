import { type ErrorPage, psql, sql, typed } from '../page.js'

const NEXT = typed('reports/migrations/0002_x.py', '("reports", "0001_initial")', '')

export const TABLE: ErrorPage[] = [
  {
    code: 'sequence-behind',
    title: 'duplicate key value violates unique constraint "django_migrations_pkey"',
    says: ['django.db.utils.IntegrityError: duplicate key value violates unique constraint "django_migrations_pkey"\nDETAIL:  Key (id)=(2) already exists.'],
    engine: 'postgresql',
    fact: 'The counter of the ids gives ids that rows have.',
    consequence: 'The next migration runs to its end, and recording it fails. Other tables of a database that was restored with its ids may have the same.',
    evidence: 'The next id, and the highest one.',
    ways: [
      'As the owner of the table: the statement that `doctor` prints.',
      'Restore the dump anew with its sequences. Emptying the table and `migrate --fake` loses what is known of when and what.',
    ],
    breaks: `${psql("SELECT setval('django_migrations_id_seq', 1)")}
${NEXT}
$ python manage.py migrate
duplicate key value violates unique constraint "django_migrations_pkey"
$ migstate doctor
sequence-behind ... its next id is`,
    mends: `${psql("SELECT setval('django_migrations_id_seq', (SELECT max(id) FROM django_migrations))")}
$ python manage.py migrate
Applying reports.0002_x... OK`,
  },
  {
    code: 'id-default-missing',
    title: 'null value in column "id" of relation "django_migrations" violates not-null constraint',
    says: [
      'django.db.utils.IntegrityError: null value in column "id" of relation "django_migrations" violates not-null constraint',
      `django.db.utils.OperationalError: (1364, "Field 'id' doesn't have a default value") at INSERT INTO django_migrations`,
    ],
    engine: 'postgresql',
    fact: 'The column "id" fills itself no more: the table was copied without its key or its default.',
    consequence: 'The next migration runs to its end, and recording it fails.',
    evidence: 'The default of the column as the catalogue has it.',
    ways: [
      '`migstate repair --fix-table` makes the column as Django makes it, in one transaction with its journal (PostgreSQL, SQLite); elsewhere the statement that `doctor` prints, as the owner.',
      'Copy the table anew with a tool that keeps keys and defaults.',
    ],
    breaks: `${psql('ALTER TABLE django_migrations ALTER COLUMN id DROP IDENTITY IF EXISTS')}
${psql('ALTER TABLE django_migrations ALTER COLUMN id DROP DEFAULT')}
${NEXT}
$ python manage.py migrate
null value in column "id" of relation "django_migrations" violates not-null constraint
$ migstate doctor
id-default-missing ... fills itself no more`,
    mends: `$ migstate repair --fix-table --yes
made to fill itself again
$ python manage.py migrate
Applying reports.0002_x... OK`,
  },
  {
    code: 'table-missing',
    title: 'The history is empty or gone: migrate starts at the beginning and dies of "already exists"',
    says: [
      'django.db.utils.OperationalError: table "django_content_type" already exists',
      `django.db.utils.ProgrammingError: (1146, "Table 'shop.django_migrations' doesn't exist")`,
    ],
    fact: 'There is no table django_migrations, and the tables of the project are there.',
    consequence:
      '`migrate` begins at its first migration and fails. `migrate --fake-initial` fakes first migrations by the names of tables and really runs the others.',
    evidence: 'How many migrations can be seen in the schema.',
    ways: [
      'Restore the table from a dump; or make it empty, and `doctor` says what to record.',
      'It lies in another schema: `--schema`, or the search_path of the role.',
    ],
    breaks: `${sql('DROP TABLE django_migrations')}
$ migstate doctor
table-missing ... the history is lost
$ python manage.py migrate
table "django_content_type" already exists
${sql('DROP TABLE django_migrations')}`,
    mends: `$ python manage.py shell -c "from django.db import connection; from django.db.migrations.recorder import MigrationRecorder; MigrationRecorder(connection).ensure_schema()"
$ migstate doctor --only present-unrecorded
records what is in the database, and runs nothing`,
  },
  {
    code: 'table-ambiguous',
    title: 'Rows were edited and nothing changes: more than one table django_migrations',
    says: [],
    silent: 'Django takes the one that search_path finds first, and says nothing.',
    engine: 'postgresql',
    fact: 'Several schemas have a table django_migrations.',
    consequence: 'Which one Django uses depends on the search_path of its role; a person, or a script, may edit another one.',
    evidence: 'The tables, with their schemas and the number of their rows.',
    ways: ['One for each tenant is right: name yours with `--schema`.', 'One is a leftover: once you are sure which, drop it by hand.'],
    breaks: `${psql('CREATE SCHEMA other; CREATE TABLE other.django_migrations AS SELECT * FROM django_migrations')}
$ migstate doctor
table-ambiguous ... other.django_migrations`,
    mends: psql('DROP SCHEMA other CASCADE'),
  },
  {
    code: 'unfinished-operation',
    title: 'migstate: unfinished-operation, exit 8',
    says: [],
    silent: 'Django knows nothing of it.',
    fact: 'A change of migstate is going on, or was interrupted.',
    consequence: 'Rows may be missing until it is finished, and what doctor says may be a result of it. Nothing else is changed meanwhile.',
    evidence: 'The operation; who is at it, where its lock is held.',
    ways: ['Nobody is at it: `migstate recover` finishes it or undoes it, from any machine.', 'Somebody is: wait for its end.'],
    breaks: `$ migstate snapshot create
${sql("INSERT INTO migstate_operation (id, format, history_table, kind, started_at, actor, host, pid, command, snapshot) VALUES ('abc', 1, 'django_migrations', 'rerun', '2024-03-01T12:00:00.000Z', 'me', 'here', '1', 'rerun', 'none')")}
$ migstate doctor
unfinished-operation ... was interrupted`,
    mends: '$ migstate recover --yes',
  },
  {
    code: 'non-transactional-table',
    title: 'django_migrations has the engine MyISAM',
    says: [],
    silent: 'Django says nothing: it writes row by row.',
    engine: 'mariadb',
    fact: 'The table has an engine without transactions.',
    consequence: 'Half a change stays where something fails, so migstate refuses to write to it.',
    evidence: 'The engine, as the server has it.',
    ways: ['`ALTER TABLE django_migrations ENGINE = InnoDB`: rows and ids stay.', 'Nothing, as long as only Django writes to it.'],
    breaks: `$ mysql -e "ALTER TABLE django_migrations ENGINE = MyISAM"
$ migstate doctor
non-transactional-table ... MyISAM`,
    mends: '$ mysql -e "ALTER TABLE django_migrations ENGINE = InnoDB"',
  },
  {
    code: 'read-only',
    title: 'cannot execute INSERT in a read-only transaction, attempt to write a readonly database',
    says: [
      'django.db.utils.InternalError: cannot execute INSERT in a read-only transaction',
      'django.db.utils.OperationalError: attempt to write a readonly database',
      `django.db.utils.OperationalError: (1290, "The MySQL server is running with the --read-only option so it cannot execute this statement")`,
    ],
    engine: 'postgresql',
    fact: 'Nothing can be written here: a replica, a server or a role that only reads.',
    consequence: 'Reading goes on, and what it says may lag behind. Every change is refused before its first statement.',
    evidence: 'What the server says of itself.',
    ways: ['Name the writable server with `--url`.', '`migstate repair --all --sql` prints the statements for who may write.'],
    breaks: `${NEXT}
${psql('ALTER DATABASE shop SET default_transaction_read_only = on')}
$ python manage.py migrate
cannot execute INSERT in a read-only transaction
$ migstate doctor
read-only`,
    mends: psql('SET TRANSACTION READ WRITE; ALTER DATABASE shop RESET default_transaction_read_only'),
  },
  {
    code: 'missing-rights',
    title: 'permission denied for table django_migrations',
    says: [
      'django.db.utils.ProgrammingError: permission denied for table django_migrations',
      `django.db.utils.OperationalError: (1142, "INSERT command denied to user 'reader'@'%' for table 'django_migrations'")`,
    ],
    engine: 'postgresql',
    fact: 'The role can read the history and not change it.',
    consequence: '`doctor` works. A change is refused, with the rights that it takes.',
    evidence: 'The GRANTs that are missing, each as a statement.',
    ways: ['Give the role the rights, as the owner of the table.', '`--sql` prints the statements for who has them.'],
    breaks: `${psql("CREATE ROLE reader LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON django_migrations TO reader")}
$ psql postgresql://reader:secret@localhost/shop -c "DELETE FROM django_migrations"
permission denied for table django_migrations
$ export MIGSTATE_URL=postgresql://reader:secret@localhost/shop
$ migstate doctor
missing-rights ... GRANT`,
    mends: `$ unset MIGSTATE_URL
${psql('DROP OWNED BY reader; DROP ROLE reader')}`,
  },
  {
    code: 'extra-columns',
    title: 'null value in column "…" of relation "django_migrations": a column that Django does not know',
    says: ['django.db.utils.IntegrityError: null value in column "tenant" of relation "django_migrations" violates not-null constraint'],
    engine: 'postgresql',
    fact: 'The table has a column that Django does not know.',
    consequence: 'Django names its own columns in every INSERT. Where the other may not be NULL and has no default, recording a migration fails.',
    evidence: 'The column, and whether it may be NULL.',
    ways: ['Give it a default, or let it be NULL.', 'Drop it, if nothing uses it.'],
    breaks: `${psql("ALTER TABLE django_migrations ADD COLUMN tenant text NOT NULL DEFAULT ''")}
${psql('ALTER TABLE django_migrations ALTER COLUMN tenant DROP DEFAULT')}
${NEXT}
$ python manage.py migrate
null value in column "tenant" of relation "django_migrations" violates not-null constraint
$ migstate doctor
extra-columns ... Where tenant has no default`,
    mends: `${psql('ALTER TABLE django_migrations DROP COLUMN tenant')}
$ python manage.py migrate
Applying reports.0002_x... OK`,
  },
  {
    code: 'schema-drift',
    title: 'NOT NULL constraint failed, null value in column: of a column that no migration makes',
    says: [
      'django.db.utils.IntegrityError: null value in column "tenant" of relation "shop_product" violates not-null constraint',
      'django.db.utils.IntegrityError: NOT NULL constraint failed: shop_product.tenant',
    ],
    engine: 'postgresql',
    fact: 'The database differs from what all migrations together say, and none of them explains it.',
    consequence: 'Django notices nothing before it writes: a column that nobody fills, a NULL where none may be, an index that is gone.',
    evidence: 'Every migration is recorded, and no code in one of them is about that column or index.',
    ways: [
      'The statement that `doctor` prints takes the difference away; it is never run.',
      'Write a migration that says what the database should be, for all databases.',
    ],
    breaks: `${psql('ALTER TABLE shop_product ADD COLUMN tenant integer NOT NULL DEFAULT 1')}
${psql('ALTER TABLE shop_product ALTER COLUMN tenant DROP DEFAULT')}
$ python manage.py shell -c "from shop.models import Product; Product.objects.create(name='x')"
null value in column "tenant" of relation "shop_product" violates not-null constraint
$ migstate doctor
schema-drift ... shop_product.tenant`,
    mends: psql('ALTER TABLE shop_product DROP COLUMN tenant'),
  },
  {
    code: 'engine-unsupported',
    title: 'A server of another make: CockroachDB, YugabyteDB, Redshift and others',
    says: [],
    silent: 'Django works with it, through a backend of its own.',
    fact: 'The server speaks the protocol of PostgreSQL or MySQL and is another one, whose locks are not proven.',
    consequence: 'Reading works. Nothing is written: a lock that succeeds and locks nothing would let two changes meet.',
    evidence: 'The name that the server gives itself, and what of it is known not to hold.',
    ways: ['`--sql` prints the statements of a change.', 'Do the change with Django where Django can do it.'],
    breaks: null,
    mends: null,
  },
]
