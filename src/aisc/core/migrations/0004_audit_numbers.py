"""Every audit row has its number now. A migration of its own: PostgreSQL alters no table that has changed rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0003_audit_chain")]

    operations = [
        migrations.AlterModelOptions("auditevent", {"ordering": ["-seq"]}),
        migrations.AlterField("auditevent", "seq", models.BigIntegerField()),
        migrations.AlterField("auditevent", "action", models.CharField(max_length=80)),
        migrations.AddIndex("auditevent", models.Index(fields=["action", "seq"], name="audit_action")),
        migrations.AddIndex("auditevent", models.Index(fields=["person", "seq"], name="audit_person")),
    ]
