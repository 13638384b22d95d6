"""The whole room again on PostgreSQL: the same tests, in a child process with another database."""

from __future__ import annotations

import pytest


@pytest.mark.long
@pytest.mark.postgres
def test_the_ledger_on_postgresql(on_postgres):
    on_postgres(
        "tests/ledger",
        "tests/ledger/threads.py",
        "tests/core/test_bulk.py",
        # These start databases of their own.
        "--ignore=tests/ledger/test_concurrency.py",
    )


@pytest.mark.postgres
def test_what_is_for_postgresql_alone(on_postgres):
    """Once more, and little of it, since counting the lines takes half as long again."""
    on_postgres("tests/ledger/test_seals.py", "tests/ledger/test_usage.py", measured="src/aisc/ledger")
