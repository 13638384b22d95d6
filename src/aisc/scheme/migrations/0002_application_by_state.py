from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheme", "0001_initial")]

    operations = [
        migrations.AddIndex("application", models.Index(fields=["state", "-id"], name="application_by_state")),
    ]
