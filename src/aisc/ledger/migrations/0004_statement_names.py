"""A statement keeps the names it was issued with; those issued before keep what is known of them: today's."""

from django.db import migrations, models


def keep_names(apps, schema_editor):
    statement_model = apps.get_model("ledger", "Statement")
    rows = statement_model.objects.select_related("budget__organisation", "budget__project").iterator(chunk_size=1000)
    for statement in rows:
        organisation, project = statement.budget.organisation, statement.budget.project
        statement.names = {
            "organisation_en": organisation.name_en,
            "organisation_zh": organisation.name_zh,
            "address": organisation.address,
            "project_en": project.name_en,
            "project_zh": project.name_zh,
        }
        statement.save(update_fields=["names"])


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_seal_audit")]

    operations = [
        migrations.AddField("statement", "names", models.JSONField(default=dict)),
        migrations.RunPython(keep_names, migrations.RunPython.noop),
    ]
