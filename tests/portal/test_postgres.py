"""The core and the portal's pages on PostgreSQL."""

import pytest


@pytest.mark.long
@pytest.mark.postgres
def test_on_postgres(on_postgres):
    on_postgres(
        "tests/core",
        "tests/core/audit_threads.py",
        "tests/portal/test_pages.py",
        "tests/portal/test_audit_pages.py",
        "tests/portal/test_search.py",
    )
