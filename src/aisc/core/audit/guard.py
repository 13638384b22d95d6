"""The database itself refuses to change or delete an audit row.

Made anew after every migration, since SQLite forgets a table's triggers when it is rebuilt. Who owns the database can
still take them away; then ``aisc audit prove`` finds what was done.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

TABLES = ("core_auditevent", "core_auditsubject")

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {event} ON {table}
BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION aisc_audit_never_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is never changed'; END $$
"""
_POSTGRES = """
CREATE OR REPLACE TRIGGER {table}_no_{verb} BEFORE {event} ON {table}
FOR EACH ROW EXECUTE FUNCTION aisc_audit_never_changed()
"""
_EVENTS = {"change": "UPDATE", "removal": "DELETE"}


def install(using: str = "default", **_more: Any) -> None:
    """Make the triggers that are not there; listens to ``post_migrate``."""
    connection = connections[using]
    there = set(connection.introspection.table_names())
    if not there.issuperset(TABLES):
        return  # migrated back to before the chain
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        statement = _POSTGRES if connection.vendor == "postgresql" else _SQLITE
        for table in TABLES:
            for verb, event in _EVENTS.items():
                cursor.execute(statement.format(table=table, verb=verb, event=event))


def remove(using: str = "default") -> None:
    """Take the triggers away, as an upgrade that rewrites the table must."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for table in TABLES:
            for verb in _EVENTS:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}")
