"""Fixtures for every test; the state folder is made in ``tests/early.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from django.db.backends.signals import connection_created
from django.dispatch import receiver

# Imported rather than named in pytest_plugins, where "fixtures" means pytest's own module.
from fixtures import *  # noqa: F403
from postgres import on_postgres, postgres_url  # noqa: F401


@receiver(connection_created)
def _read_past_table_locks(sender, connection, **kwargs) -> None:
    """The threads of one process share SQLite's database in memory, where a reader does not wait for a writer but is
    refused at once. On a file, as users have it, and on PostgreSQL it reads what was there before."""
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA read_uncommitted = 1")


def pytest_collection_modifyitems(items) -> None:
    """Tests that take a minute or more begin first, so that none of them is what everybody waits for at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
