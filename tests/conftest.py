"""Fixtures for every test; the state folder is made in ``tests/early.py``."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
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
    """Files of tests that take a minute or more begin first, so that nobody waits for them at the end.

    Each process is given an equal part of the list in its order, so each part begins with its share of these files.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    files: dict[Path, list[pytest.Item]] = {}
    rest = []
    for item in items:
        (files.setdefault(item.path, []) if item.get_closest_marker("long") else rest).append(item)
    length = -(-len(rest) // processes)
    shares = [list(files.values())[number::processes] for number in range(processes)]
    items[:] = [
        item
        for number, share in enumerate(shares)
        for item in [*itertools.chain(*share), *rest[number * length : (number + 1) * length]]
    ]
