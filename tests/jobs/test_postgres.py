"""Jobs on PostgreSQL: their life, their pages, and everything that can be killed."""

import pytest


@pytest.mark.postgres
def test_on_postgres(on_postgres):
    on_postgres(
        "tests/jobs",
        "--ignore=tests/jobs/engines",
        "--ignore=tests/jobs/library",
        "-k",
        "not specification and not workspaces",
    )
