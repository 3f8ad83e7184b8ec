import type { Engine } from './servers/server.js'

/** A data migration made by hand, and what a rehearsal of it must say. */
export interface HandMade {
  name: string
  /** Body of `forward`, which has `apps`, `db` (its connection), `Product`, `products` and `sql(STATEMENT, …)`. */
  body: string
  imports?: string
  /** Of the class. */
  more?: string
  exit: 0 | 3 | 4
  answer: 'repeatable' | 'changes-more' | 'would-fail' | 'cannot-rehearse' | 'unknown'
  /** Must be in the verdict. */
  says?: string
  /** Kinds of what is told as outside. */
  outside?: string[]
  /** Tables of the differences. */
  differs?: string[]
  /** Where it says something else, or has no meaning. */
  not?: Engine[]
}

const atomicOff = 'atomic = False'

/** The database has two products, an order, shop_tag (a unique name), shop_log and a trigger that writes to it for each new tag. */
export const HAND_MADE: readonly HandMade[] = [
  { name: 'get_or_create', body: 'products.get_or_create(name="New", defaults={"slug": "n"})', exit: 0, answer: 'repeatable', says: 'no row of the' },
  { name: 'a filter', body: 'products.filter(slug__isnull=True).update(slug="x")', exit: 0, answer: 'repeatable' },
  { name: 'update_or_create', body: 'products.update_or_create(name="New", defaults={"slug": "n"})', exit: 0, answer: 'repeatable' },
  { name: 'nothing at all', body: 'pass', exit: 0, answer: 'repeatable', says: 'a run changes nothing' },
  {
    name: 'ON CONFLICT',
    body: 'sql("INSERT INTO shop_tag (name) VALUES (\'c\') ON CONFLICT (name) DO NOTHING")',
    exit: 0,
    answer: 'repeatable',
    not: ['mysql', 'mariadb'],
  },
  { name: 'INSERT IGNORE', body: 'sql("INSERT IGNORE INTO shop_tag (name) VALUES (\'c\')")', exit: 0, answer: 'repeatable', not: ['sqlite', 'postgresql'] },
  { name: 'create', body: 'products.create(name="New")', exit: 3, answer: 'changes-more', says: 'shop_product +1 row (id ', differs: ['shop_product'] },
  {
    name: 'append',
    body: 'for one in products.all():\n        one.name += "!"\n        one.save()',
    exit: 3,
    answer: 'changes-more',
    says: '2 rows updated',
    differs: ['shop_product'],
  },
  {
    name: 'F()',
    imports: 'from django.db.models import F, Value\nfrom django.db.models.functions import Concat',
    body: 'products.update(name=Concat(F("name"), Value("!")))',
    exit: 3,
    answer: 'changes-more',
    differs: ['shop_product'],
  },
  {
    name: 'a counter in SQL',
    body: 'sql("UPDATE shop_order SET quantity = quantity + 1")',
    exit: 3,
    answer: 'changes-more',
    differs: ['shop_order'],
  },
  { name: 'random', imports: 'import random', body: 'products.update(slug=str(random.random()))', exit: 3, answer: 'changes-more', differs: ['shop_product'] },
  {
    name: 'now()',
    imports: 'import datetime, time',
    body: 'products.update(slug=datetime.datetime.now().isoformat())\n    time.sleep(0.002)',
    exit: 3,
    answer: 'changes-more',
    differs: ['shop_product'],
  },
  {
    name: 'the order of ids',
    body: 'last = products.order_by("-id").first()\n    products.create(name=last.name + "+")',
    exit: 3,
    answer: 'changes-more',
    differs: ['shop_product'],
  },
  { name: 'a delete of what is there', body: 'products.filter(name="Red Hat").delete()', exit: 0, answer: 'repeatable' },
  { name: 'an exception', body: 'raise ValueError("not today")', exit: 3, answer: 'would-fail', says: 'ValueError at 0003_fill_slugs.py:' },
  {
    name: 'a failure the second time only',
    body: 'sql("INSERT INTO shop_tag (name) VALUES (\'once\')")',
    exit: 3,
    answer: 'would-fail',
    says: 'would fail the second time: IntegrityError',
  },
  {
    name: 'a foreign key that only COMMIT would check',
    body: 'sql("INSERT INTO shop_order (product_id, quantity) VALUES (9999, 1)")',
    exit: 3,
    answer: 'would-fail',
  },
  {
    name: 'a durable block',
    imports: 'from django.db import transaction',
    more: atomicOff,
    body: 'with transaction.atomic(using=db.alias, durable=True):\n        products.get_or_create(name="New")',
    exit: 0,
    answer: 'repeatable',
  },
  {
    name: 'an IntegrityError that is caught, without a transaction',
    imports: 'from django.db import IntegrityError',
    more: atomicOff,
    body: 'try:\n        sql("INSERT INTO shop_tag (name) VALUES (\'a\')")\n    except IntegrityError:\n        pass\n    products.filter(slug=None).update(slug="x")',
    exit: 0,
    answer: 'repeatable',
  },
  {
    name: 'a block that fails and is caught, without a transaction',
    imports: 'from django.db import transaction',
    more: atomicOff,
    body: 'try:\n        with transaction.atomic(using=db.alias, savepoint=False):\n            products.create(name="gone")\n            raise ValueError\n    except ValueError:\n        pass\n    products.filter(slug=None).update(slug="x")',
    exit: 0,
    answer: 'repeatable',
  },
  { name: 'COMMIT by hand', body: 'products.create(name="New")\n    sql("COMMIT")', exit: 4, answer: 'cannot-rehearse', says: 'COMMIT', outside: ['commit'] },
  {
    name: 'COMMIT by hand whose refusal is swallowed',
    body: 'try:\n        sql("/* x */ commit")\n    except BaseException:\n        pass\n    products.create(name="New")',
    exit: 4,
    answer: 'cannot-rehearse',
    outside: ['commit'],
  },
  {
    name: 'a COMMIT behind another statement',
    body: 'sql("SELECT 1; COMMIT; SELECT 2")',
    exit: 4,
    answer: 'cannot-rehearse',
    outside: ['commit'],
  },
  {
    name: 'connection.commit()',
    more: atomicOff,
    body: 'products.create(name="New")\n    db.commit()',
    exit: 4,
    answer: 'cannot-rehearse',
    outside: ['commit'],
  },
  { name: 'set_autocommit()', more: atomicOff, body: 'db.set_autocommit(True)', exit: 4, answer: 'cannot-rehearse', outside: ['commit'] },
  { name: 'connection.close()', more: atomicOff, body: 'products.create(name="New")\n    db.close()', exit: 4, answer: 'cannot-rehearse' },
  {
    name: 'executescript',
    body: 'with db.cursor() as cursor:\n        cursor.executescript("INSERT INTO shop_log (note) VALUES (\'x\');")',
    exit: 4,
    answer: 'cannot-rehearse',
    outside: ['commit'],
    not: ['postgresql', 'mysql', 'mariadb'],
  },
  {
    name: 'a schema change that commits',
    body: 'sql("CREATE TABLE shop_extra (id integer)")',
    exit: 4,
    answer: 'cannot-rehearse',
    outside: ['commit'],
    not: ['sqlite', 'postgresql'],
  },
  { name: 'VACUUM', more: atomicOff, body: 'sql("VACUUM")', exit: 4, answer: 'cannot-rehearse', not: ['mysql', 'mariadb'] },
  {
    name: 'CONCURRENTLY',
    more: atomicOff,
    body: 'sql("CREATE INDEX CONCURRENTLY shop_extra ON shop_product (name)")',
    exit: 4,
    answer: 'cannot-rehearse',
    not: ['sqlite', 'mysql', 'mariadb'],
  },
  { name: 'a raw cursor', body: 'sql("UPDATE shop_product SET slug = \'x\' WHERE slug IS NULL")', exit: 0, answer: 'repeatable' },
  {
    name: 'a temporary table',
    body: 'sql("CREATE TEMPORARY TABLE shop_work AS SELECT id FROM shop_product WHERE slug IS NULL")\n    sql("UPDATE shop_product SET slug = \'x\' WHERE id IN (SELECT id FROM shop_work)")',
    exit: 0,
    answer: 'repeatable',
    says: 'no row of the 1 table that',
  },
  {
    name: 'on_commit',
    imports: 'from django.db import transaction',
    body: 'transaction.on_commit(lambda: open("/nowhere/at/all", "w"), using=db.alias)',
    exit: 0,
    answer: 'repeatable',
    says: '1 on_commit callback would run',
    outside: ['callback'],
  },
  {
    name: 'mail',
    imports: 'from django.core.mail import send_mail',
    body: 'send_mail("Hello", "secret text", "a@example.org", ["b@example.org", "c@example.org"])',
    exit: 0,
    answer: 'repeatable',
    says: '1 mail would be sent',
    outside: ['mail'],
  },
  {
    name: 'HTTP',
    imports: 'import urllib.request',
    body: 'urllib.request.urlopen("http://127.0.0.1:9/")',
    exit: 4,
    answer: 'cannot-rehearse',
    outside: ['connect'],
  },
  {
    name: 'HTTP whose failure is swallowed',
    imports: 'import urllib.request',
    body: 'try:\n        urllib.request.urlopen("http://127.0.0.1:9/")\n    except Exception:\n        pass',
    exit: 3,
    answer: 'unknown',
    outside: ['connect'],
  },
  { name: 'a file', body: 'open("rehearsed.txt", "w").write("x")', exit: 4, answer: 'cannot-rehearse', says: 'rehearsed.txt', outside: ['file'] },
  { name: 'a file that goes', imports: 'import os', body: 'os.remove("manage.py")', exit: 4, answer: 'cannot-rehearse', outside: ['file'] },
  { name: '/dev/null', body: 'open("/dev/null", "w").close()', exit: 0, answer: 'repeatable' },
  {
    name: 'a process',
    imports: 'import subprocess',
    body: 'subprocess.run(["touch", "rehearsed.txt"])',
    exit: 4,
    answer: 'cannot-rehearse',
    outside: ['process'],
  },
  { name: 'os.system', imports: 'import os', body: 'os.system("touch rehearsed.txt")', exit: 4, answer: 'cannot-rehearse', outside: ['process'] },
  {
    name: 'a thread',
    imports: 'import threading',
    body: 'thread = threading.Thread(target=lambda: products.create(name="New"))\n    thread.start()\n    thread.join()',
    exit: 4,
    answer: 'cannot-rehearse',
  },
  {
    name: 'a trigger',
    body: 'sql("INSERT INTO shop_tag (name) VALUES (\'t%d\')" % products.count())\n    products.create(name="New")',
    exit: 3,
    answer: 'changes-more',
    differs: ['shop_log', 'shop_product', 'shop_tag'],
  },
  {
    name: '1,000 rows',
    body: 'products.bulk_create([Product(name="n%d" % n) for n in range(1000)])',
    exit: 3,
    answer: 'changes-more',
    says: '+1,000 rows',
    differs: ['shop_product'],
  },
  { name: 'sys.exit', imports: 'import sys', body: 'sys.exit(3)', exit: 3, answer: 'would-fail', says: 'SystemExit' },
]

export function handMade({ body, imports = '', more = 'pass' }: Pick<HandMade, 'body' | 'imports' | 'more'>): string {
  return `${imports}
from django.db import migrations


def forward(apps, schema_editor):
    db = schema_editor.connection
    Product = apps.get_model("shop", "Product")
    products = Product.objects.using(db.alias)

    def sql(statement):
        with db.cursor() as cursor:
            cursor.execute(statement)

    ${body}


class Migration(migrations.Migration):
    ${more}
    dependencies = [("shop", "0002_product_slug")]
    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
`
}
