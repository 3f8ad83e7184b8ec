import { type ErrorPage, ID, sql, typed, written } from '../page.js'

const PACKAGES = '.venv/lib/python3.12/site-packages'

const PARTS = '("shop", "0001_initial"), ("shop", "0002_product_slug"), ("shop", "0003_fill_slugs")'
const PRODUCT = `migrations.CreateModel("Product", [${ID}, ("name", models.CharField(max_length=100)), ("slug", models.CharField(max_length=100, null=True))])`
const squash = (more = `    replaces = [${PARTS}]\n`) => typed('shop/migrations/0001_squashed_0003.py', '', PRODUCT, more)
/** The old files go, and what stood on them stands on the squash. */
const WITHOUT_PARTS = `$ rm shop/migrations/0001_initial.py
$ rm shop/migrations/0002_product_slug.py
$ rm shop/migrations/0003_fill_slugs.py
$ sed -i s/0003_fill_slugs/0001_squashed_0003/ shop/migrations/0004_order.py billing/migrations/0001_initial.py`
const small = (name: string, below: string, operations = '') => typed(`reports/migrations/${name}.py`, below, operations)

export const FILES: ErrorPage[] = [
  {
    code: 'conflict',
    title: 'CommandError: Conflicting migrations detected; multiple leaf nodes in the migration graph',
    says: [
      "CommandError: Conflicting migrations detected; multiple leaf nodes in the migration graph: (0004_order, 0004_other in shop).\nTo fix them run 'python manage.py makemigrations --merge'",
    ],
    fact: 'An app has more than one migration that nothing follows.',
    consequence: 'Django refuses every `migrate`. The rows are not at fault: the files are.',
    evidence: 'Which of the leaves is recorded here, so that its file must stay.',
    ways: [
      '`python manage.py makemigrations --merge`, once, for all who share the code; never inside an installed package.',
      'One of the files is a leftover that no database has recorded: delete it.',
    ],
    breaks: `${typed('shop/migrations/0004_other.py', '("shop", "0003_fill_slugs")', '')}
$ python manage.py migrate
Conflicting migrations detected; multiple leaf nodes in the migration graph: (... in shop)
$ migstate doctor
conflict ... shop.0004_order: recorded here`,
    mends: `$ rm shop/migrations/0004_other.py
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'missing-parent',
    title: 'NodeNotFoundError: Migration … dependencies reference nonexistent parent node',
    says: [
      "django.db.migrations.exceptions.NodeNotFoundError: Migration shop.0003_fill_slugs dependencies reference nonexistent parent node ('shop', '0002_product_slug')",
    ],
    fact: 'A file depends on a migration that is not there.',
    consequence: 'Django loads no migration at all, so no command of it works; `migstate` reads files and rows without it.',
    evidence: 'Whether the migration is recorded here: then it ran, and its row must stay.',
    ways: [
      'Get the file back from the commit before the one that deleted it: `git log --all --diff-filter=D -- "*/0002_product_slug.py"`.',
      'The name is wrong in the file that depends on it, or a package lacks it: mend the file, or install the version that has it.',
    ],
    breaks: `$ mv shop/migrations/0002_product_slug.py lost.txt
$ python manage.py migrate
NodeNotFoundError: Migration shop.0003_fill_slugs dependencies reference nonexistent parent node ('shop', '0002_product_slug')
$ migstate doctor
missing-parent ... its row must stay`,
    mends: `$ mv lost.txt shop/migrations/0002_product_slug.py
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'circular',
    title: 'CircularDependencyError',
    says: ['django.db.migrations.exceptions.CircularDependencyError: reports.0002_x, reports.0003_y'],
    fact: 'Migrations depend on each other in a circle.',
    consequence: 'Django loads no migration at all.',
    evidence: 'The migrations of the circle.',
    ways: ['Take the dependency that came last out of its file.', 'Move what both need into a migration of its own, below both.'],
    breaks: `${small('0002_x', '("reports", "0001_initial"), ("reports", "0003_y")')}
${small('0003_y', '("reports", "0002_x")')}
$ python manage.py migrate
CircularDependencyError: reports.000
$ migstate doctor
circular ... stand on each other in a circle`,
    mends: `$ rm reports/migrations/0002_x.py
$ rm reports/migrations/0003_y.py
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'unreadable-file',
    title: 'ModuleNotFoundError, ImportError or SyntaxError in an old migration',
    says: [`  File "/app/reports/migrations/0002_x.py", line 1, in <module>\n    from gone import Thing\nModuleNotFoundError: No module named 'gone'`],
    fact: 'A migration, or the package that it lies in, cannot be imported.',
    consequence: 'No command of Django that loads migrations works. `migstate` says what can be said of all the others.',
    evidence: 'The file, and what Python says.',
    ways: [
      'Put the import into the function that needs it, or the module back.',
      'Where only `doctor` cannot read it and Django can: `migstate doctor --ask-django`.',
    ],
    breaks: `${typed('reports/migrations/0002_x.py', '("reports", "0001_initial")', '', '', 'from django.db import migrations\nfrom gone import Thing')}
$ python manage.py migrate
ModuleNotFoundError: No module named 'gone'
$ migstate doctor
unreadable-file ... reports.0002_x cannot be imported`,
    mends: '$ rm reports/migrations/0002_x.py',
  },
  {
    code: 'depends-on-settings',
    title: 'Migration … is applied before its dependency …, on some machines only',
    says: [],
    silent: 'Django says it only where the setting is so.',
    fact: 'What a migration depends on is decided by settings or code that files alone do not tell.',
    consequence: 'Whether something is missing below it is not known, so nothing is claimed of it, and never a hole.',
    evidence: 'The lines that decide.',
    ways: ["`migstate doctor --ask-django` asks the project's own Python.", 'Nothing: this is for your information.'],
    breaks: `${typed(
      'reports/migrations/0002_x.py',
      '("reports", "0001_initial"), *more',
      '',
      '',
      'from django.conf import settings\nfrom django.db import migrations\n\nmore = [("auth", "0001_initial")] if settings.MULTI else []',
    )}
$ migstate doctor
depends-on-settings ... reports.0002_x`,
    mends: '$ rm reports/migrations/0002_x.py',
  },
  {
    code: 'not-shipped',
    title: 'makemigrations wrote a migration into site-packages',
    says: [],
    silent:
      'Django says nothing here; on other machines it says that the parent node does not exist, and after an upgrade of the package that migrations conflict.',
    fact: 'A migration lies inside an installed package that did not bring it.',
    consequence: 'No other machine has it, and the next version of the package may clash with it.',
    evidence: 'The RECORD of the package, which lists every file that it brought.',
    ways: [
      'Delete the file, take its row out, and keep it from coming back with `default_auto_field` in an AppConfig of your own.',
      'Keep migrations of that app in the project: MIGRATION_MODULES. Never `makemigrations --merge` there.',
    ],
    breaks: `$ export VIRTUAL_ENV=$PWD/.venv
${written('.venv/pyvenv.cfg', 'home = /usr/bin\nversion = 3.12.1\n')}
${written(`${PACKAGES}/django/__init__.py`, 'VERSION = (5, 2, 0, "final", 0)\n')}
${written(`${PACKAGES}/django/db/migrations/__init__.py`, '')}
${written(`${PACKAGES}/tokens/__init__.py`, '')}
${written(`${PACKAGES}/tokens/migrations/__init__.py`, '')}
${typed(`${PACKAGES}/tokens/migrations/0001_initial.py`, '', '')}
${typed(`${PACKAGES}/tokens/migrations/0002_auto.py`, '("tokens", "0001_initial")', '')}
${written(`${PACKAGES}/tokens-1.0.dist-info/RECORD`, 'tokens/__init__.py,,\ntokens/migrations/__init__.py,,\ntokens/migrations/0001_initial.py,,\n')}
$ echo 'INSTALLED_APPS = [*INSTALLED_APPS, "tokens"]' >> project/settings.py
$ migstate doctor --only not-shipped
tokens.0002_auto lies inside the installed package tokens-1.0, which did not bring it`,
    mends: `$ rm ${PACKAGES}/tokens/migrations/0002_auto.py`,
  },
  {
    code: 'state-breaks',
    title: "ValueError: The field … was declared with a lazy reference to '…'; FieldDoesNotExist; KeyError in state.py",
    says: [
      "ValueError: The field billing.Invoice.product was declared with a lazy reference to 'shop.product', but app 'shop' doesn't provide model 'product'.",
    ],
    fact: 'A migration is about a model or a field that no migration that counts as applied makes.',
    consequence: 'Django dies while it builds its models, often before the first step and also with nothing to do; its plan does not show it.',
    evidence: 'The operation, its line, and what it is about. What makes it was deleted, edited, squashed away, or is not counted as applied.',
    ways: [
      'Get back the operation that made it, from the history of the file.',
      '`migstate graph` shows what counts as applied; a squash with half of its rows is a finding of its own.',
    ],
    breaks: `${typed('shop/migrations/0001_initial.py', '', `migrations.CreateModel("Goods", [${ID}])`)}
${typed('shop/migrations/0002_product_slug.py', '("shop", "0001_initial")', '')}
$ python manage.py migrate
declared with a lazy reference to 'shop.product', but app 'shop' doesn't provide model 'product'
$ migstate doctor --only state-breaks
dies before its first step ... leads to shop.product`,
    mends: `${typed('shop/migrations/0001_initial.py', '', `migrations.CreateModel("Product", [${ID}, ("name", models.CharField(max_length=100))])`)}
${typed('shop/migrations/0002_product_slug.py', '("shop", "0001_initial")', 'migrations.AddField("product", "slug", models.CharField(max_length=100, null=True))')}
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'squash-unrecorded',
    title: "[-] … (squashed migrations) Run 'manage.py migrate' to finish recording; or: replaces was removed too early",
    says: ["shop\n [-] 0001_squashed_0003 (3 squashed migrations) Run 'manage.py migrate' to finish recording."],
    fact: 'All that a squash replaces is recorded, and the squash itself is not.',
    consequence:
      'While its file has `replaces`, Django counts it as applied and the next `migrate` writes its row. If `replaces` is taken out before, the database does not know it, and `migrate` runs it ("already exists").',
    evidence: 'The rows of its parts; without `replaces`, rows of the app that have no file.',
    ways: [
      '`python manage.py migrate`, in every database, before `replaces` and the old files go.',
      '`replaces` is gone already: `migstate mark applied shop.0001_squashed_0003`, if its parts ran here.',
    ],
    breaks: `${squash()}
$ python manage.py showmigrations shop
[-] 0001_squashed_0003 (3 squashed migrations) Run 'manage.py migrate' to finish recording.
$ migstate doctor
squash-unrecorded`,
    mends: '$ python manage.py migrate',
  },
  {
    code: 'squash-partial',
    title: 'A squash half applied: some replaced migrations are recorded, and others have no file',
    says: [
      "ValueError: The field shop.Order.product was declared with a lazy reference to 'shop.product', but app 'shop' doesn't provide model 'product'.",
      "django.db.migrations.exceptions.NodeNotFoundError: Migration shop.0004_order depends on nonexistent node ('shop', '0002_product_slug'). Django tried to replace migration shop.0002_product_slug with any of [shop.0001_squashed_0003] but wasn't able to because some of the replaced migrations are already applied.",
    ],
    fact: 'Some of what a squash replaces is recorded, and what is not recorded has no file.',
    consequence: 'Django can use neither the squash nor its parts.',
    evidence: 'The parts that are missing, and whether what the squash does is in the database.',
    ways: [
      'It is all there: `migstate mark applied shop.0001_squashed_0003` writes the rows that are missing.',
      'Else get the old files back, or the release of the package that had them, and migrate with them first.',
    ],
    breaks: `${squash()}
${WITHOUT_PARTS}
${sql("DELETE FROM django_migrations WHERE name = '0002_product_slug'")}
$ python manage.py migrate
declared with a lazy reference to 'shop.product', but app 'shop' doesn't provide model 'product'
$ migstate doctor
squash-partial ... shop.0002_product_slug`,
    mends: `$ migstate mark applied shop.0001_squashed_0003 --yes
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'squash-not-believed',
    title: 'The row of the squash is there, and showmigrations shows [ ]',
    says: [
      "ValueError: The field shop.Order.product was declared with a lazy reference to 'shop.product', but app 'shop' doesn't provide model 'product'.",
      'django.db.utils.OperationalError: table "shop_product" already exists',
    ],
    fact: 'A squash is recorded, and none of what it replaces is.',
    consequence: 'While its file has `replaces`, Django believes only the rows of the parts: a row of the squash alone does nothing.',
    evidence: 'Whether what the squash does is in the database.',
    ways: [
      'It is there: `migstate mark applied shop.0001_squashed_0003` writes the rows of its parts.',
      'It is not: `migstate mark unapplied shop.0001_squashed_0003`, and `migrate` runs it.',
    ],
    breaks: `${squash()}
${WITHOUT_PARTS}
${sql("DELETE FROM django_migrations WHERE app = 'shop' AND name <> '0004_order'")}
${sql("INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0001_squashed_0003', '2024-03-01 12:00:00')")}
$ python manage.py migrate
declared with a lazy reference to 'shop.product', but app 'shop' doesn't provide model 'product'
$ migstate doctor
squash-not-believed ... none of the 3 migrations that it replaces is`,
    mends: `$ migstate mark applied shop.0001_squashed_0003 --yes
$ python manage.py migrate
No migrations to apply.`,
  },
  {
    code: 'squash-stale-row',
    title: 'The row of a squash stayed although one of its parts was taken back',
    says: [],
    silent: 'Django before 4.0 leaves the row where it unapplies a part; nothing says so.',
    fact: 'A squash is recorded, and only some of what it replaces is.',
    consequence: 'Django does not count the row and works with the parts. Once `replaces` goes, it would count.',
    evidence: 'The parts that are recorded, and the row of the squash.',
    ways: [
      '`python manage.py migrate` runs the parts that are missing; then the row is right.',
      'Take only the row of the squash out: `migstate repair` with the id of the finding.',
    ],
    breaks: `${small('0002_x', '("reports", "0001_initial")')}
$ python manage.py migrate
Applying reports.0002_x... OK
${typed('reports/migrations/0001_squashed_0002.py', '("billing", "0002_invoice_paid"), ("shop", "0004_order")', `migrations.CreateModel("Report", [${ID}, ("title", models.CharField(max_length=100))])`, '    replaces = [("reports", "0001_initial"), ("reports", "0002_x")]\n')}
$ python manage.py migrate
${sql("DELETE FROM django_migrations WHERE app = 'reports' AND name = '0002_x'")}
$ migstate doctor
squash-stale-row ... reports.0002_x of what it replaces is not`,
    mends: '$ python manage.py migrate',
  },
]
