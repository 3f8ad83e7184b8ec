import { type ErrorPage, ID, psql, sql, typed } from '../page.js'

const FORGET = (app: string, name: string) => sql(`DELETE FROM django_migrations WHERE app = '${app}' AND name = '${name}'`)

export const ROWS: ErrorPage[] = [
  {
    code: 'hole',
    title: 'InconsistentMigrationHistory: Migration … is applied before its dependency …',
    says: [
      "django.db.migrations.exceptions.InconsistentMigrationHistory: Migration shop.0003_fill_slugs is applied before its dependency shop.0002_product_slug on database 'default'.",
    ],
    fact: 'A migration has no row, and one that depends on it has.',
    consequence:
      'Django refuses every `migrate` and `makemigrations`, of all apps. `migrate --fake` is refused by the same check, so no command of Django fills the hole; one row does.',
    evidence:
      'What the migration does is there, or it is not, or it leaves no trace: `doctor` says which, for each of its operations, and for all holes at once (Django names one). A data migration leaves no trace: `migstate doctor --rehearse` runs it in a transaction that is rolled back, and what it would change is the evidence.',
    ways: [
      'It ran: `migstate mark applied shop.0002_product_slug`. Only its row was lost.',
      'It never ran: `migstate run shop.0002_product_slug` runs just this one; what stands on it keeps its rows. Where that never ran either, its row is the wrong one: `doctor` says so.',
    ],
    breaks: `${FORGET('shop', '0002_product_slug')}
$ python manage.py migrate
InconsistentMigrationHistory: Migration shop.0003_fill_slugs is applied before its dependency shop.0002_product_slug
$ python manage.py migrate --fake shop 0002
InconsistentMigrationHistory
$ migstate doctor
hole ... the column shop_product.slug is there`,
    mends: `$ migstate mark applied shop.0002_product_slug --yes
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'present-unrecorded',
    title: 'relation "…" already exists, Table \'…\' already exists, duplicate column name',
    says: [
      'django.db.utils.OperationalError: table "reports_report" already exists',
      'django.db.utils.ProgrammingError: relation "reports_report" already exists',
      `django.db.utils.OperationalError: (1050, "Table 'reports_report' already exists")`,
    ],
    fact: 'A migration has no row, and what it makes is in the database.',
    consequence: 'Every `migrate` tries to make it again and fails; nothing behind it runs. Dropping the table would lose what is in it.',
    evidence:
      'Each operation of the migration against the live schema: all done, or some of them (then it is `partially-applied`), never the name of a table alone.',
    ways: [
      'All of it is there: `migstate mark applied reports.0001_initial`.',
      'What is there is not of this migration (another app, a leftover): look at the table, rename or drop it by hand, and let `migrate` make the right one.',
    ],
    breaks: `${FORGET('reports', '0001_initial')}
$ python manage.py migrate
table "reports_report" already exists
$ migstate doctor
present-unrecorded ... the table reports_report is there`,
    mends: `$ migstate mark applied reports.0001_initial --yes
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'partially-applied',
    title: 'Duplicate column name at every start: a migration that stopped in the middle',
    says: [
      'django.db.utils.OperationalError: duplicate column name: one',
      'django.db.utils.ProgrammingError: column "one" of relation "shop_product" already exists',
      `django.db.utils.OperationalError: (1060, "Duplicate column name 'one'")`,
    ],
    fact: 'A migration has no row, and only some of its operations are in the database.',
    consequence:
      'MySQL and MariaDB commit each statement by itself, so a failure leaves a half, and every `migrate` fails at the first thing that is there. On SQLite a second run may succeed and set the columns that are there back to their defaults.',
    evidence: 'One line for each operation: done, not done, cannot tell.',
    ways: [
      'Finish it: `python manage.py sqlmigrate shop 0005` prints the statements; give those that are missing, then `migstate mark applied shop.0005_two_columns`.',
      'Take back by hand what is there, if it holds nothing, and let `migrate` run all of it.',
    ],
    breaks: `${typed('shop/migrations/0005_two_columns.py', '("shop", "0004_order")', 'migrations.AddField("product", "one", models.IntegerField(null=True)), migrations.AddField("product", "two", models.IntegerField(null=True))')}
${sql('ALTER TABLE shop_product ADD COLUMN one integer NULL')}
$ python manage.py migrate
duplicate column name: one
$ migstate doctor
partially-applied ... 1 of 2 operations done`,
    mends: `${sql('ALTER TABLE shop_product ADD COLUMN two integer NULL')}
$ migstate mark applied shop.0005_two_columns --yes
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'recorded-missing',
    title: 'relation "…" does not exist, no such table, although "No migrations to apply."',
    says: [
      'django.db.utils.OperationalError: no such table: reports_report',
      'django.db.utils.ProgrammingError: relation "reports_report" does not exist',
      `django.db.utils.ProgrammingError: (1146, "Table 'shop.reports_report' doesn't exist")`,
      'No migrations to apply.',
    ],
    fact: 'A migration has its row, and what it makes is not in the database.',
    consequence: 'Django counts it as done and will never make it; whatever uses it fails.',
    evidence: 'The table or column that is missing, the migration that makes it, and what else needs it.',
    ways: [
      'Nothing of it is there: `migstate mark unapplied reports.0001_initial`, then `python manage.py migrate` makes it.',
      'A part is there: `python manage.py sqlmigrate` prints the statements, and those that are missing are for a person to give. `migrate app zero` would drop the rest too.',
    ],
    breaks: `${sql('DROP TABLE reports_report')}
$ python manage.py migrate
No migrations to apply.
$ python manage.py shell -c "from reports.models import Report; list(Report.objects.all())"
no such table: reports_report
$ migstate doctor
recorded-missing ... reports.0001_initial is recorded`,
    mends: `$ migstate mark unapplied reports.0001_initial --yes
$ python manage.py migrate
Applying reports.0001_initial... OK`,
  },
  {
    code: 'ghost',
    title: 'Applied in the database, but the migration file is missing',
    says: [],
    silent: 'Django says nothing: `migrate`, `showmigrations` and `migrate --check` pass the row over.',
    fact: 'A row in an app whose files were read has no file.',
    consequence: 'What it did stays in the schema. A new file of the same name would never run.',
    evidence: 'Whether files come before and after it; the command of git that finds the branch or the commit that has the file.',
    ways: [
      'Another branch, or newer code: check it out; there the migration can really be reversed. Its row stays.',
      'The file is gone for good and no other code uses this database: `migstate mark unapplied shop.0005_branch`. What it did stays.',
    ],
    breaks: `${sql("INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0005_branch', '2024-03-01 12:00:00')")}
$ python manage.py migrate
No migrations to apply.
$ migstate doctor
ghost ... git log --all --name-status -- '*/0005_branch.py'`,
    mends: '$ migstate mark unapplied shop.0005_branch --yes',
  },
  {
    code: 'database-ahead',
    title: 'The database is newer than the code: applied migrations that are not found on disk',
    says: [],
    silent: 'Django says nothing; after a rollback of the code it goes on with the newer schema.',
    fact: 'Every file of an app is recorded, and rows come after the last of them.',
    consequence: 'Newer code, or another branch, has migrated this database. Deleting the rows would make the next upgrade fail ("already exists").',
    evidence: 'The rows that come after the files, by app. A gate before a deploy: `migstate doctor --only database-ahead --fail-on info` (exit 3).',
    ways: [
      'Nothing: old code beside a newer schema is how a rollback of code works.',
      'To take the schema back too, reverse the migrations with the newer code, before it goes.',
    ],
    breaks: `${sql("INSERT INTO django_migrations (app, name, applied) VALUES ('reports', '0002_next', '2024-03-01 12:00:00')")}
$ python manage.py migrate --check
$ migstate doctor --only database-ahead --fail-on info
The database is ahead of this code by 1 migration: reports.0002_next`,
    mends: `${sql("DELETE FROM django_migrations WHERE name = '0002_next'")}`,
  },
  {
    code: 'duplicate',
    title: 'MultipleObjectsReturned: get() returned more than one Migration',
    says: ['django.db.migrations.recorder.MigrationRecorder.Migration.MultipleObjectsReturned: get() returned more than one Migration -- it returned 2!'],
    fact: 'A migration is recorded more than once.',
    consequence: 'Django counts the rows as one. Scripts, joins and rows that are deleted by hand do not.',
    evidence: 'The ids and times of the rows.',
    ways: ['`migstate repair` keeps the earliest row with its id and time.', 'Leave them: nothing of Django depends on it.'],
    breaks: `${sql("INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0001_initial', '2024-03-01 12:00:00')")}
$ python manage.py shell -c "from django.db.migrations.recorder import MigrationRecorder; MigrationRecorder.Migration.objects.get(app='shop', name='0001_initial')"
MultipleObjectsReturned: get() returned more than one Migration -- it returned 2!
$ migstate doctor
duplicate ... shop.0001_initial is recorded 2 times`,
    mends: '$ migstate repair --all --yes',
  },
  {
    code: 'damaged-name',
    title: 'The row is clearly there, and Django says "is applied before its dependency" all the same',
    says: [
      "django.db.migrations.exceptions.InconsistentMigrationHistory: Migration shop.0003_fill_slugs is applied before its dependency shop.0002_product_slug on database 'default'.",
    ],
    fact: 'A row has the name of a file but for a blank, upper case, the form of its letters, or ".py".',
    consequence: 'To Django they are two migrations: the file counts as not applied, the row as nothing.',
    evidence: 'Names are compared byte by byte, for the comparison of the database may call them equal.',
    ways: ['`migstate repair` gives the row the right name; its id and time stay.', 'Rename the file, if the row is right and every other database has it so.'],
    breaks: `${sql("UPDATE django_migrations SET name = '0002_product_slug.py' WHERE name = '0002_product_slug'")}
$ python manage.py migrate
InconsistentMigrationHistory
$ migstate doctor
damaged-name ... differs in the ending of a file`,
    mends: `$ migstate repair --all --yes
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'renamed',
    title: 'already exists, or InconsistentMigrationHistory, after a migration or an app was renamed or renumbered',
    says: [
      "django.db.migrations.exceptions.InconsistentMigrationHistory: Migration shop.0003_fill_slugs is applied before its dependency shop.0002_product_slug on database 'default'.",
      'django.db.utils.OperationalError: duplicate column name: slug',
    ],
    fact: 'A row has no file, and one file has no row: they are one migration under two names.',
    consequence: 'Django would run it again and fail, or refuses everything for the hole that it sees.',
    evidence: 'The same number or the same words in both names, and whether what the file does is in the database.',
    ways: [
      '`migstate repair` gives the row the new name; its id and time stay.',
      'For many databases: `replaces = [("shop", "0002_old")]` in the new file tells each of them.',
    ],
    breaks: `${sql("UPDATE django_migrations SET name = '0002_slug' WHERE name = '0002_product_slug'")}
$ python manage.py migrate
InconsistentMigrationHistory
$ migstate doctor
renamed ... shop.0002_slug is recorded without a file`,
    mends: `$ migstate repair --all --yes
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'malformed-applied',
    title: "ValueError: month must be in 1..12, 'NoneType' object has no attribute 'strftime', 'str' object has no attribute 'utcoffset'",
    says: [
      'ValueError: month must be in 1..12',
      "AttributeError: 'NoneType' object has no attribute 'strftime'",
      "AttributeError: 'str' object has no attribute 'utcoffset'",
    ],
    fact: 'A row has something in "applied" that Django reads no time from, or the column has a type that gives it none.',
    consequence: 'Some values stop every command, some only `showmigrations -v 2`. Nothing is decided by the times themselves: their order is cosmetic.',
    evidence: 'The row, its value and what Django makes of it.',
    ways: ['`migstate repair` gives the row the time of the one beside it.', 'Set the time by hand, if the right one is known.'],
    breaks: `${sql("UPDATE django_migrations SET applied = '2024-13-45 00:00:00' WHERE name = '0002_product_slug'")}
$ python manage.py migrate
ValueError: month must be in 1..12
$ migstate doctor
malformed-applied ... 2024-13-45`,
    mends: `$ migstate repair --all --yes
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'name-reused',
    title: 'A new migration never runs: "No migrations to apply", and no such column',
    says: ['django.db.utils.OperationalError: no such column: reports_report.more', 'No migrations to apply.'],
    fact: 'The row of a migration is older than its file, and nothing of the file is in the database.',
    consequence: 'An older migration of this name was recorded here, and its row keeps the new one from running.',
    evidence: 'The day of the row, and the day that Django wrote into the first line of the file.',
    ways: ['`migstate repair` takes the row out, and `python manage.py migrate` runs the new file.', 'Give the new file another name, for all databases.'],
    breaks: `${typed('reports/migrations/0002_more.py', '("reports", "0001_initial")', 'migrations.AddField("report", "more", models.IntegerField(default=0))', '', '# Generated by Django 5.2 on 2024-03-01 12:00\n\nfrom django.db import migrations, models')}
${sql("INSERT INTO django_migrations (app, name, applied) VALUES ('reports', '0002_more', '2020-05-01 10:00:00')")}
$ python manage.py migrate
No migrations to apply.
$ migstate doctor
name-reused ... recorded since 2020-05-01, and its file was made on 2024-03-01`,
    mends: `$ migstate mark unapplied reports.0002_more --yes
$ python manage.py migrate
Applying reports.0002_more... OK`,
  },
  {
    code: 'faked-burst',
    title: 'Everything is [X] after migrate --fake, and the application dies: no such table',
    says: ['django.db.utils.OperationalError: no such table: shop_a', 'No migrations to apply.'],
    fact: 'Several migrations were recorded in one go and never ran.',
    consequence: '`migrate --fake` took more along than it should. Django counts them as done and will never make what is missing.',
    evidence: 'The rows that were written within milliseconds, and which of them are in the schema.',
    ways: [
      '`migstate repair` takes out exactly those that never ran; `python manage.py migrate` runs them.',
      'After a fake by migstate itself: `migstate rollback`.',
    ],
    breaks: `${typed('shop/migrations/0005_a.py', '("shop", "0004_order")', `migrations.CreateModel("A", [${ID}])`)}
${typed('shop/migrations/0006_b.py', '("shop", "0005_a")', `migrations.CreateModel("B", [${ID}])`)}
$ python manage.py migrate --fake
Applying shop.0006_b... FAKED
$ python manage.py migrate
No migrations to apply.
$ migstate doctor
faked-burst ... shop.0005_a, shop.0006_b are recorded, and nothing of them is in the database`,
    mends: `$ migstate mark unapplied shop.0005_a shop.0006_b --yes
$ python manage.py migrate
Applying shop.0006_b... OK`,
  },
  {
    code: 'history-remade',
    title: 'Deleted the migrations folder and made migrations anew: "No migrations to apply", and columns are missing',
    says: ['django.db.utils.OperationalError: no such column: reports_report.extra', 'No migrations to apply.'],
    fact: 'A recorded name belongs to a new file that says other things than the old one did, and the rows after it have no file.',
    consequence:
      'Django counts the new first migration as done, by the row of the old one. What the new one makes beyond that is missing, and will never be made.',
    evidence: 'Both halves: what is recorded and not in the database, and what is recorded and has no file; the days of row and file where the file has one.',
    ways: [
      'Give by hand the statements that are missing (`python manage.py sqlmigrate reports 0001`), then take the old rows out.',
      'Get the old files back from git, migrate with them to their end, and only then start fresh. A database that was one migration behind is never right by `migrate --fake`.',
    ],
    breaks: `${sql("INSERT INTO django_migrations (app, name, applied) VALUES ('reports', '0002_old', '2020-05-01 10:00:00')")}
${typed('reports/migrations/0001_initial.py', '("billing", "0002_invoice_paid"), ("shop", "0004_order")', `migrations.CreateModel("Report", [${ID}, ("title", models.CharField(max_length=100)), ("extra", models.IntegerField(default=0))])`)}
$ python manage.py migrate
No migrations to apply.
$ migstate doctor
history-remade ... the column reports_report.extra is not there ... recorded, without a file: reports.0002_old`,
    mends: `$ python manage.py sqlmigrate reports 0001
"extra" integer NOT NULL
${sql('ALTER TABLE reports_report ADD COLUMN extra integer NOT NULL DEFAULT 0')}
$ migstate mark unapplied reports.0002_old --yes`,
  },
  {
    code: 'unknown-app',
    title: "CommandError: No installed app with label '…', and rows of an app that is not there",
    says: ["CommandError: No installed app with label 'removed'."],
    fact: 'Rows have a label that no installed app has, or an entry of INSTALLED_APPS was not found on disk.',
    consequence: 'Django passes the rows over. They are never called stale: an app that was not found may be there for Django.',
    evidence: 'The rows of the label; which entries of INSTALLED_APPS were not found.',
    ways: [
      'Nothing. If the app comes back and its tables are gone, its rows are `recorded-missing` then.',
      'The app is gone for good: `migstate mark unapplied removed.0001_initial` takes its rows out, by their exact names.',
    ],
    breaks: `${sql("INSERT INTO django_migrations (app, name, applied) VALUES ('removed', '0001_initial', '2024-03-01 12:00:00')")}
$ python manage.py migrate removed zero
No installed app with label 'removed'
$ migstate doctor
unknown-app ... 1 row of "removed"`,
    mends: '$ migstate mark unapplied removed.0001_initial --yes',
  },
  {
    code: 'shared-sequence',
    title: 'Gaps in the ids of django_migrations after CREATE TABLE … (LIKE … INCLUDING ALL)',
    says: [],
    silent: 'Nothing says a word until somebody sets the sequence back.',
    engine: 'postgresql',
    fact: 'Another table takes its ids from the same sequence.',
    consequence: 'Each gets gaps from the other. Whoever sets the sequence back for one makes the other fail, so no restore moves it.',
    evidence: "The default of another table's column, as the catalogue has it.",
    ways: ['Give the other table a sequence of its own.', 'Nothing, if the other table is a copy that nobody writes to.'],
    breaks: `${psql("CREATE SCHEMA clone; CREATE TABLE clone.copied (id bigint DEFAULT nextval('django_migrations_id_seq'))")}
$ migstate doctor
shared-sequence`,
    mends: psql('DROP SCHEMA clone CASCADE'),
  },
]
