"""``aisc migrate``: bring the database to this version, after a copy of it was put aside."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from aisc.cli.operator import django as machine
from aisc.cli.output import Exit, Json, fail, say, show
from aisc.cli.tongue import gettext as _
from aisc.core.state import StateFolder


def migrate(json: Json = False) -> None:
    """Bring the database to this version. An SQLite database is copied aside before it is changed."""
    folder = machine.start()
    applied = run(folder)
    show(
        {"applied": applied},
        _("{applied} migrations applied.").format(applied=len(applied))
        if applied
        else _("The database is up to date; nothing was changed."),
    )


def run(folder: StateFolder) -> list[str]:
    """Apply what is missing and answer its names. Ends the command when the database cannot be used."""
    from django.core.management import call_command
    from django.db import DatabaseError, connection

    try:
        pending, unknown = machine.pending_migrations()
    except DatabaseError as error:
        _explain(folder, error)
    if unknown:
        fail(
            _(
                "The database was made by a newer version of AISC (it has {unknown}, which this version does not "
                "know). Install that version again, or restore a backup made with this one."
            ).format(unknown=unknown[0]),
            Exit.SET_UP,
        )
    if not pending:
        return []
    if connection.vendor == "sqlite" and folder.database.stat().st_size and connection.introspection.table_names():
        say(
            _("The database is from an older version; a copy is kept in {file}.").format(
                file=_copy_aside(folder.database)
            )
        )
    connection.close()
    call_command("migrate", interactive=False, verbosity=0)
    return pending


def _copy_aside(database: Path) -> Path:
    number = 1
    while (target := database.with_suffix(f".before-upgrade-{number}.sqlite3")).exists():
        number += 1
    part = target.with_suffix(".part")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
    shutil.move(part, target)
    return target


def _explain(folder: StateFolder, error: Exception) -> None:
    from django.db import connection

    if connection.vendor == "sqlite":
        fail(
            _(
                "{database} is not a database that can be read ({error}). If a copy or a restore was interrupted, move "
                "the file aside and run “aisc restore BACKUP”, or start again with an empty AISC_STATE folder."
            ).format(database=folder.database, error=error),
            Exit.SET_UP,
        )
    fail(
        _("The database of AISC_DATABASE_URL does not answer: {error}").format(error=error).strip()
        + "\n"
        + _("Check that the server runs, and the host, name, user and password in the address."),
        Exit.SET_UP,
    )
