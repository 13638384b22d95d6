"""On PostgreSQL, leave room on the pages of rows that change all the time.

A new version of a row then lies beside the old one and no index needs to know (a “heap-only” update). Recording
usage changes each budget and running total it charges.
"""

from django.db import migrations


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in ("ledger_budget", "ledger_runningtotal"):
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = 40)")


class Migration(migrations.Migration):

    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunPython(leave_room, migrations.RunPython.noop, elidable=False)]
