"""A link for one person is bound to their address, not to an account: making one no longer tells whether there is one."""

from django.db import migrations, models


def addresses_of_persons(apps, schema_editor):
    """The address of whom a link was for, as their account has it now."""
    for link in apps.get_model("jobs", "FileLink").objects.exclude(person=None).select_related("person"):
        link.email = link.person.email
        link.save(update_fields=["email"])


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_file_links"),
    ]

    operations = [
        migrations.AddField(
            model_name="filelink",
            name="email",
            field=models.EmailField(blank=True, default="", max_length=254),
            preserve_default=False,
        ),
        migrations.RunPython(addresses_of_persons, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(model_name="filelink", name="person"),
    ]
