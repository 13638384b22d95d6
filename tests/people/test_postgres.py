"""People and centre on PostgreSQL: their writes, their pages, and many hands at once."""

import pytest


@pytest.mark.postgres
def test_on_postgres(on_postgres):
    on_postgres("tests/people", "tests/centre", "-k", "not test_text and not test_discovery")
