from django.db import migrations


def fill_slugs(apps, schema_editor):
    """Safe to run twice: only products without a slug get one."""
    Product = apps.get_model("shop", "Product")
    for product in Product.objects.using(schema_editor.connection.alias).filter(slug__isnull=True):
        product.slug = product.name.lower().replace(" ", "-")
        product.save(update_fields=["slug"])


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_product_slug")]

    operations = [migrations.RunPython(fill_slugs, migrations.RunPython.noop)]
