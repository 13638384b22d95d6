"""Which approved text an entry of the directory was agreed under, and its SHA-256."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0004_approved_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="listing",
            name="text_code",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="listing",
            name="text_sha256",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
    ]
