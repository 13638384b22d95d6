"""A day's seal covers the end of the audit log as well; earlier seals stay as they were made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_postgresql_storage")]

    operations = [
        migrations.AddField("seal", "audit_seq", models.BigIntegerField(default=0)),
        migrations.AddField("seal", "audit_hash", models.CharField(blank=True, max_length=64)),
    ]
