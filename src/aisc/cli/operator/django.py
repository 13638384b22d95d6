"""Bring up Django inside an operator's command, with this machine's troubles told in plain words."""

from __future__ import annotations

import getpass
import os
import sys

from aisc.cli.output import Exit, fail
from aisc.cli.tongue import spoken
from aisc.core.state import StateError, StateFolder, state_folder


def prepared_folder() -> StateFolder:
    """The state folder, made if needed; ends the command with a clear message if it cannot be used."""
    folder = state_folder()
    try:
        folder.prepare()
    except StateError as error:
        fail(str(error), Exit.SET_UP)
    return folder


def start() -> StateFolder:
    """Prepare the state folder and set Django up. Importing models is possible afterwards."""
    folder = prepared_folder()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")
    import django

    django.setup()
    from aisc.core.actions import came_by

    came_by(_this_command())
    return folder


def speak() -> None:
    """Let Django's own texts follow the terminal: for commands that tell findings and keep none of them."""
    from django.utils import translation

    translation.activate(spoken().lower())


def _this_command() -> str:
    """For the audit log: the command as typed without its values, and who is signed in on this machine."""
    words = [word for word in sys.argv[1:3] if word.replace("-", "").isalpha() and not word.startswith("-")]
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"user {os.getuid()}"
    return f"aisc {' '.join(words)} ({user})"


def pending_migrations() -> tuple[list[str], list[str]]:
    """Migrations (not yet applied, applied but unknown to this version). Raises DatabaseError."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = [f"{m.app_label}.{m.name}" for m, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    known = set(executor.loader.disk_migrations)
    labels = {label for label, _name in known}
    unknown = [
        f"{label}.{name}"
        for label, name in executor.loader.applied_migrations
        if (label, name) not in known and label in labels
    ]
    return plan, unknown
