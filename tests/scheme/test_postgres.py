"""The scheme on PostgreSQL: its writes, its lists, and many hands at once."""

import pytest


@pytest.mark.long
@pytest.mark.postgres
def test_on_postgres(on_postgres):
    on_postgres("tests/scheme", "-k", "not test_rules and not every_pair and not each_reader")
