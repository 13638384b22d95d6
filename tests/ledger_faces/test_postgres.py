"""The ledger's pages and API on PostgreSQL."""

import pytest


@pytest.mark.long
@pytest.mark.postgres
def test_on_postgres(on_postgres):
    on_postgres("tests/ledger_faces")
