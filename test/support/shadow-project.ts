/** Inserts, so that a second run shows. */
export const INSERTS = `from django.db import migrations


def insert(apps, schema_editor):
    apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).create(name="it ran", slug="x")


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_product_slug")]
    operations = [migrations.RunPython(insert, migrations.RunPython.noop)]
`

/** `shop.0003_fill_slugs` with this body; `create(NAME)` adds a product, `wait()` says that it is there and waits for a file. */
export function dataMigration(body: string, more = '', reverse?: string): string {
  return `import os
import time

from django.db import migrations


def wait():
    open(os.environ["WAIT_FOR"] + ".reached", "w").close()
    for _ in range(600):
        if os.path.exists(os.environ["WAIT_FOR"]):
            return
        time.sleep(0.05)


def forward(apps, schema_editor):
    def create(name):
        apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).create(name=name, slug="x")

    ${body}


def backward(apps, schema_editor):
    def create(name):
        apps.get_model("shop", "Product").objects.using(schema_editor.connection.alias).create(name=name, slug="x")

    ${reverse ?? 'pass'}


class Migration(migrations.Migration):
    ${more || 'pass'}
    dependencies = [("shop", "0002_product_slug")]
    operations = [migrations.RunPython(forward, backward)]
`
}
