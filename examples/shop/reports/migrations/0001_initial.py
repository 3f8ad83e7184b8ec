from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("billing", "0002_invoice_paid"), ("shop", "0004_order")]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=100)),
            ],
        ),
    ]
