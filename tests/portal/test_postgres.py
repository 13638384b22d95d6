"""The core and the portal's pages on PostgreSQL."""

import pytest


@pytest.mark.postgres
def test_on_postgres(on_postgres):
    on_postgres("tests/core", "tests/portal/test_pages.py")
